"""Axis G, diversity: how much people differ from each other, in ways that last across halves of their days."""

import numpy as np
from numpy.typing import NDArray

from tracelens.align import Floats, Ints, Pair, Side, fixed, share
from tracelens.metric import MINIMUM_USERS, Estimate, Metric, Sums, both, difference, missing, one

MIN_EVENTS = 5
CATEGORIES = 64
UNITS = ("days", "sessions", "records")
SEEN = 3
"""Block of the halves that counts records seen."""

Mask = NDArray[np.bool_]


def _events(side: Side, unit: int) -> Floats:
    """Events in each half, shape (U, 2)."""
    rows = side.table("halves", unit=unit, block=0)
    return side.histogram(rows["user"], rows["half"], rows["count"], 2)


def eligible(pair: Pair, unit: int) -> tuple[Mask, Mask]:
    """Users with enough events in both halves: by the real counts where paired, by each side's own otherwise."""
    masks: list[Mask] = [np.all(_events(side, unit) >= MIN_EVENTS, axis=-1) for side in pair.sides]
    return (masks[0], masks[0]) if pair.paired else (masks[0], masks[1])


def _top_categories(pair: Pair, unit: int) -> Ints:
    """Category code -> column: the categories with most real users, all others in one last column."""
    width = len(pair.names["category"])
    rows = pair.real.table("halves", unit=unit, block=2)
    seen = np.unique(rows["user"] * max(width, 1) + rows["code"])
    users = np.bincount(seen % max(width, 1), minlength=width)
    column = np.full(width, min(width, CATEGORIES), dtype=np.int64)
    kept = np.sort(np.argsort(-users, kind="stable")[:CATEGORIES])
    column[kept] = np.arange(len(kept))
    return column


def _features(side: Side, pair: Pair, unit: int, half: int, column: Ints) -> Floats:
    """Square roots of the shares of scenarios, of actions and of categories in one half, shape (U, F).

    Each of the three is a composition of its own; what was seen is one of the actions, also where only the records
    tell it. What a half lacks is 0.
    """
    parts = []
    assigned = {column for one in pair.sides for column in one.meta.get("given", ())}
    for block, name in enumerate(("scenario", "action", "category")):
        if name in assigned:  # a task handed out is no taste
            continue
        rows = side.table("halves", unit=unit, half=half, block=block)
        code, width = rows["code"], len(pair.names[name])
        if name == "category":
            code, width = column[code], min(width, CATEGORIES) + 1
        counts = side.histogram(rows["user"], code, rows["count"], width)
        if name == "action":
            seen = side.table("halves", unit=unit, half=half, block=SEEN)
            counts = np.hstack([counts, side.histogram(seen["user"], seen["code"], seen["count"], 1)])
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
    column = _top_categories(pair, unit)
    blocks: dict[str, list[Floats]] = {"half:0": [], "half:1": [], "half:product": [], "half:n": []}
    for side, mask in zip(pair.sides, masks, strict=True):
        first, second = (_features(side, pair, unit, half, column) * mask[:, None] for half in (0, 1))
        blocks["half:0"].append(first)
        blocks["half:1"].append(second)
        blocks["half:product"].append(fixed(first * second).sum(-1))
        blocks["half:n"].append(mask.astype(np.float64))
    for name, (real, sim) in blocks.items():
        pair.add(name, real, sim)
    users = int(masks[0].sum()), int(masks[1].sum())
    return [
        Estimate(
            lambda real, sim: covariance(sim) - covariance(real),
            lambda real, sim: (covariance(real), covariance(sim)),
            users,
        ),
        Estimate(
            difference("half:n"),
            both("half:n"),
            (pair.real.size, pair.sim.size),
            {"statistic": "eligible share", "halves": UNITS[unit]},
        ),
    ]


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
)
