"""Axis U, valence: how often what people do is a no."""

import math

import numpy as np

from tracelens.align import Floats, Pair
from tracelens.metric import Estimate, Metric, Sums, missing, one


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
            lambda real, sim: _log_odds(sim) - _log_odds(real),
            lambda real, sim: (negative_share(real), negative_share(sim)),
            (users[0], users[1]),
            # Where no negative is left, odds know no end.
            fallback=lambda real, sim: negative_share(sim) - negative_share(real),
        )
    ]


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
)
