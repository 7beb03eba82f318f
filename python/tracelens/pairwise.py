"""Compare one simulation with the real side, on user statistics."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tracelens.align import Design, Pair, align
from tracelens.anchors import Anchors
from tracelens.axes import AXES, METRICS
from tracelens.evidence import evidence
from tracelens.metric import Estimate, Metric
from tracelens.resample import Plan, resample
from tracelens.scorecard import axis_score, score
from tracelens.sentences import against_control, describe
from tracelens.statistics import Statistics
from tracelens.verdict import GAP, SERIOUSNESS, Outcome, adjust, attributable, decide, summarise

DIGITS = 10
"""Significant digits of every number in a result."""


@dataclass(frozen=True)
class Contrast:
    """One simulation held against the real side: numbers and verdicts, before they are told.

    Attributes
    ----------
    name : str
        Of the simulation.
    pair : Pair
    rows : list of Outcome
        In the order of the registry.
    """

    name: str
    pair: Pair
    rows: list[Outcome]

    @classmethod
    def of(
        cls,
        real: Statistics,
        sim: Statistics,
        *,
        name: str,
        design: Design,
        seed: int,
        roster: bool = False,
        given: Collection[str] = (),
        jobs: int | None = None,
    ) -> "Contrast":
        """Hold a simulation against the real log.

        Parameters
        ----------
        real, sim : Statistics
            User statistics of both sides, within windows of one length.
        name : str
            Name of the simulation.
        design : {"population", "paired"}
            Paired: the same ids are simulated.
        seed : int
            Seeds every resample; equal seeds give equal results.
        roster : bool
            Whether the statistics hold all users there were, also those without events.
        given : collection of str
            Event columns that were handed to the simulator, beside those that its mapping declares.
        jobs : int, optional
            Threads; all cores if missing. Never changes the result.
        """
        pair = align(real, sim, design, roster=roster)
        handed = {*given, *sim.meta.get("given", ())}
        if "time" in sim.meta.get("given", ()):
            handed.add("volume")  # who was told when to act was told how often
        return cls(name, pair, judge(pair, seed, handed, jobs))

    @cached_property
    def primaries(self) -> dict[str, Outcome]:
        """The primaries by id."""
        return {row.metric.id: row for row in self.rows if row.primary}

    def result(self, *, anchors: Anchors | None = None, control: Mapping[str, Outcome] | None = None) -> dict[str, Any]:
        """Tell it.

        Parameters
        ----------
        anchors : Anchors, optional
            Trivial simulators of the real people; without them there are no scores.
        control : mapping of str to Outcome, optional
            The primaries of a second log of real people.

        Returns
        -------
        dict
            One element of ``comparisons`` in the result: ``sim``, ``axes``, ``metrics``, ``evidence``,
            ``weakest_axis``.
        """
        axes = {axis: self._axis(axis, anchors, control) for axis in AXES}
        told: dict[str, Any] = plain(
            {
                "sim": self.name,
                "axes": axes,
                "metrics": [_row(row) for row in self.rows],
                "evidence": evidence(self.pair),
                "weakest_axis": _weakest(axes, self.rows),
            }
        )
        return told

    def _axis(self, axis: str, anchors: Anchors | None, control: Mapping[str, Outcome] | None) -> dict[str, Any]:
        """The most serious of an axis' primaries stands for it; of several gaps the one furthest from noise."""
        primaries = [row for row in self.primaries.values() if row.metric.axis == axis]
        shown = min(primaries, key=lambda row: (_rank(row), -_distance(row) if row.verdict == GAP else 0.0))
        direction, sentence = describe(axis, shown, self.rows, self.pair)
        counterpart = None if control is None else control[shown.metric.id]
        if counterpart is not None:
            sentence += against_control(shown, counterpart)
        return {
            "verdict": shown.verdict,
            "reason_missing": shown.reason_missing,
            "attributable": None if counterpart is None else attributable(shown, counterpart),
            "direction": direction,
            "sentence": sentence,
            **axis_score([] if anchors is None else [score(row, anchors) for row in primaries]),
            "primary": shown.metric.id,
            "rules_out": shown.rules_out,
        }


