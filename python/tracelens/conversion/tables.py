"""Events as tables, written while they are read: Parquet, in partitions if need be, and ndjson."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

import polars as pl

if TYPE_CHECKING:
    from types import TracebackType

AT_ONCE = 1 << 20
"""Events that are kept until they are written together: one group of rows in a Parquet file."""


class Tables:
    """Parquet: one file, or a directory of ``part-*.parquet`` with each user in one of them.

    Parameters
    ----------
    place : path
        File, or directory that is there.
    partitions : int, optional
        Number of files.
    columns : list of str, optional
        Columns to write; all if missing.
    """

    def __init__(self, place: Path, *, partitions: int | None = None, columns: list[str] | None = None) -> None:
        self.events = 0
        self._columns = columns
        width = max(4, len(str((partitions or 1) - 1)))
        self._files = (
            [place] if partitions is None else [place / f"part-{n:0{width}d}.parquet" for n in range(partitions)]
        )
        self._writers: list[Any] = [None] * len(self._files)
        self._waiting: list[pl.DataFrame] = []
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._close(quietly=True)

    def write(self, events: pl.DataFrame) -> None:
        """Take events, and write them when they are enough."""
        self._waiting.append(events)
        self._held += len(events)
        self.events += len(events)
        if self._held >= AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Write what waits, and end the files."""
        self._flush()
        for number, writer in enumerate(self._writers):
            if writer is None:  # a partition without users is there all the same
                empty = pl.DataFrame(_empty()).clear()
                self._write(number, empty if self._columns is None else empty.select(self._columns))
        self._close(quietly=False)

    def _flush(self) -> None:
        if not self._waiting:
            return
        events = pl.concat(self._waiting)
        self._waiting, self._held = [], 0
        parts = [events] if len(self._files) == 1 else _by_user(events, len(self._files))
        for number, part in enumerate(parts):
            if len(part):
                self._write(number, part if self._columns is None else part.select(self._columns))

    def _write(self, number: int, events: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        table = events.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writers[number] is None:
            self._writers[number] = pq.ParquetWriter(self._files[number], table.schema, compression="zstd")
        self._writers[number].write_table(table, row_group_size=AT_ONCE)

    def _close(self, *, quietly: bool) -> None:
        for writer in filter(None, self._writers):
            try:
                writer.close()
            except OSError:
                if not quietly:
                    raise
        self._writers = [None] * len(self._files)


def partition_of(user: str, partitions: int) -> int:
    """The partition of a user: CRC-32 of the id in UTF-8, modulo their number. The same everywhere and always."""
    return crc32(user.encode()) % partitions


def _by_user(events: pl.DataFrame, partitions: int) -> list[pl.DataFrame]:
    users = events["user"].unique()
    numbers = pl.Series("partition", [partition_of(u, partitions) for u in users], dtype=pl.UInt32)
    table = pl.DataFrame({"user": users, "partition": numbers})
    numbered = events.join(table, on="user", how="left", maintain_order="left")
    found = numbered.partition_by("partition", maintain_order=True, include_key=False, as_dict=True)
    none = events.clear()
    return [found.get((number,), none) for number in range(partitions)]


def _empty() -> Any:
    from tracelens import _core

    return _core.ArrowStream.empty()


class Lines:
    """ndjson: one event a line, times as instants in UTC.

    Parameters
    ----------
    place : path
        The file.
    """

    def __init__(self, place: Path) -> None:
        self.events = 0
        self._file = place.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._file.close()

    def write(self, events: pl.DataFrame) -> None:
        """Write events."""
        if "time" in events.columns:
            events = events.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
        events.write_ndjson(self._file)
        self.events += len(events)

    def close(self) -> None:
        """End the file."""
        self._file.close()
