"""Logs of any format as canonical Parquet or ndjson, or as the formats of process mining, XES and OCEL.

Parquet and ndjson are written while the logs are read, in the memory of a few groups of files. XES and OCEL tell of
cases and objects, so that all events have to be gathered first.
"""

from __future__ import annotations

from contextlib import ExitStack
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from tracelens.atomic import require_free, whole
from tracelens.errors import TracelensError
from tracelens.plural import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracelens.traces import Progress

Form = Literal["parquet", "ndjson", "xes", "ocel"]
FORMS: tuple[Form, ...] = get_args(Form)
SUFFIXES: dict[str, Form] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".xes": "xes",
    ".json": "ocel",
    ".jsonocel": "ocel",
}
"""By which the format is chosen, where it is not said."""

COLUMNS = (
    *("user", "time", "time_precision", "seq", "scenario", "action", "role", "valence", "occurred"),
    *("item", "category", "value", "count", "text", "record"),
)
MAPPING_FILE = "tracelens.toml"
_MARK = "# Written by tracelens convert"


def convert(
    logs: str | PathLike[str] | Iterable[str | PathLike[str]],
    output: str | PathLike[str],
    *,
    to: Form | None = None,
    mapping: str | None = None,
    side: str | None = None,
    partitions: int | None = None,
    columns: Iterable[str] | None = None,
    on_bad_row: Literal["error", "drop"] = "error",
    max_bad: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write logs as canonical events, whole or not at all.

    Parameters
    ----------
    logs : path or iterable of paths
        Files, directories or glob patterns.
    output : path
        File to write, or directory with ``partitions``. A file is replaced, a directory must be empty.
    to : {"parquet", "ndjson", "xes", "ocel"}, optional
        Format; by the suffix of ``output`` if missing.
    mapping : str, optional
        As in :func:`tracelens.traces.read_traces`.
    side : str, optional
        The side to take, of a log that holds both.
    partitions : int, optional
        Write a directory of so many Parquet files. Each user is wholly in one, chosen by a hash of the id that is the
        same everywhere and always.
    columns : iterable of str, optional
        Only these columns; Parquet and ndjson.
    on_bad_row, max_bad
        As in :func:`tracelens.traces.read_traces`.
    progress : callable, optional
        Called with the bytes that are read, all there are, and the events so far.

    Returns
    -------
    dict
        ``files``, ``events_in``, ``events_used``, ``dropped`` by reason, ``notes`` as read; ``output``, ``bytes``,
        ``events`` written, and ``mapping``: the file that tells what columns cannot, or None.

    Raises
    ------
    TracelensError
        TL110 for options that do not go together, TL1xx for the mapping, TL2xx for the data, TL211 where the output
        cannot be written.
    """
    paths = [fspath(p) for p in ([logs] if isinstance(logs, str | PathLike) else logs)]
    target = Path(output)
    form = _form(target, to, partitions)
    chosen = _columns(columns, form)
    require_free(target, paths, directory=partitions is not None)
    reading = {"mapping": mapping, "side": side, "on_bad_row": on_bad_row, "max_bad": max_bad}
    if form in ("xes", "ocel"):
        return _gathered(paths, target, form, reading, progress)
    return _streamed(paths, target, form, reading, chosen, partitions, progress)


def _form(target: Path, to: Form | None, partitions: int | None) -> Form:
    form = to or SUFFIXES.get(target.suffix.lower()) or ("parquet" if partitions is not None else None)
    if form is None:
        known = ", ".join(SUFFIXES)
        help = f"end it in one of {known}, or say the format with --to"
        raise TracelensError.new(110, f"{target} does not say its format", help=help)
    if form not in FORMS:
        raise TracelensError.new(110, f"no format {form!r}", help=f"formats: {', '.join(FORMS)}")
    if partitions is not None and (form != "parquet" or partitions < 1):
        raise TracelensError.new(
            110, f"{many(partitions, 'partition')} of {form}", help="partitions, at least 1, are of Parquet"
        )
    return form


def _columns(columns: Iterable[str] | None, form: Form) -> list[str] | None:
    if columns is None:
        return None
    asked = set(columns)
    if form in ("xes", "ocel"):
        raise TracelensError.new(
            110, f"columns cannot be chosen for {form}", help="write Parquet or ndjson, or leave them out"
        )
    strangers = sorted(asked - set(COLUMNS))
    if strangers or not asked:
        named = f"an event has no column {strangers[0]!r}" if strangers else "no columns"
        raise TracelensError.new(110, named, help=f"columns: {', '.join(COLUMNS)}")
    return [c for c in COLUMNS if c in asked]


def _streamed(
    paths: list[str],
    target: Path,
    form: Form,
    reading: Mapping[str, Any],
    columns: list[str] | None,
    partitions: int | None,
    progress: Progress | None,
) -> dict[str, Any]:
    import orjson
    import polars as pl

    from tracelens import _core
    from tracelens.conversion.tables import Lines, Tables

    # The hash is of the user, whoever wants to see it.
    read = columns if columns is None or partitions is None or "user" in columns else ["user", *columns]
    reader = _core.EventReader(paths, columns=read, **reading)
    says = _says(reader.description(), form, columns or list(COLUMNS))
    beside = _side_file(target, directory=partitions is not None)
    with ExitStack() as stack:
        place = stack.enter_context(whole(target, directory=partitions is not None))
        writer: Lines | Tables = (
            Lines(place) if form == "ndjson" else Tables(place, partitions=partitions, columns=columns)
        )
        stack.enter_context(writer)
        groups = iter(reader)
        for group in groups:
            writer.write(pl.DataFrame(group))
            if progress is not None:
                progress(*groups.progress())
        report = orjson.loads(groups.report())
        _require_events(report, paths)
        if says is not None and partitions is not None:
            (place / MAPPING_FILE).write_text(says, encoding="utf-8")
        elif says is not None:
            stack.enter_context(whole(beside)).write_text(says, encoding="utf-8")
        # Closed before it takes its place: the last of it may not fit on the disk.
        writer.close()
    if says is None and partitions is None:
        beside.unlink(missing_ok=True)  # of what was here before: these events would be read with it
    return _summary(report, target, writer.events, None if says is None else beside)


def _gathered(
    paths: list[str], target: Path, form: Form, reading: Mapping[str, Any], progress: Progress | None
) -> dict[str, Any]:
    from tracelens.conversion import ocel, xes
    from tracelens.traces import read_traces

    traces = read_traces(paths, text=True, progress=progress, **reading)
    listed = traces.to_polars()
    events = listed.filter(listed["occurred"])
    if events.is_empty():
        raise TracelensError.new(
            212, f"nothing that is listed in {', '.join(paths)} happened", help="write Parquet or ndjson"
        )
    with whole(target) as place:
        (xes if form == "xes" else ocel).write(events, place)
    report = traces.reading()
    if len(events) < len(listed):
        report["notes"].append(f"{many(len(listed) - len(events), 'event')} listed that did not happen: left out")
    return _summary(report, target, len(events), None)


def _says(about: Mapping[str, Any], form: Form, columns: list[str]) -> str | None:
    """A mapping with what the columns of the events cannot say: zone, exposures by record, given columns."""
    from tracelens.traces import mapping_text

    given = [c for c in about["given"] if c in columns]
    if about["zone"] in (None, "UTC") and not about["exposure_by_record"] and not given:
        return None
    text = mapping_text(
        zone=about["zone"], exposure_by_record=about["exposure_by_record"], given=given, form=form, columns=columns
    )
    return f"{_MARK}: what the columns of the events cannot say.\n{text}"


def _side_file(target: Path, *, directory: bool) -> Path:
    """Where a mapping is found without being named: in the directory, or beside the file under its name."""
    if directory:
        return target / MAPPING_FILE
    beside = target.with_name(f"{target.name}.toml")
    if beside.exists() and not beside.read_text(encoding="utf-8", errors="replace").startswith(_MARK):
        help = "write to another place: the events would be read with what stands there"
        raise TracelensError.new(110, f"{beside} is there already, and is not overwritten", help=help)
    return beside


def _require_events(report: Mapping[str, Any], paths: list[str]) -> None:
    if report["events_used"] == 0:
        notes = tuple(f"{count} x {reason}" for reason, count in report["dropped"].items())
        raise TracelensError.new(
            212, f"no event in {', '.join(paths)}", notes=notes, help="look at it with tracelens inspect"
        )


def _summary(report: Mapping[str, Any], target: Path, events: int, mapping: Path | None) -> dict[str, Any]:
    files = [target] if target.is_file() else sorted(p for p in target.rglob("*") if p.is_file())
    size = sum(f.stat().st_size for f in files)
    said = None if mapping is None else str(mapping)
    return {**report, "output": str(target), "bytes": size, "events": events, "mapping": said}
