"""From replicates to what may be said: effect, interval, noise, p, and the three-valued verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tracelens.align import Floats
from tracelens.metric import Estimate, Metric
from tracelens.resample import Replicates

Verdict = Literal["gap", "within noise", "too few users to tell", "given, not tested"]
GAP: Verdict = "gap"
WITHIN: Verdict = "within noise"
TOO_FEW: Verdict = "too few users to tell"
GIVEN: Verdict = "given, not tested"
SERIOUSNESS: tuple[Verdict, ...] = (GAP, TOO_FEW, WITHIN, GIVEN)
ALPHA = 0.05
NORMAL = {0.95: 1.959963984540054, 0.90: 1.6448536269514722}
POWER = 2.8
"""Normal quantiles of 5 % two-sided and 80 % power: an effect of 2.8 sd is found four times in five."""
MOST = 0.9
"""Share of replicates that must be finite for an interval to be given."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Splits:
    """Half splits: how far simulated users are from real people, beyond what other real people are.

    Attributes
    ----------
    excesses : ndarray, shape (B,)
        D_sim - D_floor of each split, NaN where it has no value.
    noise : float
        The 95 % quantile of |D_floor - its mean|: how far halves of real people are from each other.
    """

    excesses: Floats
    noise: float

    @classmethod
    def of(cls, floor: Floats, split: Floats) -> "Splits | None":
        """Make it of the statistic between real halves and between real and simulated ones."""
        known, _ = _both_finite(floor, split)
        if not len(known):
            return None
        with np.errstate(all="ignore"):
            excesses = np.where(np.isfinite(floor) & np.isfinite(split), split - floor, np.nan)
        return cls(excesses, float(np.quantile(np.abs(known - known.mean()), 0.95)))


@dataclass
class Outcome:
    """One row of ``metrics`` in the result, and what the verdict and the sentence need beside it.

    Attributes
    ----------
    effect : float or None
        Signed metrics: the statistic at full size. Distances: their excess.
    interval, interval90 : (low, high) or None
        95 % reported, 90 % for the verdict.
    noise : (low, high) or None
        The middle 95 % of the effect between two halves of the real users.
    excess, z : float or None
        mean(D_sim - D_floor) over the half splits, and the same in floor standard deviations.
    p, p_adjusted : float or None
    margin : float or None
        In units of the effect.
    users : (real, simulated)
        Contributing users.
    infinite : bool
        The effect has no finite value (nothing on one side); p then stems from the difference.
    real_interval : (low, high) or None
        95 % interval of the real side's own value.
    blunt : bool
        No gap can be ruled out, however narrow the interval.
    needed : int or None
        Users a side that would suffice to rule the margin in or out.
    splits, fallback_splits : Splits or None
        The half splits, of the effect and of its fallback form.
    """

    metric: Metric
    scope: Mapping[str, str]
    users: tuple[int, int]
    reason_missing: str | None = None
    real: float | None = None
    sim: float | None = None
    effect: float | None = None
    interval: Interval | None = None
    interval90: Interval | None = None
    noise: Interval | None = None
    excess: float | None = None
    z: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    margin: float | None = None
    infinite: bool = False
    blunt: bool = False
    real_interval: Interval | None = None
    needed: int | None = None
    splits: "Splits | None" = None
    fallback_splits: "Splits | None" = None
    verdict: Verdict | None = None

    @property
    def primary(self) -> bool:
        return self.metric.primary and not self.scope

    @property
    def lacking(self) -> str | None:
        """Why it is not computable or not to be tested: what is missing, given columns, or too few users."""
        return self.reason_missing or ("too few users" if min(self.users) < self.metric.minimum else None)

    @property
    def tested(self) -> bool:
        """Whether it is computable, not given, and has enough users to be tested."""
        return self.p is not None and self.lacking is None

    @property
    def rules_out(self) -> float | None:
        """The largest |effect| inside the 90 % interval, for a distance its upper end: any larger gap is ruled out.

        Too few users rule out nothing, and no more does what is too sparse.
        """
        if self.interval90 is None or self.blunt or min(self.users) < self.metric.minimum:
            return None
        low, high = self.interval90
        return max(high, 0.0) if self.metric.kind == "distance" else max(abs(low), abs(high))


