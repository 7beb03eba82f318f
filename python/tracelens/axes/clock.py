"""Axis H6, clock: at which hours of the day people act."""

from tracelens.align import Floats, Pair, Side, fixed, share
from tracelens.metric import Estimate, Metric, Sums, contributing, js_divergence, missing

CAP = 20.0
"""A user's hours weigh min(events, CAP): plain user weights leave a real half outside the margin."""


def capped_shares(counts: Floats, cap: float) -> Floats:
    """Rows of counts as shares, each row weighted by min(its sum, cap)."""
    total = counts.sum(-1, keepdims=True)
    return fixed(share(counts * total.clip(max=cap), total))


def _hours(side: Side) -> Floats:
    rows = side.table("clock")
    return capped_shares(side.histogram(rows["user"], rows["hour"], rows["count"], 24), CAP)


def _profile(pair: Pair) -> list[Estimate]:
    if not pair.has("clock"):
        return missing("no clock")
    pair.add("hours", *(_hours(side) for side in pair.sides))

    def value(real: Sums, sim: Sums) -> Floats:
        return js_divergence(real["hours"], sim["hours"])

    return [Estimate(value, None, contributing(pair, "hours"))]


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
)
