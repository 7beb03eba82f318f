"""A mapping put to the test: the log is read with it, as far as a million events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from tracelens import _core
from tracelens.errors import TracelensError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracelens.traces import Progress

MOST_EVENTS = 1_000_000
"""Events that are tried: what comes later is told by convert and compare."""

COLUMNS = (
    *("user", "time", "time_precision", "seq", "scenario", "action", "role", "valence", "occurred"),
    *("item", "category", "value", "count", "record"),
)
"""All that the core has to make sense of, which texts need not."""

_STEPS = {"min": 60_000_000, "s": 1_000_000, "ms": 1_000}
"""Precision -> microseconds that its times are whole numbers of. Days are not among them: they depend on the zone."""


@dataclass(frozen=True)
class Trial:
    """What reading a log with a mapping gave."""

    report: dict[str, Any] | None = None
    """Files, events in, used and dropped."""
    error: str | None = None
    """What the reader said where it could not go on."""
    code: str | None = None
    actions: tuple[str, ...] = ()
    """All actions, the most common first."""
    users: int = 0
    twice: tuple[str, ...] = ()
    """Ids that stand in the log as whole numbers and with ``.0`` behind them as well."""
    whole: bool = True
    """Whether the log ended before the trial did."""
    finer: frozenset[str] = frozenset()
    """Precisions that are too coarse for some time in the log."""

    @property
    def said(self) -> str:
        """What is wrong, in one line."""
        return (self.error or "").partition("\n")[0].partition(": ")[2]

    @property
    def place(self) -> str:
        """Where it is wrong."""
        found = re.search(r"^ *--> (.*?)(?: {2,}\(|$)", self.error or "", re.MULTILINE)
        return found[1] if found else "somewhere in the log"

    @property
    def useless(self) -> bool:
        """Whether it could not be read to the end, or is of no use."""
        return self.report is None or self.report["events_used"] == 0


def try_mapping(paths: Sequence[str], *, progress: Progress | None = None, **mapping: Any) -> Trial:
    """Read up to a million events.

    Parameters
    ----------
    paths : sequence of str
        Files, directories or glob patterns.
    progress : callable, optional
        Called with the bytes that are read, all there are, and the events so far.
    **mapping
        ``mapping=NAME|FILE`` or ``mapping_text=TEXT``, and ``side``.
    """
    import polars as pl

    actions: dict[str, int] = {}
    users: set[str] = set()
    finer: set[str] = set()
    try:
        groups = iter(_core.EventReader(list(paths), columns=list(COLUMNS), limit=MOST_EVENTS, **mapping))
        for group in groups:
            events = pl.DataFrame(group)
            users.update(events["user"].unique())
            finer |= {p for p, step in _STEPS.items() if (events["time"].to_physical() % step != 0).any()}
            for name, count in events.group_by(pl.col("action").cast(pl.String)).len().iter_rows():
                actions[name] = actions.get(name, 0) + count
            if progress is not None:
                progress(*groups.progress())
        report = orjson.loads(groups.report())
    except TracelensError as error:
        return Trial(error=str(error), code=error.code)
    names = tuple(sorted(actions, key=lambda name: (-actions[name], name)))
    whole = sum(actions.values()) < MOST_EVENTS
    twice = tuple(sorted(u for u in users if u.isdigit() and f"{u}.0" in users))
    return Trial(report, None, None, names, len(users), twice, whole, frozenset(finer))
