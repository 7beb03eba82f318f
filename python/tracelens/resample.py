"""The resampling engine: a resample is a weight vector over users, a block of them one matrix product.

All user columns are integers or multiples of 2^-20, so every sum is exact in float64 and no thread, block or order can
change a byte. One set of half splits, bootstraps and permutations serves all metrics, which so stay correlated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tracelens.align import Block, Floats, Pair
from tracelens.metric import Estimate, Metric, Sums

SPLITS = 200
BOOTSTRAPS = 1000
PERMUTATIONS = 999
SUBSETS = 50
"""Draws of the larger side where a metric compares equally many users."""
MAX_CELLS = 1 << 21
"""Sums, or weights, held at once for one block: 16 MiB of float64, of which a handful live at a time."""

Stage = Literal["observed", "split", "bootstrap", "null"]


class Columns:
    """User columns of one side: dense ones side by side in one matrix, sparse ones each by itself."""

    def __init__(self, blocks: dict[str, Block]) -> None:
        self.slices: dict[str, slice] = {}
        self.sparse: dict[str, Block] = {}
        dense = []
        start = 0
        for name, block in blocks.items():
            if isinstance(block, np.ndarray):
                self.slices[name] = slice(start, start + block.shape[1])
                start += block.shape[1]
                dense.append(block)
            else:
                self.sparse[name] = block.T.tocsr()
        self.dense = np.ascontiguousarray(np.hstack(dense))
        self.widest = max([start, *(block.shape[0] for block in self.sparse.values())])


class WeightedSums:
    """Sums of columns under weights, each taken when first asked for.

    Parameters
    ----------
    parts : sequence of (weights, columns)
        Weights of shape (B, U); the sums over all parts are added (a group drawn from both sides has two).
    """

    def __init__(self, parts: Sequence[tuple[Floats, Columns]]) -> None:
        self._parts = parts
        self._dense: Floats | None = None
        self._sparse: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        columns = self._parts[0][1]
        if name in columns.slices:
            if self._dense is None:
                self._dense = self._add([weights @ part.dense for weights, part in self._parts])
            return self._dense[:, columns.slices[name]]
        if name not in self._sparse:
            sums = [part.sparse[name] @ np.ascontiguousarray(weights.T) for weights, part in self._parts]
            self._sparse[name] = np.ascontiguousarray(self._add(sums).T)
        return self._sparse[name]

    @staticmethod
    def _add(sums: list[Floats]) -> Floats:
        return sums[0] if len(sums) == 1 else sums[0] + sums[1]


class Complement:
    """Sums of everyone who is not in the other group: total minus other, exact."""

    def __init__(self, total: Sums, other: Sums) -> None:
        self._total = total
        self._other = other
        self._rest: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._rest:
            self._rest[name] = self._total[name] - self._other[name]
        return self._rest[name]


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
        """
        stages: tuple[Stage, ...] = ("observed", "split", "bootstrap", "null")
        seed = np.random.SeedSequence([self.seed, stages.index(stage)])
        generator = np.random.Generator(np.random.PCG64(seed))
        draw = getattr(self, f"_{stage}")
        left = self.draws(stage)
        while left:
            block = [draw(generator) for _ in range(min(rows, left))]
            left -= len(block)
            yield [np.stack(group) for group in zip(*block, strict=True)]

    def _observed(self, generator: np.random.Generator) -> list[Floats]:
        return [_subset(generator, size, drawn) for size, drawn in zip(self.sizes, self.drawn, strict=True)]

    def _split(self, generator: np.random.Generator) -> list[Floats]:
        order = generator.permutation(self.sizes[0])
        first, second = (_indicator(self.sizes[0], order[i * self.half : (i + 1) * self.half]) for i in (0, 1))
        return [first, second, second if self.paired else _subset(generator, self.sizes[1], self.half)]

    def _bootstrap(self, generator: np.random.Generator) -> list[Floats]:
        real, sim = (
            np.bincount(generator.integers(0, size, drawn), minlength=size).astype(np.float64)
            for size, drawn in zip(self.sizes, self.drawn, strict=True)
        )
        return [real, real if self.paired else sim]

    def _null(self, generator: np.random.Generator) -> list[Floats]:
        if self.paired:
            swapped = generator.integers(0, 2, self.sizes[0]).astype(np.float64)
            return [np.concatenate([1 - swapped, swapped])]
        order = generator.permutation(sum(self.sizes))
        first = _indicator(len(order), order[: self.drawn[0]])
        if self.drawn == self.sizes:
            return [first]
        return [first, _indicator(len(order), order[self.drawn[0] : sum(self.drawn)])]


def _indicator(size: int, members: np.ndarray) -> Floats:
    weights = np.zeros(size)
    weights[members] = 1.0
    return weights


def _subset(generator: np.random.Generator, size: int, drawn: int) -> Floats:
    return np.ones(size) if drawn == size else _indicator(size, generator.permutation(size)[:drawn])


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


