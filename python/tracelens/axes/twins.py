"""Axis G, paired: is the simulated user like the real one whom it stands for, as like as that one is to itself?

Of each pair of users: how one half of the real days is like the other half of the simulated ones, beside how it is like
the other half of the real ones. So the floor is the same person, at the same numbers of days.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from tracelens.align import Floats, Pair
from tracelens.axes.diversity import eligible, half_counts, half_events, top_categories
from tracelens.metric import (
    MINIMUM_USERS,
    Estimate,
    Metric,
    both,
    contributing,
    difference,
    js_divergence,
    known_mean,
    midranks,
    missing,
)

Halves = Callable[[int, int], Floats]
"""(side, half) -> what is compared of each user."""
Alike = Callable[[Floats, Floats], Floats]


def _twins(pair: Pair, name: str, what: Callable[[Pair, int], Halves], alike: Alike) -> list[Estimate]:
    if not pair.paired:
        return missing("the sides do not hold the same users")
    for unit in (0, 1) if pair.has("clock") else (2,):
        users = eligible(pair, unit)[0]
        if users.sum() >= MINIMUM_USERS:
            break
    else:
        return missing("too few users")
    halves = what(pair, unit)
    real, sim = ([halves(side, half)[users] for half in (0, 1)] for side in (0, 1))
    values = alike(real[0], real[1]), (alike(real[0], sim[1]) + alike(real[1], sim[0])) / 2
    known = np.isfinite(values[0] + values[1])
    columns, told = np.zeros((2, len(users))), np.zeros(len(users), dtype=bool)
    columns[:, users], told[users] = values, known
    block = known_mean(pair, f"twins:{name}", list(columns), [told, told])
    over = f"{block}:n"
    return [Estimate(difference(block, over), both(block, over), contributing(pair, over))]


def _counts(pair: Pair, unit: int, of: str) -> Halves:
    column = top_categories(pair, unit)
    return lambda side, half: half_counts(pair.sides[side], pair, unit, half, of, column)


def _volumes(pair: Pair, unit: int) -> Halves:
    events = [half_events(side, unit) for side in pair.sides]
    return lambda side, half: events[side][:, half]


def mix_distance(left: Floats, right: Floats) -> Floats:
    """Jensen-Shannon divergence in bits of two mixes of each user: 1 if only the right is empty, NaN if the left is."""
    distance = js_divergence(left, right)
    return np.where(np.isnan(distance) & (left.sum(-1) > 0), 1.0, distance)


def volume_distance(left: Floats, right: Floats) -> Floats:
    """|ln| of the ratio of two numbers of events, half an event added to each."""
    distance: Floats = np.abs(np.log(right + 0.5) - np.log(left + 0.5))
    return distance


def rank_products(left: Floats, right: Floats) -> Floats:
    """Products of standardised ranks: the mean over users is Spearman's correlation; 0 where all are alike."""
    scores = []
    for values in (left, right):
        ranks = midranks(values)
        scores.append((ranks - ranks.mean()) / (ranks.std() or 1.0))
    product: Floats = scores[0] * scores[1]
    return product


METRICS = (
    Metric(
        id="P1",
        axis="diversity",
        title="mix of actions of a twin, beside that of the same person",
        definition=(
            "Of each user, Jensen-Shannon divergence in bits of the mix of actions in half of the real days from "
            "that in the other half of the simulated days, 1 where one did nothing; less that from the other half of "
            "the real days; mean."
        ),
        unit="bits (Jensen-Shannon), difference",
        kind="signed",
        interval="percentile",
        columns=("time", "action"),
        estimates=partial(_twins, name="actions", what=partial(_counts, of="action"), alike=mix_distance),
        range="[-1, 1]",
        bias="up",
        reference="Lin 1991",
    ),
    Metric(
        id="P2",
        axis="diversity",
        title="mix of categories of a twin, beside that of the same person",
        definition=(
            "Of each user, Jensen-Shannon divergence in bits of the mix of categories in half of the real days from "
            "that in the other half of the simulated days, 1 where one met none; less that from the other half of "
            "the real days; mean."
        ),
        unit="bits (Jensen-Shannon), difference",
        kind="signed",
        interval="percentile",
        columns=("time", "category"),
        estimates=partial(_twins, name="categories", what=partial(_counts, of="category"), alike=mix_distance),
        range="[-1, 1]",
        bias="up",
        reference="Lin 1991",
    ),
    Metric(
        id="P3",
        axis="diversity",
        title="volume of a twin, beside that of the same person",
        definition=(
            "Of each user, |ln| of the ratio of events (+ 1/2) in half of the real days to those in the other half "
            "of the simulated days, less that to the other half of the real days; mean."
        ),
        unit="|ln ratio|, difference",
        kind="signed",
        interval="percentile",
        columns=("time", "volume"),
        estimates=partial(_twins, name="volumes", what=_volumes, alike=volume_distance),
        range="any real number",
        bias="up",
    ),
    Metric(
        id="P4",
        axis="diversity",
        title="order of users by volume, beside that of the same persons",
        definition=(
            "Spearman's correlation over users of events in half of the real days with those in the other half of "
            "the simulated days, less that with the other half of the real days."
        ),
        unit="difference of Spearman's rho",
        kind="signed",
        interval="percentile",
        columns=("time", "volume"),
        estimates=partial(_twins, name="ranks", what=_volumes, alike=rank_products),
        range="[-2, 2]; each side's own in [-1, 1]",
        bias="down",
        reference="Spearman 1904",
    ),
)
