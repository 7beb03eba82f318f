"""Axis L, the long tail: how many different things a population touches, and which it never does."""

import math
from collections.abc import Iterator

import numpy as np

from tracelens.align import Block, Floats, Pair, fixed
from tracelens.metric import Estimate, Metric, Sums, contributing, missing

CAP = 50.0
"""A user's items weigh min(1, CAP / distinct items)."""
SINGLE = 0.9
"""Richness says nothing where more than this share of incidences lies on items of a single user."""
SPARSE = 0.6
"""Above this share a fifth of the items' mass can be lost within the margin: then richness rules out nothing."""


def counts(pair: Pair) -> str:
    """Register events by user and item."""
    if "items" not in pair.blocks:
        blocks = []
        for side in pair.sides:
            rows = side.table("items")
            blocks.append(side.sparse(rows["user"], rows["item"], rows["count"], len(pair.names["item"])))
        pair.add("items", *blocks)
    return "items"


def incidence(counts: Block) -> Block:
    """User-item incidences, each user's weighted by min(1, CAP / distinct items)."""
    weights = counts.copy()
    distinct = np.diff(weights.indptr)
    weight = fixed(np.minimum(1.0, CAP / np.maximum(distinct, 1)))
    weights.data = np.repeat(weight, distinct)
    return weights


def _richness(mass: Floats, total: Floats, m: Floats) -> Floats:
    """Expected number of distinct items among m incidences drawn in proportion to mass, shape (B,)."""
    log_miss = np.log1p(-np.minimum(m / total, 1 - 1e-6))
    expected: Floats = -np.expm1(mass * log_miss).sum(-1)
    return expected


def _both_richness(real: Sums, sim: Sums) -> tuple[Floats, Floats]:
    left, right = real["incidence"], sim["incidence"]
    totals = left.sum(-1, keepdims=True), right.sum(-1, keepdims=True)
    m = np.minimum(*totals) / 2
    with np.errstate(all="ignore"):
        return _richness(left, totals[0], m), _richness(right, totals[1], m)


def _rarefied(pair: Pair) -> list[Estimate]:
    if not pair.has("items"):
        return missing("no items")
    real = pair.blocks[counts(pair)][0]
    users_per_item = np.bincount(real.indices, minlength=real.shape[1])
    if not real.nnz:
        return missing("no items")
    single = users_per_item[users_per_item == 1].sum() / real.nnz
    if single > SINGLE:
        return missing("nearly every item belongs to a single user")
    pair.add("incidence", *(incidence(block) for block in pair.blocks["items"]))

    def value(real: Sums, sim: Sums) -> Floats:
        left, right = _both_richness(real, sim)
        with np.errstate(all="ignore"):
            ratio: Floats = np.log(right) - np.log(left)
        return ratio

    return [Estimate(value, _both_richness, contributing(pair, "items"), blunt=bool(single > SPARSE))]


def hill_number(mass: Floats, q: int) -> Floats:
    """Effective number of items of order q, shape (B,) (Hill 1973)."""
    total = mass.sum(-1)
    number: Floats
    with np.errstate(all="ignore"):
        if q == 0:
            number = (mass > 0).sum(-1).astype(np.float64)
        elif q == 1:
            number = np.exp(np.log(total) - (mass * np.log(np.where(mass > 0, mass, 1.0))).sum(-1) / total)
        else:
            number = total**2 / (mass * mass).sum(-1)
    return number


def _hill(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("items"):
        yield Estimate(missing="no items")
        return
    name = counts(pair)
    for q in (0, 1, 2):

        def shown(real: Sums, sim: Sums, q: int = q) -> tuple[Floats, Floats]:
            return hill_number(real[name], q), hill_number(sim[name], q)

        def value(real: Sums, sim: Sums, q: int = q) -> Floats:
            with np.errstate(all="ignore"):
                ratio: Floats = np.log(hill_number(sim[name], q)) - np.log(hill_number(real[name], q))
            return ratio

        yield Estimate(value, shown, contributing(pair, name), {"q": str(q)})


def _mass_outside(inside: Floats, other: Floats) -> Floats:
    """Share of a mass on items that the other lacks, shape (B,)."""
    with np.errstate(all="ignore"):
        outside: Floats = np.where(other > 0, 0.0, inside).sum(-1) / inside.sum(-1)
    return outside


def _missed(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("items"):
        yield Estimate(missing="no items")
        return
    name = counts(pair)
    users = contributing(pair, name)
    yield Estimate(lambda real, sim: _mass_outside(real[name], sim[name]), None, users, {"statistic": "missed"})
    yield Estimate(lambda real, sim: _mass_outside(sim[name], real[name]), None, users, {"statistic": "hallucinated"})


METRICS = (
    Metric(
        id="L2",
        axis="tail",
        title="rarefied richness",
        unit="ln ratio",
        kind="signed",
        interval="half-sample",
        columns=("item",),
        estimates=_rarefied,
        range="any real number",
        bias="down",
        primary=True,
        margin=math.log(1.1),
        equal_users=True,
        reference="Hurlbert 1971; Chao et al. 2014",
    ),
    Metric(
        id="L3",
        axis="tail",
        title="Hill numbers of items",
        unit="ln ratio",
        kind="signed",
        interval="half-sample",
        columns=("item",),
        estimates=_hill,
        range="numbers >= 1",
        bias="down",
        equal_users=True,
        reference="Hill 1973; Jost 2006",
    ),
    Metric(
        id="L4",
        axis="tail",
        title="missed and hallucinated mass",
        unit="share of mass, excess",
        kind="distance",
        interval="percentile",
        columns=("item",),
        estimates=_missed,
        range="[0, 1] before the floor is subtracted",
        bias="up",
    ),
)
