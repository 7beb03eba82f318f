"""Scores: 100 cannot be told from other real people, 0 is as far off as a trivial simulator of the same people.

One score for each primary and, as their mean, one for each axis; never one for all axes, which would hide the one that
collapsed. A score is two-sided: who overdoes it is as far off as who falls short.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracelens.align import Floats
from tracelens.anchors import Anchors
from tracelens.verdict import GIVEN, Outcome


@dataclass(frozen=True)
class Score:
    """The score of one primary.

    Attributes
    ----------
    metric : str
    value : float or None
        In [0, 100].
    unclipped : float or None
        The same, negative where the simulation is further off than the trivial simulator; None without a finite effect.
    draws : ndarray, shape (B,)
        Over the half splits, clipped.
    anchor, noise : float or None
        How far the trivial simulator is from real people, and how far 95 % of halves of real people are from each
        other, in the metric's unit.
    reason_missing : str or None
    """

    metric: str
    value: float | None = None
    unclipped: float | None = None
    draws: Floats | None = None
    anchor: float | None = None
    noise: float | None = None
    reason_missing: str | None = None


def score(row: Outcome, anchors: Anchors) -> Score:
    """Score a primary.

    ``100 x (1 - max(0, |excess| - noise) / (|anchor| - noise))``, clipped to [0, 100]: *excess* is the mean of
    D(real half, simulated half) - D(real half, other real half), *noise* the 95 % quantile of how far the latter lies
    from its mean, *anchor* the excess of the trivial simulator. A distance below that of real halves counts as none.
    """
    anchor = anchors.of[row.metric.id]
    splits = row.fallback_splits if anchor.by_difference else row.splits
    given = "given to the simulator, not tested" if row.verdict == GIVEN else None
    reason = given or row.lacking or anchor.reason_missing
    if reason is None and splits is None and not row.infinite:
        reason = "nothing to compare"
    if reason is not None or anchor.effect is None:
        return Score(row.metric.id, reason_missing=reason)
    far, noise = float(_reach(row, np.array([anchor.effect]))[0]), 0.0 if splits is None else splits.noise
    known = Score(row.metric.id, anchor=anchor.effect, noise=noise)
    if far < 2 * noise or far == 0:
        # The noise falls with the root of the number of users.
        needed = f"about {math.ceil(min(row.users) * (2 * noise / far) ** 2):,} users a side" if far else "other users"
        return replace(known, reason_missing=f"{anchor.plant} cannot be told from noise; it takes {needed}")
    if splits is None:  # infinitely far
        return replace(known, value=0.0, draws=np.zeros(1))

    def scored(excess: Floats) -> Floats:
        return 100 * (1 - np.maximum(0.0, _reach(row, excess) - noise) / (far - noise))

    unclipped = float(scored(np.nanmean(splits.excesses, keepdims=True))[0])
    return replace(known, value=max(unclipped, 0.0), unclipped=unclipped, draws=scored(splits.excesses).clip(min=0))


def _reach(row: Outcome, excess: Floats) -> Floats:
    """How far off: to either side, but a distance cannot be too small."""
    return np.maximum(excess, 0.0) if row.metric.kind == "distance" else np.abs(excess)


def axis_score(scores: Sequence[Score]) -> dict[str, Any]:
    """Score an axis: the mean over its primaries that have a score, and the primaries themselves.

    Returns
    -------
    dict
        ``score``; ``score_interval``, the middle 95 % over the half splits; ``score_unclipped``, only where it is
        negative; ``score_missing``, why there is none; ``scores``, those of the primaries.
    """
    found = [score for score in scores if score.value is not None and score.draws is not None]
    result: dict[str, Any] = {
        "score": None,
        "score_interval": None,
        "score_unclipped": None,
        "score_missing": None if found else next((score.reason_missing for score in scores), None),
        "scores": [_plain(score) for score in scores],
    }
    if found:
        value = float(np.mean([score.value for score in found]))
        draws = np.mean(np.broadcast_arrays(*(score.draws for score in found if score.draws is not None)), axis=0)
        result |= {"score": value, "score_interval": _interval(value, draws)}
        finite = [score.unclipped for score in found if score.unclipped is not None]
        result["score_unclipped"] = _if_negative(float(np.mean(finite)) if finite else None)
    return result


def _plain(score: Score) -> dict[str, Any]:
    return {
        "metric": score.metric,
        "score": score.value,
        "interval": None if score.value is None or score.draws is None else _interval(score.value, score.draws),
        "unclipped": _if_negative(score.unclipped),
        "anchor": score.anchor,
        "noise": score.noise,
        "reason_missing": score.reason_missing,
    }


def _interval(value: float, draws: Floats) -> tuple[float, float]:
    """The middle 95 %; it holds the score of the mean split, which of a clipped score need not lie inside."""
    low, high = (float(q) for q in np.nanquantile(draws, [0.025, 0.975]))
    return min(low, value), max(high, value)


def _if_negative(unclipped: float | None) -> float | None:
    return unclipped if unclipped is not None and unclipped < 0 else None
