"""Axis G, diversity in time: how a person's interests move, and how long they last."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from tracelens.align import Floats, Pair, Side
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
    one,
)
from tracelens.statistics import FIXED

LAGS = (1, 3, 7, 14)
"""Days."""


def third_distances(side: Side, categories: int) -> Floats:
    """Of each user: distance of the first third of the days from the last, less that of odd from even days.

    Jensen-Shannon divergences of the mixes of categories, in bits, of the same events split in two ways: what is left
    is neither few events nor breadth, but change. NaN for whom one of the four is empty.
    """
    rows = side.tables["thirds"]
    ends = rows["third"] != 1

    def mix(column: str, value: int) -> Floats:
        mine = ends & (rows[column] == value)
        return side.histogram(rows["user"][mine], rows["category"][mine], rows["count"][mine], categories)

    return js_divergence(mix("third", 0), mix("third", 2)) - js_divergence(mix("half", 0), mix("half", 1))


def _no_days(pair: Pair) -> str | None:
    if not pair.has("clock"):
        return "no clock"
    return None if pair.has("categories") else "no categories"


def _drift(pair: Pair) -> Iterator[Estimate]:
    if reason := _no_days(pair):
        yield Estimate(missing=reason)
        return
    distances = [third_distances(side, len(pair.names["category"])) for side in pair.sides]
    name = known_mean(pair, "drift", distances, [np.isfinite(d) for d in distances])
    over = f"{name}:n"
    yield Estimate(difference(name, over), both(name, over), contributing(pair, over))
    for column in ("pairs", "distance_fixed"):
        sums = []
        for side in pair.sides:
            rows = side.tables["drift"]
            weight = rows[column] / FIXED if column == "distance_fixed" else rows[column]
            sums.append(side.totals(rows, weight))
        pair.add(f"daily:{column}", *sums)
    names = "daily:distance_fixed", "daily:pairs"
    scope = {"statistic": "from one active day to the next"}
    yield Estimate(difference(*names), both(*names), contributing(pair, "daily:pairs"), scope)


def _persistence(pair: Pair) -> Iterator[Estimate]:
    if reason := _no_days(pair):
        yield Estimate(missing=reason)
        return
    for lag in (0, *LAGS):
        for column in ("pairs", "product_fixed"):
            sums = []
            for side in pair.sides:
                rows = side.table("persistence", lag=lag)
                weight = rows[column] / FIXED if column == "product_fixed" else rows[column]
                sums.append(side.totals(rows, weight))
            pair.add(f"lag:{lag}:{column}", *sums)
        if lag:
            shown = each(partial(autocorrelation, lag=lag))
            yield Estimate(gap(shown), shown, contributing(pair, f"lag:{lag}:pairs"), {"days": str(lag)})


def autocorrelation(sums: Sums, lag: int) -> Floats:
    """Mean product of deviations at a lag over that at lag 0, shape (B,); over the pairs of days that are there."""
    with np.errstate(all="ignore"):
        then, now = (one(sums[f"lag:{k}:product_fixed"]) / one(sums[f"lag:{k}:pairs"]) for k in (lag, 0))
        correlation: Floats = then / now
    return correlation


METRICS = (
    Metric(
        id="D1",
        axis="diversity",
        title="drift of interests",
        definition=(
            "Of each user the Jensen-Shannon divergence in bits of the mix of categories in the first third of "
            "active days from the last third, less that of odd from even days of the two; mean, simulated less real. "
            "And the mean of 1 - Jaccard of the categories of successive active days."
        ),
        unit="difference",
        kind="signed",
        interval="percentile",
        columns=("time", "category"),
        estimates=_drift,
        range="[-2, 2] bits; from day to day [-1, 1] (1 - Jaccard)",
        bias="down: nobody changes",
        reference="Jaccard 1912; Lin 1991",
    ),
    Metric(
        id="D2",
        axis="diversity",
        title="persistence of interests over days",
        definition=(
            "Mean product of the deviations of two days' shares of categories from the person's own mean shares, "
            "over pairs of active days 1, 3, 7 and 14 days apart, over that of a day with itself; simulated less "
            "real."
        ),
        unit="difference of autocorrelations",
        kind="signed",
        interval="basic",
        columns=("time", "category"),
        estimates=_persistence,
        range="[-2, 2]; each side's own in [-1, 1]",
        bias="either way",
        reference="Parzen 1963",
    ),
)
