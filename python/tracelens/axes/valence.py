"""Axis U, valence: how often what people do is a no, whether things go wrong, and what comes of it."""

import math
from collections.abc import Iterator

import numpy as np

from tracelens.align import Floats, Pair
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
    log_gap,
    missing,
    one,
)

PATHS = (
    ("cart to conversion", 0),
    ("conversion to refund", 1),
    ("negative, back to the item", 2),
    ("negative, back to the category", 3),
    ("negative, back to the scenario", 4),
    ("negative, back at all", 5),
    ("positive, back at all", 6),
)
"""What follows what, and its kind in `failures`."""
BAD, GOOD = 5, 6
"""Kinds of `waits`: the next session after something negative, and after something positive."""
REACH = 7 * 24
"""Hours within which the next session is awaited."""


def negative_share(sums: Sums) -> Floats:
    """Share of negative among valenced actions, shape (B,)."""
    with np.errstate(all="ignore"):
        return one(sums["negative"]) / (one(sums["negative"]) + one(sums["positive"]))


def _log_odds(sums: Sums) -> Floats:
    return np.log(one(sums["negative"]) + 0.5) - np.log(one(sums["positive"]) + 0.5)


def _negative(pair: Pair) -> list[Estimate]:
    if not pair.has("valence"):
        return missing("no valence in the mapping")
    pair.add("negative", *(side.per_user("negative") for side in pair.sides))
    pair.add("positive", *(side.per_user("positive") for side in pair.sides))
    if not any(side.per_user("negative").any() for side in pair.sides):
        # The half that is added to every count would turn a difference of volume into one of odds.
        return missing("no negative action on either side")
    users = [int((side.per_user("negative") + side.per_user("positive") > 0).sum()) for side in pair.sides]
    return [
        Estimate(
            gap(each(_log_odds)),
            each(negative_share),
            (users[0], users[1]),
            # Where no negative is left, odds know no end.
            fallback=gap(each(negative_share)),
        )
    ]


def _net(pair: Pair) -> list[Estimate]:
    if not pair.has("valence"):
        return missing("no valence in the mapping")
    if not pair.has("exposures"):
        return missing("no exposures in the mapping")
    pair.add("net", *(side.per_user("positive") - side.per_user("negative") for side in pair.sides))
    pair.add("seen", *(side.per_user("exposures") for side in pair.sides))
    return [Estimate(difference("net", "seen"), both("net", "seen"), contributing(pair, "seen"))]


