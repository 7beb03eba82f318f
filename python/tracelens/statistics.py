"""Per-user statistics of one side: the hinge between reading (Rust, sees events) and comparing (numpy, sees users)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIXED = float(1 << 20)
"""Shares are kept as multiples of 2^-20, so that sums over users are exact in float64 in whatever order."""


@dataclass(frozen=True)
class Statistics:
    """Sufficient statistics of every user of one side, within one observation window.

    Attributes
    ----------
    users : ndarray of str, shape (U,)
        Sorted ids of all users of the side, also those without an event in the window.
    names : dict of list of str
        Sorted distinct names of ``scenario``, ``action``, ``item``, ``category``, and ``path``: codes index them.
    tables : dict of dict of ndarray
        Table name -> column name -> integer array. See ``docs/architecture.md`` for the list.
    meta : dict
        What the log has (clock, valence, exposures, ...), the window length in days, the conversion scenario.
    steps : list of list of int
        Of each path its scenarios, oldest first: a name of ``path`` cannot be taken apart if a scenario holds a ``>``.
    """

    users: NDArray[Any]
    names: dict[str, list[str]]
    tables: dict[str, dict[str, NDArray[np.int64]]]
    meta: dict[str, Any]
    steps: list[list[int]] = field(default_factory=list)

    def only(self, kept: "list[bool] | NDArray[np.bool_]") -> "Statistics":
        """Keep some of the users: a mask of shape (U,)."""
        mask = np.asarray(kept, dtype=bool)
        return self._moved(self.users[mask], np.where(mask, np.cumsum(mask) - 1, -1))

    def with_users(self, users: "Iterable[str]") -> "Statistics":
        """Add users without events: a roster knows people whom a log does not."""
        union = np.unique(np.concatenate([self.users, np.array([*users], dtype=object)]))
        return self._moved(union, np.searchsorted(union, self.users))

    def _moved(self, users: NDArray[Any], position: NDArray[np.int64]) -> "Statistics":
        """Row ``i`` becomes row ``position[i]`` of the new users; -1 drops it."""
        tables: dict[str, dict[str, NDArray[np.int64]]] = {}
        for name, table in self.tables.items():
            row = position if name == "users" else position[table["user"]]
            kept = row >= 0
            if name == "users":
                tables[name] = {column: np.zeros(len(users), dtype=np.int64) for column in table}
                for column, values in table.items():
                    tables[name][column][row[kept]] = values[kept]
            else:
                tables[name] = {c: (row if c == "user" else values)[kept] for c, values in table.items()}
        return replace(self, users=users, tables=tables)