def resample(pair: Pair, estimates: Sequence[tuple[Metric, Estimate]], seed: int) -> list[Replicates]:
    """Run one set of resamples through all estimates.

    Parameters
    ----------
    pair : Pair
        Its blocks hold the user columns of all estimates.
    estimates : sequence of (metric, computable estimate)
    seed : int

    Returns
    -------
    list of Replicates
        One per estimate, in order.
    """
    sizes = (pair.real.size, pair.sim.size)
    smaller = (min(sizes), min(sizes))
    full = Plan(pair.paired, sizes, sizes, seed)
    equal = Plan(pair.paired, sizes, smaller, seed)
    blocks = {**pair.blocks, "users": (np.ones((sizes[0], 1)), np.ones((sizes[1], 1)))}
    sides = (
        Columns({name: block[0] for name, block in blocks.items()}),
        Columns({name: block[1] for name, block in blocks.items()}),
    )
    results: list[Replicates | None] = [None] * len(estimates)
    for plan in (full, equal) if smaller != sizes else (full,):
        mine = [
            i for i, (metric, _) in enumerate(estimates) if (plan is equal) == (metric.equal_users and smaller != sizes)
        ]
        for index, replicates in zip(mine, _run(plan, sides, [estimates[i] for i in mine]), strict=True):
            results[index] = replicates
    return [replicates for replicates in results if replicates is not None]


def _run(plan: Plan, sides: tuple[Columns, Columns], estimates: Sequence[tuple[Metric, Estimate]]) -> list[Replicates]:
    rows = max(8, min(250, MAX_CELLS // max(sides[0].widest, *plan.sizes)))
    runs: dict[str, list[list[Floats]]] = {}

    def keep(stage: str, index: int, values: Floats) -> None:
        runs.setdefault(stage, [[] for _ in estimates])[index].append(values)

    for real, sim in _groups(plan, sides, "observed", rows):
        for i, (_, estimate) in enumerate(estimates):
            keep("observed", i, _value(estimate, real, sim))
            if estimate.fallback:
                keep("fallback", i, estimate.fallback(real, sim))
            if estimate.shown:
                left, right = estimate.shown(real, sim)
                keep("real", i, left)
                keep("sim", i, right)
    for first, second, sim in _splits(plan, sides, rows):
        for i, (_, estimate) in enumerate(estimates):
            keep("floor", i, _value(estimate, first, second))
            keep("split", i, _value(estimate, first, sim))
            if plan.paired:
                keep("half", i, _value(estimate, second, sim))
            if estimate.fallback:
                keep("fallback_floor", i, estimate.fallback(first, second))
                keep("fallback_split", i, estimate.fallback(first, sim))
    for real, sim in _groups(plan, sides, "bootstrap", rows):
        for i, (metric, estimate) in enumerate(estimates):
            if metric.kind == "signed" and metric.interval != "half-sample":
                keep("bootstrap", i, _value(estimate, real, sim))
            if metric.relative and estimate.shown:
                keep("real_bootstrap", i, estimate.shown(real, sim)[0])
    for real, sim in _nulls(plan, sides, rows):
        for i, (_, estimate) in enumerate(estimates):
            keep("null", i, _value(estimate, real, sim))
            if estimate.fallback:
                keep("fallback_null", i, estimate.fallback(real, sim))
    return [_collect(runs, i) for i in range(len(estimates))]


def _value(estimate: Estimate, real: Sums, sim: Sums) -> Floats:
    assert estimate.value is not None, "only computable estimates are resampled"
    return estimate.value(real, sim)


def _groups(plan: Plan, sides: tuple[Columns, Columns], stage: Stage, rows: int) -> Iterator[tuple[Sums, Sums]]:
    for real, sim in plan.weights(stage, rows):
        yield WeightedSums([(real, sides[0])]), WeightedSums([(sim, sides[1])])


def _splits(plan: Plan, sides: tuple[Columns, Columns], rows: int) -> Iterator[tuple[Sums, Sums, Sums]]:
    for first, second, sim in plan.weights("split", rows):
        yield WeightedSums([(first, sides[0])]), WeightedSums([(second, sides[0])]), WeightedSums([(sim, sides[1])])


def _nulls(plan: Plan, sides: tuple[Columns, Columns], rows: int) -> Iterator[tuple[Sums, Sums]]:
    n = plan.sizes[0]
    total = WeightedSums([(np.ones((1, size)), side) for size, side in zip(plan.sizes, sides, strict=True)])
    for group, *others in plan.weights("null", rows):
        first = WeightedSums([(group[:, :n], sides[0]), (group[:, n:], sides[1])])
        if others:
            yield first, WeightedSums([(others[0][:, :n], sides[0]), (others[0][:, n:], sides[1])])
        else:
            yield first, Complement(total, first)


def _collect(runs: dict[str, list[list[Floats]]], index: int) -> Replicates:
    def values(stage: str) -> Floats:
        parts = runs.get(stage, [])
        return np.concatenate(parts[index]) if parts and parts[index] else np.empty(0)

    def point(stage: str) -> float:
        draws = values(stage)
        return float(draws.mean()) if len(draws) else float("nan")

    return Replicates(
        observed=point("observed"),
        fallback=point("fallback"),
        real=point("real"),
        sim=point("sim"),
        **{
            stage: values(stage)
            for stage in (
                "floor",
                "split",
                "half",
                "bootstrap",
                "real_bootstrap",
                "null",
                "fallback_floor",
                "fallback_split",
                "fallback_null",
            )
        },
    )
