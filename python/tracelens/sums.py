"""Sums of user columns under weights: columns of one side, and what groups of users add up to."""

import math
from collections.abc import Sequence, Set
from copy import copy
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from tracelens.align import Block, Floats
from tracelens.metric import Part, Sums

FULL = 1 / 16
"""Share of filled cells above which a sparse block is summed faster as a dense one."""
LARGEST = 1 << 23
"""Cells of a side above which it stays sparse all the same: 64 MiB."""


def dense_if_full(real: Block, sim: Block) -> tuple[Block, Block]:
    """Give both sides of a block as matrices without gaps where that is faster."""
    if isinstance(real, np.ndarray):
        return real, sim
    cells = [math.prod(block.shape) for block in (real, sim)]
    if real.nnz + sim.nnz < FULL * sum(cells) or max(cells) > LARGEST:
        return real, sim
    return real.toarray(), sim.toarray()


class Columns:
    """User columns of one side: dense ones side by side in one matrix, sparse ones each by itself.

    Those that are seldom read are a matrix of their own, so that they are seldom summed.
    """

    def __init__(self, blocks: dict[str, Block], seldom: Set[str] = frozenset()) -> None:
        self.slices: dict[str, tuple[int, slice]] = {}
        self.sparse: dict[str, Block] = {}
        dense: list[list[Floats]] = [[], []]
        ends = [0, 0]
        for name, block in blocks.items():
            if isinstance(block, np.ndarray):
                matrix = int(name in seldom)
                self.slices[name] = matrix, slice(ends[matrix], ends[matrix] + block.shape[1])
                ends[matrix] += block.shape[1]
                dense[matrix].append(block)
            else:
                self.sparse[name] = block.T.tocsr()
        self.dense = [np.hstack(matrix) if matrix else np.empty((0, 0)) for matrix in dense]
        self.widest = max([*ends, *(block.shape[0] for block in self.sparse.values())])
        self._by_thing: dict[str, Block] = {}

    @classmethod
    def of(cls, blocks: dict[str, tuple[Block, Block]], side: int, seldom: Set[str] = frozenset()) -> "Columns":
        """The columns of the real side (0) or of the simulated one (1)."""
        return cls({name: both[side] for name, both in blocks.items()}, seldom)

    def of_block(self, name: str) -> Floats:
        """A dense block."""
        matrix, columns = self.slices[name]
        return self.dense[matrix][:, columns]

    def by_thing(self, name: str) -> Block:
        """A block as a sparse matrix of things by users."""
        if name in self.slices and name not in self._by_thing:
            self._by_thing[name] = csr_array(self.of_block(name).T)
        return self._by_thing[name] if name in self.slices else self.sparse[name]

    def minus(self, other: "Columns") -> "Columns":
        """What each user has more of than the same user in the other columns."""
        rest = copy(self)
        rest.dense = [mine - theirs for mine, theirs in zip(self.dense, other.dense, strict=True)]
        rest.sparse = {name: block - other.sparse[name] for name, block in self.sparse.items()}
        rest._by_thing = {}
        return rest


class WeightedSums:
    """Sums of columns under weights, each taken when first asked for.

    Parameters
    ----------
    parts : sequence of (weights, columns)
        Weights of shape (B, U); the sums over all parts are added (a group drawn from both sides has two).
    """

    def __init__(self, parts: Sequence[tuple[Floats, Columns]]) -> None:
        self.taken: dict[Any, Floats] = {}
        self._parts = parts
        self._turned: list[Floats] = []
        self._dense: dict[int, Floats] = {}
        self._sparse: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        columns = self._parts[0][1]
        if name in columns.slices:
            matrix, kept = columns.slices[name]
            if matrix not in self._dense:
                self._dense[matrix] = self._add([weights @ part.dense[matrix] for weights, part in self._parts])
            return self._dense[matrix][:, kept]
        if name not in self._sparse:
            self._turned = self._turned or [np.ascontiguousarray(weights.T) for weights, _ in self._parts]
            sums = [part.sparse[name] @ turned for turned, (_, part) in zip(self._turned, self._parts, strict=True)]
            self._sparse[name] = np.ascontiguousarray(self._add(sums).T)
        return self._sparse[name]

    def parts(self, name: str) -> list[Part]:
        """What a block adds up from."""
        return [(weights, part.by_thing(name)) for weights, part in self._parts]

    @staticmethod
    def _add(sums: list[Floats]) -> Floats:
        return sums[0] if len(sums) == 1 else sums[0] + sums[1]


class Complement:
    """Sums of everyone who is not in the other group: total minus other, exact."""

    def __init__(self, total: Sums, other: Sums) -> None:
        self.taken: dict[Any, Floats] = {}
        self._total = total
        self._other = other
        self._rest: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._rest:
            self._rest[name] = self._total[name] - self._other[name]
        return self._rest[name]

    def parts(self, name: str) -> list[Part]:
        """What a block adds up from: the total, less the other."""
        total, other = self._total.parts(name), self._other.parts(name)
        if len(total) == len(other) and all(a is b for (_, a), (_, b) in zip(total, other, strict=True)):
            return [(whole - weights, block) for (whole, block), (weights, _) in zip(total, other, strict=True)]
        return [*total, *((-weights, block) for weights, block in other)]


class First:
    """The first rows of sums."""

    def __init__(self, sums: Sums, rows: int) -> None:
        self.taken: dict[Any, Floats] = {}
        self._sums = sums
        self._rows = rows

    def __getitem__(self, name: str) -> Floats:
        return self._sums[name][: self._rows]

    def parts(self, name: str) -> list[Part]:
        """What a block adds up from; the one row of all resamples stays."""
        return [(weights[: self._rows], block) for weights, block in self._sums.parts(name)]


class Noted:
    """Sums that note which blocks are asked for."""

    def __init__(self, sums: Sums, names: set[str]) -> None:
        self.taken: dict[Any, Floats] = {}
        self._sums = sums
        self._names = names

    def __getitem__(self, name: str) -> Floats:
        self._names.add(name)
        return self._sums[name]

    def parts(self, name: str) -> list[Part]:
        """What a block adds up from."""
        self._names.add(name)
        return self._sums.parts(name)
