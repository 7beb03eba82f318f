"""The resampling engine: a resample is a weight vector over users, a block of them one matrix product.

All user columns are integers or multiples of 2^-20, so every sum is exact in float64 and no thread, block or order can
change a byte. One set of half splits, bootstraps and permutations serves all metrics, which so stay correlated.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tracelens.align import Block, Floats, Ints, Pair
from tracelens.metric import Estimate, Metric, Statistic, Sums
from tracelens.sums import Columns, Complement, First, Noted, WeightedSums, dense_if_full

SPLITS = 200
BOOTSTRAPS = 1000
PERMUTATIONS = 999
FEW: dict["Stage", int] = {"split": 100, "bootstrap": 200, "null": 199}
"""Of these, as many as are read where that is dear: the first."""
SUBSETS = 50
"""Draws of the larger side where a metric compares equally many users."""
MAX_SUMS = 1 << 20
"""Sums held at once for one block: 8 MiB of float64, of which a handful live at a time in each stage."""
MAX_WEIGHTS = 1 << 22
"""Weights held at once for one block: more, as products of few rows wait for memory."""
Stage = Literal["observed", "split", "bootstrap", "null"]
STAGES: tuple[Stage, ...] = ("observed", "split", "bootstrap", "null")
Weights = NDArray[Any]
Run = dict[tuple[str, int], list[Floats]]
"""Values, block by block, by what they are and of which estimate."""


@dataclass(frozen=True)
class Plan:
    """Which resamples are drawn, and of which size.

    Attributes
    ----------
    paired : bool
        Resample ids and keep both traces, rather than both sides independently.
    sizes : tuple of int
        Users of the real and of the simulated side.
    drawn : tuple of int
        Users drawn from each in the bootstrap and the permutations; less than `sizes` where equally many are compared.
    seed : int
    """

    paired: bool
    sizes: tuple[int, int]
    drawn: tuple[int, int]
    seed: int

    @property
    def half(self) -> int:
        """Users in each group of a half split."""
        return self.sizes[0] // 2 if self.paired else min(self.sizes[0] // 2, self.sizes[1])

    def draws(self, stage: Stage) -> int:
        """Number of replicates of a stage."""
        if stage == "observed":
            return 1 if self.drawn == self.sizes else SUBSETS
        return {"split": SPLITS, "bootstrap": BOOTSTRAPS, "null": PERMUTATIONS}[stage]

    def weights(self, stage: Stage, rows: int) -> Iterator[list[Floats]]:
        """Yield blocks of weights, each of at most `rows` replicates; the replicates do not depend on `rows`.

        observed, bootstrap: real (B, U_real), simulated (B, U_sim). split: real half, other real half, simulated.
        null: one group drawn from the pooled users (B, U_real + U_sim), then the other where it is not simply the rest.
        Where paired, the weights of a simulated group are those of the real one before it and left out, and null is
        who is swapped, (B, U).
        """
        seed = np.random.SeedSequence([self.seed, STAGES.index(stage)])
        generator = np.random.Generator(np.random.PCG64(seed))
        draw = getattr(self, f"_{stage}")
        draws = self.draws(stage)
        for start in range(0, draws, rows):
            groups: list[Floats] = []
            for row in range(min(rows, draws - start)):
                drawn = draw(generator)
                groups = groups or [np.empty((min(rows, draws - start), len(weights))) for weights in drawn]
                for group, weights in zip(groups, drawn, strict=True):
                    group[row] = weights
            yield groups

    def _observed(self, generator: np.random.Generator) -> list[Weights]:
        real, sim = (_subset(generator, size, drawn) for size, drawn in zip(self.sizes, self.drawn, strict=True))
        return [real] if self.paired else [real, sim]

    def _split(self, generator: np.random.Generator) -> list[Weights]:
        order = generator.permutation(self.sizes[0])
        halves = [_indicator(self.sizes[0], order[i * self.half : (i + 1) * self.half]) for i in (0, 1)]
        return halves if self.paired else [*halves, _subset(generator, self.sizes[1], self.half)]

    def _bootstrap(self, generator: np.random.Generator) -> list[Weights]:
        real, sim = (generator.integers(0, size, drawn) for size, drawn in zip(self.sizes, self.drawn, strict=True))
        members = [real] if self.paired else [real, sim]
        return [np.bincount(drawn, minlength=size) for drawn, size in zip(members, self.sizes, strict=False)]

    def _null(self, generator: np.random.Generator) -> list[Weights]:
        if self.paired:
            return [generator.integers(0, 2, self.sizes[0])]
        order = generator.permutation(sum(self.sizes))
        first = _indicator(len(order), order[: self.drawn[0]])
        if self.drawn == self.sizes:
            return [first]
        return [first, _indicator(len(order), order[self.drawn[0] : sum(self.drawn)])]


def _indicator(size: int, members: Ints) -> Weights:
    weights = np.zeros(size, dtype=bool)
    weights[members] = True
    return weights


def _subset(generator: np.random.Generator, size: int, drawn: int) -> Weights:
    return np.ones(size, dtype=bool) if drawn == size else _indicator(size, generator.permutation(size)[:drawn])


@dataclass
class Replicates:
    """All values of one estimate.

    Attributes
    ----------
    observed, fallback : float
        The statistic, and its fallback form, at full size.
    real, sim : float
        The sides' own values; NaN for distances.
    floor, split : ndarray, shape (200,)
        The statistic between two real halves; between a real half and as many simulated users.
    half : ndarray, shape (200,) or empty
        Paired: the statistic on half of the ids, the same ones on both sides. At half the users its spread is about
        that of the statistic on all of them.
    bootstrap, real_bootstrap : ndarray, shape (1000,)
        The statistic, and the real side's own value, under resampling of users; empty for distances.
    null : ndarray, shape (999,)
    fallback_floor, fallback_split, fallback_null : ndarray
        As `floor`, `split` and `null`, in the fallback form.
    """

    observed: float
    fallback: float
    real: float
    sim: float
    floor: Floats
    split: Floats
    half: Floats
    bootstrap: Floats
    real_bootstrap: Floats
    null: Floats
    fallback_floor: Floats
    fallback_split: Floats
    fallback_null: Floats


def resample(
    pair: Pair, estimates: Sequence[tuple[Metric, Estimate]], seed: int, jobs: int | None = None
) -> list[Replicates]:
    """Run one set of resamples through all estimates.

    Parameters
    ----------
    pair : Pair
        Its blocks hold the user columns of all estimates.
    estimates : sequence of (metric, computable estimate)
    seed : int
    jobs : int, optional
        Threads; all cores if missing. Never changes the result.

    Returns
    -------
    list of Replicates
        One per estimate, in order.
    """
    sizes = (pair.real.size, pair.sim.size)
    smaller = (min(sizes), min(sizes))
    full = Plan(pair.paired, sizes, sizes, seed)
    equal = Plan(pair.paired, sizes, smaller, seed)
    blocks = {name: dense_if_full(*both) for name, both in pair.blocks.items()}
    blocks["users"] = (np.ones((sizes[0], 1)), np.ones((sizes[1], 1)))
    everything = range(len(estimates))
    often, seldom = (
        _blocks_read(
            [r for m, e in estimates if m.dear == dear for r in _readings("observed", pair.paired, m, e)], blocks
        )
        for dear in (False, True)
    )
    blocks = {name: both for name, both in blocks.items() if name in often | seldom}
    seldom -= often
    sides = Columns.of(blocks, 0, seldom), Columns.of(blocks, 1, seldom)
    equals = [i for i in everything if estimates[i][0].equal_users and smaller != sizes]
    others = [i for i in everything if i not in equals]
    # The longest first. Half splits are of one size under either plan.
    parts: list[tuple[Stage, Plan, Sequence[int]]] = [
        ("null", full, others),
        ("null", equal, equals),
        ("bootstrap", full, others),
        ("bootstrap", equal, equals),
        ("split", full, everything),
        ("observed", full, others),
        ("observed", equal, equals),
    ]

    def run(stage: Stage, plan: Plan, mine: Sequence[int]) -> Run:
        readings = [(i, reading) for i in mine for reading in _readings(stage, pair.paired, *estimates[i])]
        if not readings:
            return {}
        if stage != "bootstrap":
            return _run(stage, plan, sides, readings)
        # Distances take no part in it, and theirs are the widest blocks.
        read = _blocks_read([reading for _, reading in readings], blocks)
        kept = {name: both for name, both in blocks.items() if name in read}
        return _run(stage, plan, (Columns.of(kept, 0, seldom), Columns.of(kept, 1, seldom)), readings)

    # A thread a stage, none within a product: threads of BLAS wait for each other at every step, and come to a crawl
    # where anything else wants their core.
    values: Run = {}
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        for found in pool.map(lambda part: run(*part), parts):
            values |= found
    return [_collect(values, i) for i in everything]


@dataclass(frozen=True)
class Reading:
    """What is read off two groups of a stage, in how many draws, and its name among `Replicates`."""

    name: str
    groups: tuple[int, int]
    statistic: Statistic
    draws: int


def _readings(stage: Stage, paired: bool, metric: Metric, estimate: Estimate) -> list[Reading]:
    value, fallback = estimate.value, estimate.fallback
    shown = None if estimate.shown is None else _columns(estimate.shown)
    resampled = metric.kind == "signed" and metric.interval != "half-sample"
    read: dict[Stage, list[tuple[str, tuple[int, int], Statistic | None]]] = {
        "observed": [("observed", (0, 1), value), ("fallback", (0, 1), fallback), ("shown", (0, 1), shown)],
        "split": [
            ("floor", (0, 1), value),
            ("split", (0, 2), value),
            ("half", (1, 2), value if paired else None),
            ("fallback_floor", (0, 1), fallback),
            ("fallback_split", (0, 2), fallback),
        ],
        "bootstrap": [
            ("bootstrap", (0, 1), value if resampled else None),
            ("shown_bootstrap", (0, 1), shown if metric.relative else None),
        ],
        "null": [("null", (0, 1), value), ("fallback_null", (0, 1), fallback)],
    }
    draws = FEW.get(stage, SUBSETS) if metric.dear else BOOTSTRAPS
    return [Reading(name, groups, statistic, draws) for name, groups, statistic in read[stage] if statistic is not None]


def _columns(shown: Callable[[Sums, Sums], tuple[Floats, Floats]]) -> Statistic:
    return lambda real, sim: np.column_stack(shown(real, sim))


def _run(stage: Stage, plan: Plan, sides: tuple[Columns, Columns], readings: Sequence[tuple[int, Reading]]) -> Run:
    rows = max(8, min(250, MAX_SUMS // sides[0].widest, MAX_WEIGHTS // max(plan.sizes)))
    run: Run = {}
    for block, groups in enumerate((_nulls if stage == "null" else _groups)(stage, plan, sides, rows)):
        for i, reading in readings:
            wanted = reading.draws - block * rows
            if wanted > 0:
                first, second = (groups[k] if wanted >= rows else First(groups[k], wanted) for k in reading.groups)
                run.setdefault((reading.name, i), []).append(reading.statistic(first, second))
    return run


def _blocks_read(readings: Iterable[Reading], blocks: dict[str, tuple[Block, Block]]) -> set[str]:
    """The blocks that are asked for: seen from the first user of each side, as no values decide it."""
    names = {"users"}
    first = {name: (real[:1], sim[:1]) for name, (real, sim) in blocks.items()}
    real, sim = (Noted(WeightedSums([(np.ones((1, 1)), Columns.of(first, side))]), names) for side in (0, 1))
    with np.errstate(all="ignore"):
        for reading in readings:
            reading.statistic(real, sim)
    return names


def _groups(stage: Stage, plan: Plan, sides: tuple[Columns, Columns], rows: int) -> Iterator[list[Sums]]:
    """All of real users but the last, which is of simulated ones."""
    for weights in plan.weights(stage, rows):
        real, sim = (weights, weights[-1]) if plan.paired else (weights[:-1], weights[-1])
        yield [*(WeightedSums([(group, sides[0])]) for group in real), WeightedSums([(sim, sides[1])])]


def _nulls(stage: Stage, plan: Plan, sides: tuple[Columns, Columns], rows: int) -> Iterator[list[Sums]]:
    n = plan.sizes[0]
    ones = [(np.ones((1, size)), side) for size, side in zip(plan.sizes, sides, strict=True)]
    total = WeightedSums(ones)
    if plan.paired:
        real, lost = WeightedSums(ones[:1]), sides[0].minus(sides[1])
    for group, *others in plan.weights(stage, rows):
        if plan.paired:
            first: Sums = Complement(real, WeightedSums([(group, lost)]))
        else:
            first = WeightedSums([(group[:, :n], sides[0]), (group[:, n:], sides[1])])
        if others:
            yield [first, WeightedSums([(others[0][:, :n], sides[0]), (others[0][:, n:], sides[1])])]
        else:
            yield [first, Complement(total, first)]


def _collect(run: Run, index: int) -> Replicates:
    def values(name: str) -> Floats:
        parts = run.get((name, index))
        return np.concatenate(parts) if parts else np.empty(0)

    def shown(name: str) -> Floats:
        return values(name).reshape(-1, 2)

    def mean(draws: Floats) -> float:
        return float(draws.mean()) if len(draws) else float("nan")

    names = ("floor", "split", "half", "bootstrap", "null", "fallback_floor", "fallback_split", "fallback_null")
    return Replicates(
        observed=mean(values("observed")),
        fallback=mean(values("fallback")),
        real=mean(shown("shown")[:, 0]),
        sim=mean(shown("shown")[:, 1]),
        real_bootstrap=shown("shown_bootstrap")[:, 0],
        **{name: values(name) for name in names},
    )
