"""The far end of the scale: trivial simulators planted on the real log itself, and how far from it each of them lies.

A score needs two ends. The near one is the noise between real people; the far one, its anchor, is as bad as a simulator
can be on an axis without any effort, on this very log.
"""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from tracelens.align import Pair, align
from tracelens.axes import REGISTRY
from tracelens.errors import TracelensError
from tracelens.metric import Metric
from tracelens.plant import operate
from tracelens.resample import Plan
from tracelens.states import State
from tracelens.statistics import Statistics
from tracelens.sums import Columns, WeightedSums
from tracelens.traces import Traces

if TYPE_CHECKING:
    from tracelens.plant.records import Records


@dataclass(frozen=True)
class Planting:
    """A trivial simulator: what is planted, how strongly, and for which primaries it is the anchor."""

    plant: str
    strength: float | None
    primaries: tuple[str, ...]


PLANTED = (
    Planting("inflate", 2.0, ("H1",)),
    Planting("eager", 2.0, ("H3",)),
    Planting("flat-clock", None, ("H6",)),
    Planting("average-person", None, ("G1",)),
    Planting("utopia", 1.0, ("U1",)),
    Planting("drop-tail", 0.5, ("L2",)),
    Planting("shuffle-order", None, ("C1", "C9")),
)
"""Everything twice; every action twice; sessions at any hour; everybody the same; no word against anything; only the
items of the head half; no order."""

USERS = 200
EVENTS = 100_000
"""Users, and events of theirs, that are planted on at most: it takes few to see how far a caricature is."""
LARGEST = 2_000_000
"""Of a log with more events than these no copy is made only to find the events of some users."""
SPLITS = 50
"""Half splits over which an anchor is averaged: of the same people twice, they hardly differ."""


@dataclass(frozen=True)
class Anchor:
    """How far a trivial simulator is from real people on one primary.

    Attributes
    ----------
    plant, strength
        What was planted.
    effect : float or None
        Its excess over the floor, in the metric's unit.
    by_difference : bool
        The trivial simulator has nothing left of what is counted, so a ratio to it has no end: excesses are those of
        the metric's fallback, a difference.
    reason_missing : str or None
        Why there is no effect.
    """

    plant: str
    strength: float | None
    effect: float | None = None
    by_difference: bool = False
    reason_missing: str | None = None


@dataclass(frozen=True)
class Anchors:
    """The anchors of all primaries, and on how many real users and events of theirs they were planted."""

    users: int
    events: int
    of: Mapping[str, Anchor]

    def plain(self) -> dict[str, Any]:
        """Return them as they stand in the result."""
        return {"users": self.users, "events": self.events, "of": {key: asdict(one) for key, one in self.of.items()}}


def plant_anchors(
    real: Traces | State,
    summary: Statistics,
    summarised: Callable[[Traces], Statistics],
    *,
    roster: bool,
    seed: int,
    jobs: int | None = None,
) -> Anchors:
    """Plant the trivial simulators on some of the real users.

    Parameters
    ----------
    real : Traces or State
        The real side. A state holds no events, so nothing can be planted on it.
    summary : Statistics
        Its statistics.
    summarised : callable
        Makes statistics of planted traces in the same way.
    roster : bool
        Whether `summary` knows users without events.
    seed : int
        Decides which users, what is planted, and the splits.
    jobs : int, optional
        Threads; all cores if missing. Never changes the result.
    """
    if isinstance(real, State):
        return _none("a state holds no events to plant a trivial simulator on")
    if len(real) > LARGEST:
        return _none(f"more than {LARGEST:,} real events: compare some of the users to have scores")
    known = summary.users if roster else summary.users[summary.tables["users"]["events"] > 0]
    try:
        log, sample = _sample(real, sorted(map(str, known), key=lambda user: _hash(user, seed)))
    except TracelensError:
        return _none("events beyond the bound on memory wait on disk, and planting needs them at hand")
    people = summary.only(np.isin(summary.users.astype(str), sample))

    def anchored(planting: Planting) -> dict[str, Anchor]:
        name, strength = planting.plant, planting.strength
        options: dict[str, Any] = {"exposure_by_record": real.exposure_by_record}
        try:
            planted = operate(log, name, strength, seed=seed, **options)
        except TracelensError:  # it lacks what this surgery works on
            reason = f"{name} finds nothing in the real log to work on"
            return dict.fromkeys(planting.primaries, Anchor(name, strength, reason_missing=reason))
        traces = Traces.from_frame(planted, zone=real.zone, given=real.about["given"], **options)
        pair = align(people, summarised(traces).with_users(sample), "paired", roster=True)
        return {metric: _anchor(planting, REGISTRY[metric], pair, seed) for metric in planting.primaries}

    found: dict[str, Anchor] = {}
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        for anchors in pool.map(anchored, PLANTED):
            found |= anchors
    return Anchors(len(sample), log.events.height, found)


def _none(reason: str) -> Anchors:
    missing = {m: Anchor(p.plant, p.strength, reason_missing=reason) for p in PLANTED for m in p.primaries}
    return Anchors(0, 0, missing)


def _hash(user: str, seed: int) -> bytes:
    return blake2b(user.encode(), digest_size=8, key=str(seed).encode()[:64]).digest()


def _sample(real: Traces, order: list[str]) -> tuple["Records", list[str]]:
    """The first users of this order, within USERS and EVENTS, and what they did."""
    import polars as pl

    from tracelens.plant.records import Records

    events = real.to_polars().with_columns(pl.col("user").cast(pl.String))
    many = dict(events.group_by("user").len().iter_rows())
    total = np.cumsum([many.get(user, 0) for user in order[:USERS]])
    sample = sorted(order[: max(1, int((total <= EVENTS).sum()))])
    return Records.of(events.filter(pl.col("user").is_in(sample)), real.zone), sample


def _anchor(planting: Planting, metric: Metric, pair: Pair, seed: int) -> Anchor:
    """The excess over the floor of a trivial simulator of the same people, on one primary."""
    anchor = Anchor(planting.plant, planting.strength)
    # The first estimate without a scope is the metric itself; the others are not made.
    whole = next((estimate for estimate in metric.estimates(pair) if not estimate.scope), None)
    if whole is None or whole.missing is not None or whole.value is None:
        reason = (whole and whole.missing) or "nothing to compare"
        return replace(anchor, reason_missing=f"on the users that trivial simulators are planted on: {reason}")
    if min(whole.users) < metric.minimum:
        return replace(anchor, reason_missing="too few users to plant a trivial simulator on")
    everyone = np.ones((pair.real.size, 1))
    sides = [Columns.of({**pair.blocks, "users": (everyone, everyone)}, side) for side in (0, 1)]
    first, second, *_ = next(Plan(True, (pair.real.size,) * 2, (pair.real.size,) * 2, seed).weights("split", SPLITS))
    real, other, sim = (
        WeightedSums([(weights, side)]) for weights, side in ((first, sides[0]), (second, sides[0]), (second, sides[1]))
    )
    nothing_left = whole.shown is not None and bool((whole.shown(real, sim)[1] == 0).all())
    by_difference = whole.fallback is not None and nothing_left
    value = whole.fallback if by_difference and whole.fallback is not None else whole.value
    excesses = value(real, sim) - value(real, other)
    if not (finite := excesses[np.isfinite(excesses)]).size:
        return replace(anchor, reason_missing="the trivial simulator has no finite value")
    return replace(anchor, effect=float(finite.mean()), by_difference=by_difference)
