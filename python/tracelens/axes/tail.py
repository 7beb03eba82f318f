"""Axis L, the long tail: how many different things a population touches, and which it never does."""

import math
from collections.abc import Iterator

import numpy as np

from tracelens.abundance import moments, richness
from tracelens.align import Block, Floats, Pair, fixed
from tracelens.metric import Estimate, Metric, Sums, contributing, log_gap, missing

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

    def shown(real: Sums, sim: Sums) -> tuple[Floats, Floats]:
        return richness(real, sim, "incidence")

    return [Estimate(log_gap(shown), shown, contributing(pair, "items"), blunt=bool(single > SPARSE))]


def _hill(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("items"):
        yield Estimate(missing="no items")
        return
    name = counts(pair)
    for q in (0, 1, 2):

        def shown(real: Sums, sim: Sums, q: int = q) -> tuple[Floats, Floats]:
            both = moments(real, sim, name)
            return both.hill(0, q), both.hill(1, q)

        yield Estimate(log_gap(shown), shown, contributing(pair, name), {"q": str(q)})


def _mass_alone(real: Sums, sim: Sums, name: str, group: int) -> Floats:
    """Share of a group's mass on items that the other lacks, shape (B,)."""
    both = moments(real, sim, name)
    with np.errstate(all="ignore"):
        share: Floats = both.alone[group] / both.total[group]
    return share


def _missed(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("items"):
        yield Estimate(missing="no items")
        return
    name = counts(pair)
    users = contributing(pair, name)
    yield Estimate(lambda real, sim: _mass_alone(real, sim, name, 0), None, users, {"statistic": "missed"})
    yield Estimate(lambda real, sim: _mass_alone(real, sim, name, 1), None, users, {"statistic": "hallucinated"})


METRICS = (
    Metric(
        id="L2",
        axis="tail",
        title="rarefied richness",
        definition=(
            "User-item incidences, each weighted by min(1, 50 / distinct items of the user); expected number of "
            "distinct items among m incidences, m half of the smaller side's; ln of the ratio, simulated over "
            "real, between equally many users."
        ),
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
        definition=(
            "Effective number of items of order q = 0, 1, 2 by events; ln of the ratio, simulated over real, "
            "between equally many users."
        ),
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
        definition=(
            "Share of one side's events on items that the other side never touches: missed (real mass) and "
            "hallucinated (simulated mass), less what halves of real people have."
        ),
        unit="share of mass, excess",
        kind="distance",
        interval="percentile",
        columns=("item",),
        estimates=_missed,
        range="[0, 1] before the floor is subtracted",
        bias="up",
    ),
)