def summarise(metric: Metric, estimate: Estimate, replicates: Replicates, paired: bool, half: int) -> Outcome:
    """Turn replicates into a row.

    Parameters
    ----------
    metric : Metric
    estimate : Estimate
    replicates : Replicates
    paired : bool
        Whether the sides have the same users.
    half : int
        Users in each group of a half split.
    """
    row = Outcome(metric, estimate.scope, estimate.users, real=_finite(replicates.real), sim=_finite(replicates.sim))
    observed, floor, split, null = replicates.observed, replicates.floor, replicates.split, replicates.null
    row.blunt = estimate.blunt
    row.margin = None if metric.relative else metric.margin
    row.splits = Splits.of(floor, split)
    row.fallback_splits = Splits.of(replicates.fallback_floor, replicates.fallback_split)
    row.infinite = not np.isfinite(observed) and np.isfinite(replicates.fallback) and replicates.fallback != 0
    if not np.isfinite(observed) and not row.infinite:
        row.reason_missing = (
            "too few users" if max(row.users) >= metric.minimum > min(row.users) else "nothing to compare"
        )
        return row
    if row.infinite:
        observed, floor, split, null = (
            replicates.fallback,
            replicates.fallback_floor,
            replicates.fallback_split,
            replicates.fallback_null,
        )
    elif len(replicates.fallback_null) and not np.isfinite(null).all():
        null, observed = replicates.fallback_null, replicates.fallback
    row.p = p_value(observed, null, two_sided=metric.kind == "signed")
    floor, split = _both_finite(floor, split)
    spread = float(floor.std()) if len(floor) else 0.0
    if len(floor):
        row.excess = float((split - floor).mean())
        row.z = row.excess / spread if spread > 0 else None
    if row.infinite:
        row.excess = None
        return row
    # Half of the users, unscaled, spread about as much as all of them do; where paired, the same ids on both sides.
    halves = replicates.half[np.isfinite(replicates.half)] if paired else split
    if metric.kind == "signed":
        row.effect = replicates.observed
        if metric.interval == "half-sample":
            row.interval, row.interval90 = (_around(row.effect, halves, level) for level in (0.95, 0.90))
        else:
            row.interval, row.interval90 = (
                _bootstrap_interval(metric, row.effect, replicates.bootstrap, level) for level in (0.95, 0.90)
            )
        centre = 0.0
    else:
        baseline = float(np.nanmean(replicates.null)) if paired else float(floor.mean()) if len(floor) else np.nan
        raw = replicates.observed if paired else float(split.mean()) if len(split) else np.nan
        row.real, row.sim, row.effect = _finite(baseline), _finite(raw), _finite(raw - baseline)
        row.excess = row.effect
        if row.effect is not None:
            row.interval, row.interval90 = (_around(row.effect, halves, level) for level in (0.95, 0.90))
        centre = float(floor.mean()) if len(floor) else 0.0
    if len(floor):
        low, high = np.quantile(floor, [0.025, 0.975])
        row.noise = (float(low) - centre, float(high) - centre)
    if metric.relative and not estimate.scope:
        row.real_interval = _bootstrap_interval(metric, replicates.real, replicates.real_bootstrap, 0.95)
        row.margin = None if metric.margin is None or row.real is None else metric.margin * abs(row.real)
        if metric.needs_real_value and (row.real_interval is None or row.real_interval[0] <= 0 <= row.real_interval[1]):
            row.reason_missing = "no lead in the real log to lose"
            row.effect = row.interval = row.interval90 = row.excess = row.z = row.p = None
    # How many users would do: by the floor; where paired, by what is left of it when the ids are the same.
    sd, users = (float(halves.std()) if len(halves) else 0.0, 2 * half) if paired else (spread, half)
    if row.margin and sd > 0 and not metric.equal_users:
        row.needed = int(np.ceil(users * (POWER * sd / row.margin) ** 2))
    return row


def p_value(observed: float, null: Floats, *, two_sided: bool) -> float:
    """(1 + #{null at least as extreme as observed}) / (1 + number of null draws), with a hair of tolerance for ties."""
    draws = null[np.isfinite(null)]
    extreme, drawn = (abs(observed), np.abs(draws)) if two_sided else (observed, draws)
    slack = 1e-12 + 1e-9 * abs(extreme)
    # a draw without a value speaks for no difference as little as against it: it counts as extreme
    return float(1 + (drawn >= extreme - slack).sum() + len(null) - len(draws)) / (1 + len(null))


