"""Axis H6, clock: at which hours of the day and of the week people act, and in what rhythm."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tracelens.align import Floats, Pair, fixed, share
from tracelens.metric import (
    Estimate,
    Metric,
    Sums,
    both,
    contributing,
    difference,
    each,
    gap,
    js_divergence,
    known_mean,
    missing,
)
from tracelens.statistics import FIXED

CAP = 20.0
"""A user's hours weigh min(events, CAP): plain user weights leave a real half outside the margin."""

HOURS = 24
MORNING = 6
"""The hour at which the night ends."""
LEAST_GAPS = 10
"""Gaps below which nothing is said of a user's tempo; where paired, by the real ones."""
FORMS = (
    ("burstiness", "finite_fixed", "bursty"),
    ("plain burstiness", "plain_fixed", "bursty"),
    ("memory", "memory_fixed", "remembers"),
)
"""What is said of gaps, the column of `tempo` that holds it, and the one that tells whether it is known."""


def capped_shares(counts: Floats, cap: float) -> Floats:
    """Rows of counts as shares, each row weighted by min(its sum, cap)."""
    total = counts.sum(-1, keepdims=True)
    return fixed(share(counts * total.clip(max=cap), total))


def _hours(pair: Pair) -> str:
    """Register how much each user does at each hour, capped."""
    if "hours" not in pair.blocks:
        blocks = []
        for side in pair.sides:
            rows = side.table("clock")
            blocks.append(capped_shares(side.histogram(rows["user"], rows["hour"], rows["count"], HOURS), CAP))
        pair.add("hours", *blocks)
    return "hours"


def _profile(pair: Pair) -> list[Estimate]:
    if not pair.has("clock"):
        return missing("no clock")
    week = []
    for side in pair.sides:
        rows = side.table("week")
        code = rows["weekday"] * HOURS + rows["hour"]
        week.append(capped_shares(side.histogram(rows["user"], code, rows["count"], 7 * HOURS), CAP))
    users = contributing(pair, _hours(pair))
    pair.add("week", *week)

    def value(real: Sums, sim: Sums) -> Floats:
        return js_divergence(real["hours"], sim["hours"])

    def by_week(real: Sums, sim: Sums) -> Floats:
        return js_divergence(real["week"], sim["week"])

    return [Estimate(value, None, users), Estimate(by_week, None, users, {"profile": "weekday and hour"})]


def _night(pair: Pair) -> list[Estimate]:
    if not pair.has("clock"):
        return missing("no clock")
    hours = pair.blocks[_hours(pair)]
    names = (
        pair.add("hours:night", *(block[:, :MORNING].sum(-1) for block in hours)),
        pair.add("hours:all", *(block.sum(-1) for block in hours)),
    )
    return [Estimate(difference(*names), both(*names), contributing(pair, "hours:all"))]


def harmonic(profile: Floats) -> NDArray[np.complex128]:
    """First Fourier coefficient of rows of masses by hour, shape (B,): long if the day is uneven, turned to its peak.

    The length is in [0, 1], 0 for a flat day and 1 for a single hour.
    """
    turned = np.exp(2j * np.pi * np.arange(profile.shape[-1]) / profile.shape[-1])
    with np.errstate(all="ignore"):
        coefficient: NDArray[np.complex128] = (profile @ turned) / profile.sum(-1)
    return coefficient


def _amplitude(pair: Pair) -> list[Estimate]:
    if not pair.has("clock"):
        return missing("no clock")
    shown = each(lambda sums: np.abs(harmonic(sums["hours"])))
    return [Estimate(gap(shown), shown, contributing(pair, _hours(pair)))]


def _phase(pair: Pair) -> list[Estimate]:
    if not pair.has("clock"):
        return missing("no clock")

    def later(real: Sums, sim: Sums) -> Floats:
        turn = harmonic(sim["hours"]) * np.conj(harmonic(real["hours"]))
        hours: Floats = np.angle(turn) * HOURS / (2 * np.pi)
        return np.where(np.abs(turn) > 0, hours, np.nan)

    shown = each(lambda sums: np.angle(harmonic(sums["hours"])) * HOURS / (2 * np.pi) % HOURS)
    return [Estimate(later, shown, contributing(pair, _hours(pair)))]


