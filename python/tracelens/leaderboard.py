"""Many simulations: on each axis who is nearest to real people, and which ranks cannot be told apart.

How far a simulation is off is measured in margins beyond the margin: 0 where its excess over the noise does not matter,
1 where it is twice as much as that. Of several primaries the furthest counts, as it does for the verdict.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from tracelens.align import Floats
from tracelens.axes import AXES, METRICS
from tracelens.verdict import GIVEN, Outcome

LEVEL = 0.95
"""Of the intervals of all differences on an axis together."""

Primaries = Mapping[str, Outcome]


def leaderboard(sims: Mapping[str, Primaries]) -> dict[str, dict[str, Any]]:
    """Rank simulations on each axis.

    Parameters
    ----------
    sims : mapping of str to mapping of str to Outcome
        Simulation -> its primaries, all from resamples of the same seed: where the simulations have equally many users
        these are the same resamples, so what the real users add to all alike cancels in a difference.

    Returns
    -------
    dict
        Axis -> ``primaries``, by which simulations were ranked; ``order``, nearest to real people first, then those
        that could not be tested by all of them; ``differences`` of each pair with their interval.
    """
    return {axis: _axis(axis, sims) for axis in AXES}


def _axis(axis: str, sims: Mapping[str, Primaries]) -> dict[str, Any]:
    ids = [metric.id for metric in METRICS if metric.axis == axis and metric.primary]
    reasons = {sim: {key: _untestable(primaries[key]) for key in ids} for sim, primaries in sims.items()}
    # All that any could be tested by: what was given to one, or is missing from it, must not make it the nearest.
    used = [key for key in ids if any(reason[key] is None for reason in reasons.values())]
    distances = {
        sim: _distance([sims[sim][key] for key in used])
        for sim in sims
        if used and all(reasons[sim][key] is None for key in used)
    }
    # Nearest first; equals in the order in which they were given.
    ranked = sorted(distances, key=lambda sim: distances[sim][0])
    differences = _differences(ranked, distances)
    apart = {(d["nearer"], d["further"]) for d in differences if _apart(d, distances)}
    order = []
    for sim in ranked:
        nearer = sum((other, sim) in apart for other in ranked)
        tied = [other for other in ranked if other != sim and not {(other, sim), (sim, other)} & apart]
        order.append(
            {"sim": sim, "rank": nearer + 1, "tied": tied, "distance": distances[sim][0], "reason_missing": None}
        )
    for sim in sims:
        if sim not in distances:
            key, reason = next((key, reason) for key, reason in reasons[sim].items() if reason is not None)
            missing: dict[str, Any] = {"rank": None, "tied": [], "distance": None, "reason_missing": f"{key}: {reason}"}
            order.append({"sim": sim, **missing})
    return {"primaries": used, "order": order, "differences": differences}


def _untestable(row: Outcome) -> str | None:
    if row.verdict == GIVEN:
        return GIVEN
    if row.lacking is not None:
        return row.lacking
    return None if row.infinite or (row.splits is not None and row.margin) else "nothing to compare"


def _distance(rows: Sequence[Outcome]) -> tuple[float, Floats]:
    """Margins beyond the margin: on the mean half split, and on each."""
    points, draws = [], []
    for row in rows:
        if row.splits is None or row.margin is None or row.infinite:
            return np.inf, np.full(1, np.inf)
        excesses = row.splits.excesses
        if row.metric.kind == "signed":
            point, each = abs(float(np.nanmean(excesses))), np.abs(excesses)
        else:
            point, each = float(np.nanmean(excesses)), excesses
        points.append(max(point / row.margin - 1, 0.0))
        draws.append(np.maximum(each / row.margin - 1, 0.0))
    return max(points), np.max(np.stack(draws), axis=0)


def _differences(ranked: Sequence[str], distances: Mapping[str, tuple[float, Floats]]) -> list[dict[str, Any]]:
    """Differences of all pairs, with intervals that hold together: the largest deviation of any pair sets the width."""
    pairs = list(combinations(ranked, 2))
    finite = [(a, b) for a, b in pairs if np.isfinite(distances[b][0])]
    draws = {(a, b): distances[b][1] - distances[a][1] for a, b in finite}
    spread = {pair: float(np.nanstd(values)) for pair, values in draws.items()}
    deviations = [np.abs(draws[pair] - np.nanmean(draws[pair])) / spread[pair] for pair in finite if spread[pair] > 0]
    width = float(np.nanquantile(np.fmax.reduce(deviations), LEVEL)) if deviations else 0.0
    found = []
    for a, b in pairs:
        difference = interval = None
        if (a, b) in draws:
            difference = distances[b][0] - distances[a][0]
            interval = (difference - width * spread[a, b], difference + width * spread[a, b])
        found.append({"nearer": a, "further": b, "difference": difference, "interval": interval})
    return found


def _apart(found: Mapping[str, Any], distances: Mapping[str, tuple[float, Floats]]) -> bool:
    """Whether a pair can be told apart; without end is further than any distance, and not than another without end."""
    if found["interval"] is None:
        return bool(np.isfinite(distances[found["nearer"]][0]))
    return bool(found["interval"][0] > 0)
