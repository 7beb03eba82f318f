"""Put two sides on one footing: the same vocabularies, the rows the design asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tracelens.statistics import FIXED, Statistics

Design = Literal["population", "paired"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Block = Any  # Floats of shape (U, K), or a scipy.sparse csr_matrix of that shape

CODED = {
    "scenario": "scenario",
    "source": "scenario",
    "target": "scenario",
    "root": "scenario",
    "trigger": "scenario",
    "first_touch": "scenario",
    "last_touch": "scenario",
    "action": "action",
    "next_action": "action",
    "item": "item",
    "category": "category",
    "path": "path",
}
HALF_BLOCKS = ("scenario", "action", "category")


def fixed(values: Floats) -> Floats:
    """Round to multiples of 2^-20, so that sums over users are exact in whatever order they are taken."""
    rounded: Floats = np.rint(values * FIXED) / FIXED
    return rounded


def share(part: Floats, whole: Floats) -> Floats:
    """Divide, with 0 for an empty whole (unrounded)."""
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


@dataclass(frozen=True)
class Side:
    """One side with its rows and codes aligned to the other.

    Attributes
    ----------
    users : ndarray of str, shape (U,)
        Sorted ids, one per row.
    tables : dict of dict of ndarray
        As in `Statistics`, ``user`` indexing `users`, codes indexing the common names; the ``users`` table is dense.
    meta : dict
        As in `Statistics`.
    """

    users: NDArray[Any]
    tables: dict[str, dict[str, Ints]]
    meta: dict[str, Any]

    @property
    def size(self) -> int:
        return len(self.users)

    def per_user(self, column: str) -> Floats:
        """Return a column of the users table, shape (U,)."""
        return self.tables["users"][column].astype(np.float64)

    def table(self, name: str, **where: int) -> dict[str, Ints]:
        """Return the rows of a table on which every named column has the given value."""
        table = self.tables[name]
        keep = np.ones(len(table["user"]), dtype=bool)
        for column, value in where.items():
            keep &= table[column] == value
        return {column: values[keep] for column, values in table.items()}

    def totals(self, rows: dict[str, Ints], weight: Ints | Floats) -> Floats:
        """Sum weights of rows of a table by user, shape (U,)."""
        return np.bincount(rows["user"], weight, self.size).astype(np.float64)

    def histogram(self, user: Ints, code: Ints, weight: Ints | Floats, width: int) -> Floats:
        """Sum weights by user and code, shape (U, width)."""
        flat = np.bincount(user * width + code, weights=weight, minlength=self.size * width)
        return flat.astype(np.float64).reshape(self.size, width)

    def sparse(self, user: Ints, code: Ints, weight: Ints | Floats, width: int) -> Block:
        """Sum weights by user and code as a csr matrix, shape (U, width)."""
        from scipy.sparse import csr_matrix

        matrix = csr_matrix((np.asarray(weight, dtype=np.float64), (user, code)), shape=(self.size, width))
        matrix.sum_duplicates()
        return matrix


@dataclass(frozen=True)
class Pair:
    """The real side and one simulated side, aligned.

    Attributes
    ----------
    names : dict of list of str
        Common sorted vocabularies.
    design : {"population", "paired"}
        Paired: both sides have the same rows.
    roster : bool
        Whether users without events are known and counted.
    blocks : dict of tuple
        User columns by name, (real, simulated), filled by the axes and read by the engine.
    memo : dict
        What several metrics are made of and is dear to find.
    """

    real: Side
    sim: Side
    names: dict[str, list[str]]
    design: Design
    roster: bool
    blocks: dict[str, tuple[Block, Block]] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.real, self.sim

    @property
    def paired(self) -> bool:
        return self.design == "paired"

    def has(self, what: str) -> bool:
        """Whether both logs have something (``clock``, ``valence``, ``exposures``, ``items``, ``categories``)."""
        return all(bool(side.meta.get(f"has_{what}", False)) for side in self.sides)

    def chosen(self, masks: Sequence[Mask]) -> tuple[Mask, Mask]:
        """Users chosen on each side: of pairs by the real ones, lest a simulation choose who is looked at."""
        return (masks[0], masks[0]) if self.paired else (masks[0], masks[1])

    def add(self, name: str, real: Block, sim: Block) -> str:
        """Register user columns; vectors become one column."""
        self.blocks[name] = (_column(real), _column(sim))
        return name


def _column(block: Block) -> Block:
    return block[:, None] if isinstance(block, np.ndarray) and block.ndim == 1 else block


def align(real: Statistics, sim: Statistics, design: Design, *, roster: bool = False) -> Pair:
    """Align two sides.

    Parameters
    ----------
    real, sim : Statistics
    design : {"population", "paired"}
        Paired: rows are the union of the ids, users that one side lacks are rows of zeros. Population: each side its
        own rows.
    roster : bool
        Whether users without events are known: then they count. Otherwise the population design keeps users with at
        least one event only, as it cannot know the others.

    Returns
    -------
    Pair
    """
    names = {
        key: sorted({*real.names.get(key, ()), *sim.names.get(key, ())})
        for key in ("scenario", "action", "item", "category", "path")
    }
    rows = [_ids(statistics, keep_idle=roster or design == "paired") for statistics in (real, sim)]
    if design == "paired":
        rows = [np.union1d(*rows)] * 2
    sides = [align_side(statistics, ids, names) for statistics, ids in zip((real, sim), rows, strict=True)]
    return Pair(sides[0], sides[1], names, design, roster or design == "paired")


def _ids(statistics: Statistics, *, keep_idle: bool) -> NDArray[Any]:
    users = np.asarray([str(user) for user in statistics.users], dtype=np.str_)
    return np.unique(users if keep_idle else users[statistics.tables["users"]["events"] > 0])


def align_side(statistics: Statistics, ids: NDArray[Any], names: dict[str, list[str]]) -> Side:
    """Put one side on these rows (sorted ids; others are left out) and these vocabularies."""
    codes = {key: _lookup(statistics.names.get(key, []), common) for key, common in names.items()}
    known = np.asarray([str(user) for user in statistics.users], dtype=np.str_)
    row = np.searchsorted(ids, known)
    present = (
        (row < len(ids)) & (ids[np.minimum(row, len(ids) - 1)] == known)
        if len(ids)
        else np.zeros(len(known), dtype=bool)
    )
    tables: dict[str, dict[str, Ints]] = {}
    for name, table in statistics.tables.items():
        if name == "users":
            tables[name] = {
                column: _scatter(values[present], row[present], len(ids)) for column, values in table.items()
            }
            continue
        keep = present[table["user"]]
        whole = bool(keep.all())
        aligned = {
            column: np.asarray(values) if whole else np.asarray(values)[keep] for column, values in table.items()
        }
        aligned["user"] = row[aligned["user"]]
        for column in aligned:
            if column in CODED:
                aligned[column] = codes[CODED[column]][aligned[column]]
        if name == "halves":
            aligned["code"] = aligned["code"].copy()  # the statistics stay as they are
            for block, key in enumerate(HALF_BLOCKS):
                mine = aligned["block"] == block
                aligned["code"][mine] = codes[key][aligned["code"][mine]]
        tables[name] = aligned
    return Side(ids, tables, statistics.meta)


def _lookup(own: list[str], common: list[str]) -> Ints:
    """Own code -> common code; the last entry serves the code -1 (none)."""
    index = {name: code for code, name in enumerate(common)}
    return np.asarray([*(index[name] for name in own), -1], dtype=np.int64)


def _scatter(values: Ints, row: Ints, size: int) -> Ints:
    dense = np.zeros(size, dtype=np.int64)
    dense[row] = values
    return dense
