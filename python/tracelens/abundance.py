"""How much two groups of users did with each of many things: never a whole matrix of resamples by things."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracelens import _core
from tracelens.align import Floats
from tracelens.metric import Sums

Both = tuple[Floats, Floats]
"""Of the first and of the second group, shape (B,) each."""


@dataclass(frozen=True)
class Moments:
    """Sums over things of two groups.

    Attributes
    ----------
    total : all mass.
    things : things with any.
    logs : sum of x ln x.
    squares : sum of squares.
    alone : mass on things of which the other group has nothing.
    """

    total: Both
    things: Both
    logs: Both
    squares: Both
    alone: Both

    def hill(self, group: int, q: int) -> Floats:
        """Effective number of things of order q = 0, 1 or 2, shape (B,) (Hill 1973)."""
        total = self.total[group]
        with np.errstate(all="ignore"):
            if q == 0:
                return self.things[group]
            if q == 1:
                entropy: Floats = np.log(total) - self.logs[group] / total
                return np.exp(entropy)
            squared: Floats = total**2 / self.squares[group]
            return squared


def moments(first: Sums, second: Sums, name: str) -> Moments:
    """Sums over the things of a block, of two groups under B resamples."""
    columns = _taken(_core.moments, first, second, name).T
    return Moments(*((columns[i], columns[i + 1]) for i in range(0, len(columns), 2)))


def richness(first: Sums, second: Sums, name: str) -> Both:
    """Expected number of distinct things among half the smaller mass of the two groups (Hurlbert 1971)."""
    columns = _taken(_core.richness, first, second, name).T
    return columns[0], columns[1]


def _taken(count: Callable[..., Floats], first: Sums, second: Sums, name: str) -> Floats:
    # Several metrics ask for the same.
    known, key = first.taken, (count, id(second), name)
    if key not in known:
        groups = [[_arrays(weights, rows) for weights, rows in sums.parts(name)] for sums in (first, second)]
        known[key] = count(*groups, first.parts(name)[0][1].shape[0])
    return known[key]


def _arrays(weights: Floats, rows: Any) -> tuple[Any, ...]:
    return (
        np.ascontiguousarray(weights, dtype=np.float64),
        rows.indptr.astype(np.int64, copy=False),
        rows.indices.astype(np.int32, copy=False),
        rows.data.astype(np.float64, copy=False),
    )
