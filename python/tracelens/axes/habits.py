"""Axis H, how people do what they do: what they never do, in how long sittings, and whether they choose."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from tracelens.align import Block, Floats, Pair, Side
from tracelens.metric import (
    Estimate,
    Metric,
    Sums,
    both,
    contributing,
    difference,
    each,
    gap,
    known_mean,
    log_ratio,
    one,
)

GAP = 30
"""Minutes of pause that end a session; 10 and 60 stand beside it."""
GAPS = (30, 10, 60)
RECORD = 0
"""In place of a gap, without a clock: a session is a record."""
SECOND = 1_000_000
LEAST_EXPOSURES = 50
"""Exposures of known category below which nothing is said of a user's selectivity."""


def gamma_poisson_zeros(n: Floats, total: Floats, squares: Floats) -> Floats:
    """Share of zeros expected of counts with this mean and variance, shape (B,).

    A gamma-Poisson mixture of mean m and variance v, by moments: (m / v)^(m^2 / (v - m)); Poisson where v <= m.
    """
    with np.errstate(all="ignore"):
        m = total / n
        v = (squares - total * m) / (n - 1)
        share: Floats = np.where(v > m, np.exp(m * m / (v - m) * np.log(m / v)), np.exp(-m))
    return np.where(total > 0, share, 1.0)


def _zeros(pair: Pair) -> Iterator[Estimate]:
    actions = pair.names["action"]
    if not actions:
        yield Estimate(missing="no actions")
        return
    counts = []
    for side in pair.sides:
        rows = side.tables["behaviours"]
        counts.append(side.sparse(rows["user"], rows["action"], rows["count"], len(actions)))
    pair.add("done", *counts)
    pair.add("done:squares", *(block.multiply(block).tocsr() for block in counts))
    pair.add("done:any", *((block > 0).astype(np.float64) for block in counts))
    sizes = (pair.real.size, pair.sim.size)
    yield Estimate(gap(each(_never)), each(_never), sizes)
    for code, action in enumerate(actions):
        for scope, own in (({}, _never_one), ({"statistic": "beyond gamma-Poisson"}, _beyond)):
            shown = each(partial(own, code=code))
            yield Estimate(gap(shown), shown, sizes, {"action": action, **scope})


def _never(sums: Sums) -> Floats:
    """Share of (user, action) that never came to be."""
    share: Floats = 1 - sums["done:any"].mean(-1) / one(sums["users"])
    return share


def _never_one(sums: Sums, code: int) -> Floats:
    share: Floats = 1 - sums["done:any"][:, code] / one(sums["users"])
    return share


def _beyond(sums: Sums, code: int) -> Floats:
    expected = gamma_poisson_zeros(one(sums["users"]), sums["done"][:, code], sums["done:squares"][:, code])
    return _never_one(sums, code) - expected


def _sittings(pair: Pair) -> Iterator[Estimate]:
    clock = pair.has("clock")
    for minutes in GAPS if clock else (RECORD,):
        name = f"sessions:{minutes}"
        columns: dict[str, list[Floats]] = {"sessions": [], "events": [], "duration": []}
        for side in pair.sides:
            rows = side.table("sessions", gap=minutes)
            for column, blocks in columns.items():
                # Whole seconds: microseconds of many users would no longer add up exactly.
                values = rows[column] // SECOND if column == "duration" else rows[column]
                blocks.append(side.totals(rows, values))
        for column, (real, sim) in columns.items():
            pair.add(f"{name}:{column}", real, sim)
        users = contributing(pair, f"{name}:sessions")
        over = f"{name}:sessions"
        scope = {} if minutes in (GAP, RECORD) else {"gap": str(minutes)}
        yield _ratio(f"{name}:events", over, users, scope)
        if clock:
            yield _ratio(f"{name}:duration", over, users, {**scope, "statistic": "duration"})
        yield _ratio(over, "users", users, {**scope, "statistic": "sessions per user"})


def _ratio(name: str, over: str, users: tuple[int, int], scope: dict[str, str]) -> Estimate:
    return Estimate(log_ratio(name, over), both(name, over), users, scope, difference(name, over))


