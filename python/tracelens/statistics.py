"""Per-user statistics of one side: the hinge between reading (Rust, sees events) and comparing (numpy, sees users)."""

from dataclasses import dataclass
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
        Sorted distinct names of ``scenario``, ``action``, ``item``, ``category`` and ``path``; codes in the tables index them.
    tables : dict of dict of ndarray
        Table name -> column name -> integer array. See ``docs/architecture.md`` for the list.
    meta : dict
        What the log has (clock, valence, exposures, ...), the window length in days, the conversion scenario.
    """

    users: NDArray[Any]
    names: dict[str, list[str]]
    tables: dict[str, dict[str, NDArray[np.int64]]]
    meta: dict[str, Any]
