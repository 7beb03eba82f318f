"""Axis G, diversity: how much people differ from each other, in ways that last across halves of their days."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from tracelens.align import HALF_BLOCKS, Floats, Ints, Mask, Pair, Side, fixed, share
from tracelens.metric import (
    MINIMUM_USERS,
    Estimate,
    Metric,
    Sums,
    both,
    contributing,
    difference,
    each,
    gap,
    missing,
    one,
)

MIN_EVENTS = 5
CATEGORIES = 64
MOST_TRAITS = 20
"""Traits shown one by one, of scenarios, of actions and of categories each: what most real users do."""
NOTHING = 1e-9
"""Variance that is none but for rounding."""
UNITS = ("days", "sessions", "records")
SEEN = 3
"""Block of the halves that counts records seen."""


def half_events(side: Side, unit: int) -> Floats:
    """Events in each half, shape (U, 2)."""
    rows = side.table("halves", unit=unit, block=0)
    return side.histogram(rows["user"], rows["half"], rows["count"], 2)


def eligible(pair: Pair, unit: int) -> tuple[Mask, Mask]:
    """Users with enough events in both halves: by the real counts where paired, by each side's own otherwise."""
    masks: list[Mask] = [np.all(half_events(side, unit) >= MIN_EVENTS, axis=-1) for side in pair.sides]
    return pair.chosen(masks)


def top_categories(pair: Pair, unit: int) -> Ints:
    """Category code -> column: the categories with most real users, all others in one last column."""
    width = len(pair.names["category"])
    rows = pair.real.table("halves", unit=unit, block=2)
    seen = np.unique(rows["user"] * max(width, 1) + rows["code"])
    users = np.bincount(seen % max(width, 1), minlength=width)
    column = np.full(width, min(width, CATEGORIES), dtype=np.int64)
    kept = np.sort(np.argsort(-users, kind="stable")[:CATEGORIES])
    column[kept] = np.arange(len(kept))
    return column


def _labels(pair: Pair, column: Ints) -> list[tuple[str, str]]:
    """Of each feature the column of events that it is made of, and what of it."""
    given = {column for one in pair.sides for column in one.meta.get("given", ())}
    names = {
        "scenario": pair.names["scenario"],
        "action": [*pair.names["action"], "records seen"],
        "category": [*(pair.names["category"][code] for code in np.flatnonzero(column < CATEGORIES)), "all others"],
    }
    return [(block, name) for block, listed in names.items() if block not in given for name in listed]


def half_counts(side: Side, pair: Pair, unit: int, half: int, name: str, column: Ints) -> Floats:
    """Count the events in one half by scenario, by action or by category, shape (U, width).

    What was seen is one of the actions, also where only the records tell it; `column` is that of each category.
    """
    rows = side.table("halves", unit=unit, half=half, block=HALF_BLOCKS.index(name))
    code, width = rows["code"], len(pair.names[name])
    if name == "category":
        code, width = column[code], min(width, CATEGORIES) + 1
    counts = side.histogram(rows["user"], code, rows["count"], width)
    if name == "action":
        seen = side.table("halves", unit=unit, half=half, block=SEEN)
        counts = np.hstack([counts, side.totals(seen, seen["count"])[:, None]])
    return counts


def _features(side: Side, pair: Pair, unit: int, half: int, column: Ints) -> Floats:
    """Square roots of the shares of scenarios, of actions and of categories in one half, shape (U, F).

    Each of the three is a composition of its own. What a half lacks is 0.
    """
    parts = []
    assigned = {column for one in pair.sides for column in one.meta.get("given", ())}
    for name in HALF_BLOCKS:
        if name in assigned:  # a task handed out is no taste
            continue
        counts = half_counts(side, pair, unit, half, name, column)
        parts.append(np.sqrt(share(counts, counts.sum(-1, keepdims=True))))
    return fixed(np.hstack(parts))


def covariance(sums: Sums) -> Floats:
    """Split-half covariance summed over features, shape (B,): between-person variance nearly free of sampling noise."""
    with np.errstate(all="ignore"):
        n = one(sums["half:n"])
        cross = (sums["half:0"] * sums["half:1"]).sum(-1)
        total: Floats = (one(sums["half:product"]) - cross / n) / (n - 1)
    return total


