"""Traces of one side: read from logs or handed over as a frame, and summarised into user statistics."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson

from tracelens import _core
from tracelens.statistics import Statistics

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[int, int, int], None]
"""To be told the bytes that are read, all there are, and the events so far."""

Path = str | PathLike[str]


@dataclass(frozen=True)
class Traces:
    """All events of one side, gathered by user.

    Built by :func:`read_traces` or :meth:`from_frame`.
    """

    core: _core.Traces
    about: dict[str, Any]
    """What the mapping and the events say about the side as a whole: zone, clock, valence, exposures, days."""

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        zone: str | None = None,
        exposure_by_record: bool = False,
        given: Iterable[str] = (),
        jobs: int | None = None,
    ) -> "Traces":
        """Take canonical events from a polars frame or anything else that speaks the Arrow stream interface.

        Parameters
        ----------
        frame : object with ``__arrow_c_stream__``
            Columns as in the ``events`` mapping; ``user`` and ``action`` are required.
        zone : str, optional
            IANA name of the zone in which days are counted; UTC if missing.
        exposure_by_record : bool
            Whether each record is one exposure.
        given : iterable of str
            Columns that a simulator was given rather than simulated.
        jobs : int, optional
            Number of threads; all cores if missing.

        Raises
        ------
        TracelensError
            TL215 for a missing column or a wrong type, TL212 for a frame without events.
        """
        text = mapping_text(zone=zone, exposure_by_record=exposure_by_record, given=given)
        core = _core.Traces.from_arrow(frame, text, jobs)
        return cls(core, core.description())

    @property
    def users(self) -> list[str]:
        """Sorted ids of all users with an event."""
        return self.core.users

    @property
    def zone(self) -> str:
        """Zone in which days are counted."""
        return self.about["zone"] or "UTC"

    @property
    def exposure_by_record(self) -> bool:
        """Whether each record is one exposure."""
        return bool(self.about["exposure_by_record"])

    def __len__(self) -> int:
        return len(self.core)

    def names(self, column: str) -> list[str]:
        """Sorted distinct values of ``scenario``, ``action``, ``item`` or ``category``."""
        return self.core.names(column)

    def to_polars(self, columns: list[str] | None = None) -> "pl.DataFrame":
        """Return the events in canonical columns and order (``columns``: only these)."""
        import polars as pl

        return pl.DataFrame(self.core.events(columns))

    def reading(self) -> dict[str, Any]:
        """Files, events in, used and dropped by reason; of a frame only the number of events."""
        report = self.core.report()
        if report is None:
            n = len(self)
            return {
                "files": [],
                "skipped": [],
                "events_in": n,
                "events_used": n,
                "dropped": {},
                "examples": {},
                "notes": [],
            }
        return dict(orjson.loads(report))

    def statistics(
        self,
        *,
        days: tuple[int, int] | None = None,
        entry: Mapping[str, int] | None = None,
        conversion_scenario: str | None = None,
        jobs: int | None = None,
        starts: bool = False,
        look_backs: bool = False,
    ) -> Statistics:
        """Fold every trace into user statistics.

        Parameters
        ----------
        days : (int, int), optional
            Observation window in local days since 1970-01-01, half open. The whole log if missing.
        entry : mapping of str to int, optional
            Each user's own first day, in place of that of ``days``, whose length is kept. Others are left out.
        conversion_scenario : str, optional
            Scenario whose runs count as conversions of the linked lead; the one with most conversions if missing.
        jobs : int, optional
            Number of threads.
        starts : bool
            Also the tables ``spans`` and ``starts``, which states need to be merged.
        look_backs : bool
            Also the tables ``look_backs`` and ``first_touches``: what led to conversions in 1, 7 and 14 days, beside
            controls that led to none; and the waits from first touches to conversions, with those that still last.
        """
        if days is None and self.about["has_clock"]:
            days = (self.about["first_day"], self.about["last_day"] + 1)
        entries = None if entry is None else dict(entry)
        raw = self.core.summarise(days, entries, conversion_scenario, jobs, starts=starts, look_backs=look_backs)
        meta = {
            **self.about,
            "days": None if days is None else days[1] - days[0],
            "conversion_scenario": raw["conversion_scenario"],
            "outside": raw["outside"],
        }
        users = np.array(self.users, dtype=object)
        statistics = Statistics(users, raw["names"], raw["tables"], meta, raw["steps"])
        return statistics if entry is None else statistics.only([u in entry for u in self.users])


def read_traces(
    path: Path | Iterable[Path],
    mapping: str | None = None,
    *,
    on_bad_row: Literal["error", "drop"] = "error",
    max_bad: float | None = None,
    text: bool = False,
    jobs: int | None = None,
    side: str | None = None,
    memory: int | None = None,
    progress: Progress | None = None,
) -> Traces:
    """Read logs.

    Parameters
    ----------
    path : path or iterable of paths
        Files, directories or glob patterns.
    mapping : str, optional
        Name of a built-in mapping or path of a mapping file. If missing: the ``tracelens.toml`` in the directory or
        the ``LOG.toml`` beside the file, else the built-in mapping that fits.
    on_bad_row : {"error", "drop"}
        Stop at a row that cannot be read, or count it by reason and go on.
    max_bad : float, optional
        Share of rows in [0, 1] that may be dropped.
    text : bool
        Keep the text column.
    jobs : int, optional
        Number of threads; all cores if missing.
    side : str, optional
        The side to read, of a log whose mapping has two.
    memory : int, optional
        Bytes that may be used, about; events beyond that wait on disk, in the directory for temporary files. Never
        changes a result. All events stay in memory if missing.
    progress : callable, optional
        Called a few times a second with the bytes that are read, all there are, and the events so far.

    Raises
    ------
    TracelensError
        TL1xx for the mapping, TL2xx for the data.
    """
    paths = [path] if isinstance(path, str | PathLike) else list(path)
    files = [fspath(p) for p in paths]
    core = _core.Traces.read(
        files, mapping, on_bad_row, max_bad, text, jobs, side=side, memory=memory, progress=progress
    )
    return Traces(core, core.description())


def mapping_text(
    *,
    zone: str | None = None,
    exposure_by_record: bool = False,
    given: Iterable[str] = (),
    form: str = "ndjson",
    columns: Iterable[str] | None = None,
) -> str:
    """Write the mapping of canonical events with what their columns cannot say: zone, exposures, given columns.

    ``form`` is the format of their file, ``columns`` are those that it has: all if missing.
    """
    all_columns = [
        *("user", "seq", "scenario", "action", "role", "valence", "occurred"),
        *("item", "category", "value", "count", "text", "record", "time_precision"),
    ]
    there = {*all_columns, "time"} if columns is None else set(columns)
    time = {"path": "time", "format": ["rfc3339", "%Y-%m-%d"], "optional": True}
    time |= {} if zone is None else {"zone": zone}
    lines = ["version = 1", 'name = "events"', f'format = "{form}"']
    if exposure_by_record:
        lines += ["[rows]", 'exposure = "record"']
    fields = ", ".join(f"{key} = {orjson.dumps(value).decode()}" for key, value in time.items())
    lines += ["[event]", *([f"time = {{ {fields} }}"] if "time" in there else [])]
    lines += [f'{column} = "{column}"' for column in all_columns if column in there]
    if given := list(given):
        lines += ["[given]", f"columns = {orjson.dumps(given).decode()}"]
    return "\n".join(lines) + "\n"