def _spread(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("valence"):
        yield Estimate(missing="no valence in the mapping")
        return
    negative = [side.per_user("negative") for side in pair.sides]
    valenced = [n + side.per_user("positive") for n, side in zip(negative, pair.sides, strict=True)]
    known = [n > 0 for n in valenced]
    name = known_mean(pair, "never negative", [(n == 0).astype(np.float64) for n in negative], known)
    over = f"{name}:n"
    yield Estimate(difference(name, over), both(name, over), contributing(pair, over))
    # Two actions of one user are both negative by the square of that user's own chance, whatever their number.
    twice = [n >= 2 for n in valenced]
    with np.errstate(all="ignore"):
        shares = [a / n for a, n in zip(negative, valenced, strict=True)]
        squares = [a * (a - 1) / (n * (n - 1)) for a, n in zip(negative, valenced, strict=True)]
    known_mean(pair, "negative:share", shares, twice)
    known_mean(pair, "negative:square", squares, twice)
    shown = each(between_variance)
    users = contributing(pair, "negative:share:n")
    yield Estimate(gap(shown), shown, users, {"statistic": "variance between users"})


def between_variance(sums: Sums) -> Floats:
    """Variance between users of the share that is negative, less what few actions alone would give, shape (B,)."""
    n = one(sums["negative:share:n"])
    with np.errstate(all="ignore"):
        share, square = one(sums["negative:share"]) / n, one(sums["negative:square"]) / n
        # The mean share is of the same users: its own variance is in its square.
        variance: Floats = (square - share * share) * n / (n - 1)
    return variance


def _failures(pair: Pair) -> Iterator[Estimate]:
    reason = _no_paths(pair)
    if reason:
        yield Estimate(missing=reason)
        return
    for path, kind in PATHS:
        name = f"path:{kind}"
        for column in ("observed", "followed"):
            counts = []
            for side in pair.sides:
                rows = side.table("failures", kind=kind)
                counts.append(side.totals(rows, rows[column]))
            pair.add(f"{name}:{column}", *counts)
        names = f"{name}:followed", f"{name}:observed"
        users = contributing(pair, names[1])
        if any(users):
            yield Estimate(difference(*names), both(*names), users, {"path": path})


def _no_paths(pair: Pair) -> str | None:
    if not pair.has("clock"):
        return "no clock"
    if not pair.has("valence"):
        return "no valence in the mapping"
    if not any(len(side.tables["failures"]["user"]) for side in pair.sides):
        return "nothing that could go wrong was watched for long enough"
    return None


def grouped_median(mass: Floats) -> Floats:
    """Median of what lies evenly within bins 0 to 1, 1 to 2, ... of these masses, shape (B,)."""
    cumulative = mass.cumsum(-1)
    half = cumulative[:, -1:] / 2
    hour = (cumulative >= half).argmax(-1)
    within, below = (np.take_along_axis(block, hour[:, None], -1) for block in (mass, cumulative - mass))
    with np.errstate(all="ignore"):
        median: Floats = hour + ((half - below) / within)[:, 0]
    return median


def _recovery(pair: Pair) -> list[Estimate]:
    reason = _no_paths(pair)
    if reason:
        return missing(reason)
    for name, kind in (("after negative", BAD), ("after positive", GOOD)):
        blocks = []
        for side in pair.sides:
            rows = side.table("waits", kind=kind)
            blocks.append(side.sparse(rows["user"], np.minimum(rows["hours"], REACH), rows["count"], REACH + 1))
        pair.add(name, *blocks)

    def ratio(sums: Sums) -> Floats:
        bad, good = (grouped_median(sums[name]) for name in ("after negative", "after positive"))
        with np.errstate(all="ignore"):
            times: Floats = bad / good
        return times

    shown = each(ratio)
    return [Estimate(log_gap(shown), shown, contributing(pair, "after negative"))]


METRICS = (
    Metric(
        id="U1",
        axis="valence",
        title="negative share of valenced actions",
        definition=(
            "Negative over all valenced actions, pooled over users; log odds ratio with 1/2 added to each "
            "count, simulated over real."
        ),
        unit="log odds ratio",
        kind="signed",
        interval="basic",
        columns=("action",),
        estimates=_negative,
        range="any real number; shares in [0, 1]",
        bias="down",
        primary=True,
        margin=math.log(1.25),
    ),
    Metric(
        id="U2",
        axis="valence",
        title="net valence per exposure",
        definition="Positive less negative actions over exposures, pooled over users; simulated less real.",
        unit="difference of (positive - negative) / exposures",
        kind="signed",
        interval="basic",
        columns=("action",),
        estimates=_net,
        range="any real number",
        bias="up; moves with eagerness as well",
    ),
    Metric(
        id="U4",
        axis="valence",
        title="users who are never negative, and how far users differ in it",
        definition=(
            "Of users with a valenced action, the share without a negative one; and of those with two, the variance "
            "between users of the chance that an action is negative: mean of k(k-1) / n(n-1) less the square of the "
            "mean of k/n; simulated less real."
        ),
        unit="difference",
        kind="signed",
        interval="percentile",
        columns=("action",),
        estimates=_spread,
        range="[-1, 1]",
        bias="never negative up, by utopia, or down, where users are alike; variance down",
    ),
    Metric(
        id="U5",
        axis="valence",
        title="what goes wrong, and whether people come back",
        definition=(
            "Share of starts that are followed by what is awaited: a cart (a positive act on an item in the "
            "conversion scenario) by its conversion within 7 days, a conversion by something negative on the item "
            "within 14, something negative by a later session with the item, the category, the scenario, or any, "
            "within 7, and something positive by any; over starts that were watched for so long, pooled over users; "
            "simulated less real."
        ),
        unit="difference of shares",
        kind="signed",
        interval="basic",
        columns=("time", "scenario", "action", "item", "category"),
        estimates=_failures,
        range="[-1, 1]",
        bias="carts are converted, nothing is refunded",
    ),
    Metric(
        id="U6",
        axis="valence",
        title="time to come back after something negative, against positive",
        definition=(
            "Median time to the next session after a negative event over that after a positive one, within 7 days, "
            "spread evenly within hours; ln of the ratio of the two sides' ratios. Everybody is held against "
            "themselves: activity cancels."
        ),
        unit="ln ratio of ratios of medians",
        kind="signed",
        interval="percentile",
        columns=("time", "action"),
        estimates=_recovery,
        range="any real number; ratios > 0",
        bias="towards a ratio of 1",
        dear=True,
    ),
)