def compare_statistics(real: Statistics, sim: Statistics, **options: Any) -> dict[str, Any]:
    """Compare a simulation with the real log: :meth:`Contrast.of` and what it comes to."""
    return Contrast.of(real, sim, **options).result()


def judge(
    pair: Pair, seed: int, given: Collection[str] = (), jobs: int | None = None, *, primaries: bool = False
) -> list[Outcome]:
    """All rows in registry order, computable or not, with adjusted p-values and the primaries' verdicts.

    ``primaries``: only these, which costs half as much; the verdicts are the same.
    """
    rows = _outcomes(pair, seed, given, jobs, primaries)
    adjust([row for row in rows if row.reason_missing is None])
    for row in rows:
        if row.primary:
            row.verdict = decide(row, row.reason_missing == "given")
    return rows


def _outcomes(pair: Pair, seed: int, given: Collection[str], jobs: int | None, primaries: bool) -> list[Outcome]:
    """All rows, as yet without what depends on the others."""
    metrics = [metric for metric in METRICS if metric.primary or not primaries]
    estimates = [(metric, e) for metric in metrics for e in metric.estimates(pair) if not (primaries and e.scope)]
    empty = next((side for side in pair.sides if side.size < 2), None)
    computable = [] if empty is not None else [(m, e) for m, e in estimates if e.missing is None]
    replicates = iter(resample(pair, computable, seed, jobs) if computable else ())
    half = Plan(pair.paired, (pair.real.size, pair.sim.size), (0, 0), seed).half
    rows = []
    for metric, estimate in estimates:
        if empty is not None or estimate.missing is not None:
            rows.append(Outcome(metric, estimate.scope, estimate.users, estimate.missing or "too few users"))
            continue
        row = summarise(metric, estimate, next(replicates), pair.paired, half)
        if row.reason_missing is None and _depends_on(metric, estimate, pair) <= set(given):
            row.reason_missing = "given"
        rows.append(row)
    return rows


def _depends_on(metric: Metric, estimate: Estimate, pair: Pair) -> set[str]:
    """The event columns an estimate depends on, of those that the logs have."""
    columns = set(estimate.columns or metric.columns)
    absent = {
        column
        for column, what in (("time", "clock"), ("item", "items"), ("category", "categories"))
        if not pair.has(what)
    }
    return (columns - absent) or columns


def _rank(row: Outcome) -> int:
    return SERIOUSNESS.index(row.verdict) if row.verdict is not None else len(SERIOUSNESS)


def _distance(row: Outcome) -> float:
    """How far from noise, in floor standard deviations; without spread, or without a finite effect, infinitely far."""
    return math.inf if row.z is None or row.infinite else abs(row.z)


def _weakest(axes: Mapping[str, Mapping[str, Any]], rows: Sequence[Outcome]) -> str | None:
    """The axis with the gap furthest from noise."""
    distance = {row.metric.id: _distance(row) for row in rows if row.primary}
    gaps = [axis for axis in AXES if axes[axis]["verdict"] == GAP]
    return max(gaps, key=lambda axis: distance[axes[axis]["primary"]], default=None)


def _row(row: Outcome) -> dict[str, Any]:
    return {
        "id": row.metric.id,
        "axis": row.metric.axis,
        "scope": dict(row.scope),
        "real": row.real,
        "sim": row.sim,
        "effect": row.effect,
        "unit": row.metric.unit,
        "interval": row.interval,
        "noise": row.noise,
        "excess": row.excess,
        "z": row.z,
        "p": row.p,
        "p_adjusted": row.p_adjusted,
        "margin": row.margin,
        "users": {"real": row.users[0], "sim": row.users[1]},
        "reason_missing": row.reason_missing,
    }


def plain(value: Any) -> Any:
    """JSON-ready: numbers at DIGITS significant digits, no NaN, no infinity."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