def _tempo(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("clock"):
        yield Estimate(missing="no clock")
        return
    for unit, of in enumerate(("events", "session starts")):
        tables = [side.table("tempo", unit=unit) for side in pair.sides]
        dense = [
            {
                column: side.totals(rows, rows[column])
                for column in ("gaps", *(name for form in FORMS for name in form[1:]))
            }
            for side, rows in zip(pair.sides, tables, strict=True)
        ]
        enough = pair.chosen([rows["gaps"] >= LEAST_GAPS for rows in dense])
        for statistic, column, told in FORMS:
            known = [mask & (rows[told] > 0) for mask, rows in zip(enough, dense, strict=True)]
            name = known_mean(pair, f"tempo:{of}:{column}", [rows[column] / FIXED for rows in dense], known)
            over = f"{name}:n"
            scope = {} if (unit, statistic) == (0, FORMS[0][0]) else {"of": of, "statistic": statistic}
            yield Estimate(difference(name, over), both(name, over), contributing(pair, over), scope)


METRICS = (
    Metric(
        id="H6",
        axis="clock",
        title="circadian profile",
        definition=(
            "Mean of the users' 24 hour histograms in local time, each weighted by min(events, 20); Jensen- "
            "Shannon divergence between the sides in bits, less what halves of real people have."
        ),
        unit="bits (Jensen-Shannon, excess)",
        kind="distance",
        interval="percentile",
        columns=("time",),
        estimates=_profile,
        range="[0, 1] before the floor is subtracted",
        bias="flat or office hours",
        primary=True,
        margin=0.01,
        reference="Lin 1991",
    ),
    Metric(
        id="H6n",
        axis="clock",
        title="night share, 0 to 6 h",
        definition=(
            "Share from 0 to 6 h of the mean of the users' 24 hour histograms, each weighted by min(events, 20); "
            "simulated less real."
        ),
        unit="difference of shares",
        kind="signed",
        interval="basic",
        columns=("time",),
        estimates=_night,
        range="[-1, 1]",
        bias="down",
    ),
    Metric(
        id="H6a",
        axis="clock",
        title="amplitude of the first daily harmonic",
        definition=(
            "Length of the first Fourier coefficient of the mean 24 hour histogram (as H6): 0 for a flat day, 1 for "
            "a single hour; simulated less real."
        ),
        unit="difference",
        kind="signed",
        interval="percentile",
        columns=("time",),
        estimates=_amplitude,
        range="[-1, 1]; each side's own in [0, 1], 0 is a flat day",
        bias="down",
    ),
    Metric(
        id="H6p",
        axis="clock",
        title="phase of the first daily harmonic",
        definition=(
            "Hour to which the first Fourier coefficient of the mean 24 hour histogram (as H6) points; by how much "
            "the simulated one is later, within half a day."
        ),
        unit="hours later",
        kind="signed",
        interval="percentile",
        columns=("time",),
        estimates=_phase,
        range="-12 to 12 hours",
        bias="towards office hours",
    ),
    Metric(
        id="H5",
        axis="clock",
        title="burstiness and memory of gaps",
        definition=(
            "Of each user with 10 gaps, r = sd / mean of the gaps: burstiness (sqrt(n+1) r - sqrt(n-1)) / "
            "((sqrt(n+1) - 2) r + sqrt(n-1)), plain (r-1)/(r+1), and memory, the correlation of ln gap with the ln "
            "of the next; gaps between events and between starts of sessions; mean, simulated less real. Where "
            "paired, users are chosen by their real gaps."
        ),
        unit="difference",
        kind="signed",
        interval="percentile",
        columns=("time",),
        estimates=_tempo,
        range="[-2, 2]; each side's own in [-1, 1], -1 is a metronome, 0 is chance",
        bias="down: too regular",
        margin=0.05,
        reference="Goh & Barabasi 2008; Kim & Jo 2016",
    ),
)