def _variance(pair: Pair) -> list[Estimate]:
    units = (0, 1) if pair.has("clock") else (2,)
    unit = next((u for u in units if min(int(mask.sum()) for mask in eligible(pair, u)) >= MINIMUM_USERS), None)
    if unit is None:
        counts = min((min(int(m.sum()) for m in eligible(pair, u)) for u in units), default=0)
        return missing("too few users" if counts or any(side.size for side in pair.sides) else "no events")
    masks = eligible(pair, unit)
    column = top_categories(pair, unit)
    blocks: dict[str, list[Floats]] = {"half:0": [], "half:1": [], "half:product": [], "half:n": []}
    for side, mask in zip(pair.sides, masks, strict=True):
        first, second = (_features(side, pair, unit, half, column) * mask[:, None] for half in (0, 1))
        blocks["half:0"].append(first)
        blocks["half:1"].append(second)
        blocks["half:product"].append(fixed(first * second).sum(-1))
        blocks["half:n"].append(mask.astype(np.float64))
    for name, (real, sim) in blocks.items():
        pair.add(name, real, sim)
    pair.memo["half:labels"] = _labels(pair, column)
    users = int(masks[0].sum()), int(masks[1].sum())
    return [
        Estimate(
            gap(each(covariance)),
            each(covariance),
            users,
        ),
        Estimate(
            difference("half:n"),
            both("half:n"),
            (pair.real.size, pair.sim.size),
            {"statistic": "eligible share", "halves": UNITS[unit]},
        ),
    ]


def icc(sums: Sums, kept: slice = slice(None)) -> Floats:
    """ICC(1) of two halves, each feature by itself, shape (B, F) (Shrout & Fleiss 1979); NaN where nobody differs."""
    n = sums["half:n"]
    both, squares, products = (sums[name][:, kept] for name in ("half:sum", "half:squares", "half:products"))
    with np.errstate(all="ignore"):
        between = (squares / 2 + products - both * both / (2 * n)) / (n - 1)
        within = (squares / 2 - products) / n
        ratio: Floats = (between - within) / (between + within)
    return np.where(between + within > NOTHING, ratio, np.nan)


def _median_icc(sums: Sums) -> Floats:
    """Median over the features in which somebody differs."""
    found = np.sort(icc(sums), axis=-1)  # what is not a number stands last
    known = np.isfinite(found).sum(-1)
    middle = (np.maximum(known - 1, 0) // 2, known // 2)
    lower, upper = (np.take_along_axis(found, k[:, None], -1)[:, 0] for k in middle)
    return np.where(known > 0, (lower + upper) / 2, np.nan)


def _one_icc(sums: Sums, feature: int) -> Floats:
    return one(icc(sums, slice(feature, feature + 1)))


def _traits(pair: Pair) -> Iterator[Estimate]:
    if "half:0" not in pair.blocks:
        yield from missing("too few users")
        return
    halves = [(pair.blocks["half:0"][i], pair.blocks["half:1"][i]) for i in (0, 1)]
    pair.add("half:sum", *(a + b for a, b in halves))
    pair.add("half:squares", *(fixed(a * a) + fixed(b * b) for a, b in halves))
    pair.add("half:products", *(fixed(a * b) for a, b in halves))
    users = contributing(pair, "half:n")
    yield Estimate(gap(each(_median_icc)), each(_median_icc), users)
    used = (halves[0][0] + halves[0][1] > 0).sum(0)
    labels = pair.memo["half:labels"]
    for block in dict.fromkeys(block for block, _ in labels):
        mine = [f for f in range(len(labels)) if labels[f][0] == block and used[f] >= MINIMUM_USERS]
        for feature in sorted(sorted(mine, key=lambda f: -used[f])[:MOST_TRAITS]):
            shown = each(partial(_one_icc, feature=feature))
            scope = {"trait": labels[feature][1], "of": block}
            yield Estimate(gap(shown), shown, users, scope, columns=("time", block))


METRICS = (
    Metric(
        id="G1",
        axis="diversity",
        title="between-person variance retained",
        definition=(
            "Each user's days alternate into two halves; features are square roots of the shares of scenarios, "
            "of actions and of categories. V is the covariance of the two halves over users, summed over "
            "features, so that sampling noise cancels; V simulated less V real."
        ),
        unit="split-half covariance, difference",
        kind="signed",
        interval="percentile",
        columns=("time", "scenario", "action", "category"),
        estimates=_variance,
        range="V_sim / V_real: 0 = everybody identical, 1 = as different as real people",
        bias="down",
        primary=True,
        margin=0.1,
        relative=True,
        reference="Searle 1992; split-half reliability",
    ),
    Metric(
        id="G4",
        axis="diversity",
        title="how much of a trait is the person's own",
        definition=(
            "Features of two halves of each user's days (as G1): (MSB - MSW) / (MSB + MSW) of each feature, and the "
            "median of those in which somebody differs; simulated less real."
        ),
        unit="difference of ICC(1)",
        kind="signed",
        interval="percentile",
        columns=("time", "scenario", "action", "category"),
        estimates=_traits,
        range="[-2, 2]; each side's own in [-1, 1]",
        bias="down",
        reference="Shrout & Fleiss 1979",
    ),
)