def _bootstrap_interval(metric: Metric, effect: float, draws: Floats, level: float) -> Interval | None:
    finite = draws[np.isfinite(draws)]
    if not len(draws) or len(finite) < MOST * len(draws):
        return None
    low, high = (float(q) for q in np.quantile(finite, [(1 - level) / 2, (1 + level) / 2]))
    return (2 * effect - high, 2 * effect - low) if metric.interval == "basic" else (low, high)


def _around(effect: float, halves: Floats, level: float) -> Interval | None:
    """Interval from the spread of half samples."""
    if not len(halves):
        return None
    reach = NORMAL[level] * float(halves.std())
    return effect - reach, effect + reach


def _both_finite(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    keep = np.isfinite(left) & np.isfinite(right)
    return (left[keep], right[keep]) if keep.sum() * 2 >= len(keep) else (left[:0], right[:0])


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the given order (Holm 1979)."""
    adjusted = [0.0] * len(p)
    worst = 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda i: (p[i], i))):
        worst = max(worst, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = worst
    return adjusted


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's step-up adjusted p-values, in the given order (1995)."""
    adjusted = [0.0] * len(p)
    best = 1.0
    for rank, index in reversed(list(enumerate(sorted(range(len(p)), key=lambda i: (p[i], i)), start=1))):
        best = min(best, p[index] * len(p) / rank)
        adjusted[index] = best
    return adjusted


def adjust(rows: Sequence[Outcome]) -> None:
    """Set ``p_adjusted``: Holm over the tested primaries, Benjamini-Hochberg within each table of a metric's scopes."""
    tables: dict[tuple[str, ...], list[Outcome]] = {}
    for row in rows:
        if row.primary:
            if row.tested:
                tables.setdefault(("primaries",), []).append(row)
        elif row.p is not None and row.reason_missing is None:
            tables.setdefault((row.metric.id, *sorted(row.scope)), []).append(row)
    for key, table in tables.items():
        correct = holm if key == ("primaries",) else benjamini_hochberg
        for row, p in zip(table, correct([row.p or 0.0 for row in table]), strict=True):
            row.p_adjusted = p


def decide(row: Outcome, given: bool) -> Verdict | None:
    """Give the verdict on a primary whose p is adjusted.

    "within noise" where the 90 % interval lies inside the margin (a distance cannot be too small), "gap" where the
    adjusted p is below .05 and the effect beyond the margin, else "too few users to tell".
    """
    if given:
        return GIVEN
    if row.reason_missing is not None:
        return TOO_FEW if row.reason_missing == "too few users" else None
    if row.p_adjusted is None or row.margin is None:
        return TOO_FEW
    if row.rules_out is not None and row.rules_out < row.margin:
        return WITHIN
    size = np.inf if row.infinite else (row.effect or 0.0)
    beyond = size > row.margin if row.metric.kind == "distance" else abs(size) > row.margin
    return GAP if beyond and row.p_adjusted < ALPHA else TOO_FEW


def attributable(row: Outcome, control: Outcome) -> bool | None:
    """Whether a gap is larger than what a second log of real people shows in the same direction.

    Larger by more than noise: the lower end of the interval of the difference, recovered from the two intervals (MOVER,
    Zou and Donner 2008), lies above 0. Both share the real side, so the interval is rather too wide.

    Returns
    -------
    bool or None
        None where there is no gap, or where the control cannot be computed or has too few users.
    """
    if row.verdict != GAP or untold(control) is not None:
        return None
    towards = _sign(row)
    if _sign(control) != towards:
        return True
    if row.infinite or control.infinite:
        return row.infinite and not control.infinite
    if row.effect is None or row.interval is None or control.effect is None or control.interval is None:
        return None
    mine, theirs = towards * row.effect, towards * control.effect
    low = min(towards * end for end in row.interval)
    high = max(towards * end for end in control.interval)
    return mine - theirs > float(np.hypot(mine - low, high - theirs))


def untold(control: Outcome) -> str | None:
    """Why a control cannot tell anything, if so."""
    if control.reason_missing is not None:
        return control.reason_missing
    return "too few users" if min(control.users) < control.metric.minimum else None


def _sign(row: Outcome) -> int:
    """The direction of an effect; a distance has but one."""
    if row.infinite:
        return -1 if row.sim == 0 else 1
    return int(np.sign(row.effect or 0.0))