def selectivity(side: Side, categories: int) -> tuple[Floats, Floats]:
    """Share of the uncertainty about acting that the category takes away, and exposures of known category, (U,) each.

    I(category; acted) / H(acted) over what was shown, each entropy with the correction of Miller and Madow, which
    leaves it below 0 as often as above where nothing depends. Where all or nothing was acted upon it is 0: no choice.
    """
    rows = side.tables["selectivity"]
    known = rows["category"] >= 0
    user, code = rows["user"][known], rows["category"][known] * 2 + rows["acted"][known]
    cells = side.sparse(user, code, rows["count"][known], 2 * categories)
    by_category = side.sparse(user, code // 2, rows["count"][known], categories)
    acted = side.sparse(user, code % 2, rows["count"][known], 2)
    joint, shown, done = (entropy(block) for block in (cells, by_category, acted))
    with np.errstate(all="ignore"):
        part = (shown + done - joint) / done
    chosen = np.diff(acted.indptr) == 2
    return np.where(chosen, np.clip(part, -1.0, 1.0), 0.0), np.asarray(acted.sum(axis=1)).ravel()


def entropy(counts: Block) -> Floats:
    """Entropy in bits of rows of a csr matrix of counts, (m - 1) / 2N nats added for m outcomes seen (Miller 1955)."""
    n = np.asarray(counts.sum(axis=1)).ravel()
    row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    p = counts.data / n[row]
    plain = np.bincount(row, -p * np.log2(p), counts.shape[0])
    with np.errstate(all="ignore"):
        bias = (np.diff(counts.indptr) - 1) / (2 * math.log(2) * n)
    return np.where(n > 0, plain + bias, 0.0)


def _choice(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("exposures"):
        yield Estimate(missing="no exposures in the mapping")
        return
    if not pair.has("categories"):
        yield Estimate(missing="no categories")
        return
    values, seen = zip(*(selectivity(side, len(pair.names["category"])) for side in pair.sides), strict=True)
    known = pair.chosen([n >= LEAST_EXPOSURES for n in seen])
    name = known_mean(pair, "selectivity", values, known)
    over = f"{name}:n"
    users = contributing(pair, over)
    if not all(users):
        yield Estimate(missing="too few exposures")
        return
    yield Estimate(difference(name, over), both(name, over), users)
    sizes = (pair.real.size, pair.sim.size)
    yield Estimate(difference(over), both(over), sizes, {"statistic": "eligible share"})


METRICS = (
    Metric(
        id="H4",
        axis="activity",
        title="what people never do",
        definition=(
            "Share of users who never do an action in the window, averaged over actions, and by action; by action "
            "also less the share expected of a gamma-Poisson mixture with the same mean and variance; simulated less "
            "real."
        ),
        unit="difference of shares of users",
        kind="signed",
        interval="percentile",
        columns=("action", "volume"),
        estimates=_zeros,
        range="[-1, 1]",
        bias="down: everyone does everything",
        margin=0.05,
        reference="Lambert 1992",
    ),
    Metric(
        id="H7",
        axis="activity",
        title="sessions: events in one, duration, number",
        definition=(
            "A pause of more than 30 minutes (10, 60) ends a session; without a clock a session is a record. Mean "
            "events of a session, mean seconds from its first to its last event, and mean sessions of a user; ln of "
            "the ratio, simulated over real."
        ),
        unit="ln ratio",
        kind="signed",
        interval="basic",
        columns=("time", "volume"),
        estimates=_sittings,
        range="any real number",
        bias="up",
        margin=math.log(1.1),
        reference="Catledge & Pitkow 1995",
    ),
    Metric(
        id="H8",
        axis="activity",
        title="selectivity: how far the category tells what is acted upon",
        definition=(
            "Of each user with 50 exposures of known category, I(category; acted upon) / H(acted upon), entropies "
            "with the correction of Miller and Madow, 0 where all or nothing was acted upon; mean, simulated less "
            "real. Where paired, users are chosen by their real exposures."
        ),
        unit="difference of shares of entropy",
        kind="signed",
        interval="percentile",
        columns=("action", "category"),
        estimates=_choice,
        range="[-2, 2]; each side's own in [-1, 1]",
        bias="down: likes everything shown",
        reference="Miller 1955",
    ),
)
