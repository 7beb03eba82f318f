"""An inspection in words, for the terminal."""

from __future__ import annotations

import shlex
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tracelens.inspect.toml import clean, written
from tracelens.plural import many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracelens.inspect import Inspection
    from tracelens.inspect.column import Column
    from tracelens.inspect.kinds import Kind

MOST_COLUMNS = 40
_FORMATS = {
    "json": "JSON, one document a file",
    "ndjson": "ndjson, one JSON object a line",
    "delimited": "delimited text",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "sqlite": "SQLite",
    "xes": "XES",
}
_EVENT = (
    "user",
    "time",
    "scenario",
    "action",
    "role",
    "item",
    "valence",
    "occurred",
    "value",
    "category",
    "count",
    "text",
)
"""Columns of events, those first that are shown where there is little room."""

_PARTS = (
    *("user", "time", "scenario", "action", "item", "category", "value", "count", "text"),
    *("seq", "role", "valence", "occurred", "record"),
)


def render(found: Inspection, *, width: int = 80, unicode: bool = True) -> str:
    """Return an inspection as text.

    Parameters
    ----------
    found : Inspection
        What to tell.
    width : int
        Columns, at least 60.
    unicode : bool
        Whether anything but ASCII may be printed.
    """
    width = max(width, 60)
    lines = [
        *_head(found, width),
        *_read_by(found, width),
        *_events(found, width),
        *_profile(found, width),
        *_guess(found, width),
        *_doubts(found, width),
        *_next(found, width),
    ]
    text = "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"
    return text if unicode else text.encode("ascii", "replace").decode("ascii")


def _head(found: Inspection, width: int) -> Iterator[str]:
    for number, kind in enumerate(found.kinds):
        more = "" if kind.files == 1 else f" and {kind.files - 1:,} more like it"
        yield from _paragraph(f"{kind.path}{more}: {', '.join(_about(kind))}", width, 0)
        if number == 0 and len(found.kinds) > 1:
            yield "and beside it, not looked into further:"
    if found.sides:
        text = f"This looks like two sides, here read as one: {', '.join(found.sides)}. Inspect and compare them apart."
        yield from _paragraph(text, width, 0)
    main = found.guess
    explode = f", found by {' then '.join(main.rows.levels)}" if main.rows.levels else ""
    yield from _paragraph(f"Sampled: {many(len(main.rows.rows), 'row')}{explode}.", width, 0)


def _about(kind: Kind) -> Iterator[str]:
    yield _FORMATS[kind.format] + (f", table {kind.table}" if kind.table else "")
    if kind.separator is not None and kind.format == "delimited":
        named = {"\t": "tabs", ",": "commas", ";": "semicolons", " ": "spaces", "|": "bars"}.get(kind.separator)
        yield f"separated by {named or repr(kind.separator)}"
    if kind.header is not None:
        yield "a header" if kind.header else "no header"
    if kind.encoding:
        yield kind.encoding
    if kind.packing:
        yield f"packed by {kind.packing}"
    if kind.archive:
        yield "in an archive"
    yield _size(kind.bytes)


def _size(number: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:,.0f} {unit}" if unit == "bytes" or number >= 10 else f"{number:.1f} {unit}"


def _read_by(found: Inspection, width: int) -> Iterator[str]:
    reading = found.reading
    yield ""
    if found.refused is not None:
        text = f"The built-in mapping {found.refused}. Name a mapping of your own with --mapping. A first one could be:"
        yield from _paragraph(text, width, 0)
    elif reading.guessed:
        yield from _paragraph("No built-in mapping fits. This is how the log could be read:", width, 0)
    elif reading.why is not None:
        kind = "The built-in mapping" if reading.built_in else "The mapping"
        text = f"{kind} {reading.by} fits ({reading.why}): compare and convert use it without being told."
        yield from _paragraph(text, width, 0)
    else:
        yield from _paragraph(f"Read with {reading.by}:", width, 0)


def _events(found: Inspection, width: int) -> Iterator[str]:
    trial, by = found.trial, found.reading.by
    if trial.error is not None:
        yield ""
        yield f"{'The guess' if found.reading.guessed else f'The mapping {by}'} cannot read all of it:"
        yield from (f"  {line}" for line in trial.error.splitlines())
    if found.events:
        side = found.reading.options["side"]
        of_side = "" if side is None else f" of the {side} side"
        yield ""
        yield f"First {many(len(found.events), 'event')}{of_side}, as {by} reads them (times in UTC)"
        yield from _table(_cells(found.events), width, whole=("time",))
    if trial.report is not None:
        report = trial.report
        text = f"{report['events_used']:,} of {many(report['events_in'], 'row')} used, {many(trial.users, 'user')}"
        text += "" if trial.whole else ", as far as it was tried"
        dropped = "".join(f"; {count:,} dropped: {reason}" for reason, count in report["dropped"].items())
        yield from _paragraph(f"{text}{dropped}.", width, 2)
        for note in report["notes"][:5]:
            yield from _paragraph(f"{note}.", width, 2)


def _cells(events: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Rows of a table, a header first; columns that say nothing are left out."""
    dull: dict[str, tuple[Any, ...]] = {"occurred": (True,), "valence": (0,), "count": (1,), "scenario": ("all",)}
    names = [n for n in _EVENT if any(e.get(n) not in (None, *dull.get(n, ())) for e in events)]
    return [names, *([_cell(n, e) for n in names] for e in events)]


def _cell(name: str, event: dict[str, Any]) -> str:
    value = event.get(name)
    if value is None:
        return "-"
    if name == "time":
        length = {"day": 10, "min": 16}.get(event.get("time_precision") or "", 19)
        return str(value)[:length].replace("T", " ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _profile(found: Inspection, width: int) -> Iterator[str]:
    columns = found.guess.columns
    yield ""
    yield "What stands in the rows"
    rows = [["path", "type", "filled", "distinct", "examples"]]
    rows += [
        [c.label, c.kind, f"{100 * c.share:.0f} %", f"{c.distinct:,}", _examples(c)] for c in columns[:MOST_COLUMNS]
    ]
    yield from _table(rows, width, right=(2, 3))
    if len(columns) > MOST_COLUMNS:
        yield f"  ... and {len(columns) - MOST_COLUMNS} more (--format json has all)"


def _examples(column: Column) -> str:
    # Numbers are told by where they lie, unless they are names: ids, times.
    if column.numbers and not column.is_dated and column.distinct > 3 and max(column.numbers) < 10**6:
        return f"{min(column.numbers):g} to {max(column.numbers):g}"
    return ", ".join(column.examples())


def _guess(found: Inspection, width: int) -> Iterator[str]:
    yield ""
    yield "What the columns seem to be"
    for part in _PARTS:
        choice = found.guess.event.get(part)
        if choice is not None:
            source = str(choice.field["path"]) if list(choice.field) == ["path"] else written(choice.field)
            yield from _labelled(part, f"{source}: {choice.why}", width)
        elif part == "action" and found.guess.melt is not None:
            yield from _labelled(part, f"each of {', '.join(found.guess.melt.actions)} that is set", width)
        elif part in ("time", "scenario", "item"):
            yield from _labelled(part, "nothing looks like it", width)


def _doubts(found: Inspection, width: int) -> Iterator[str]:
    if not found.doubts:
        return
    yield ""
    if not found.reading.guessed:
        yield from _paragraph(f"What {found.reading.by} decides and the log alone does not say", width, 0)
    else:
        yield "What is unsure, and what it would change"
    for number, doubt in enumerate(found.doubts, 1):
        yield from _paragraph(f"{doubt.about}: {doubt.unsure}.", width, 5, first=f"{number:>3}. ")
        yield from _paragraph(f"would change: {doubt.change}.", width, 5)
        if doubt.instead:
            yield from _paragraph(f"write: {doubt.instead}", width, 5)


def _next(found: Inspection, _: int) -> Iterator[str]:
    """Commands to go on with, each on a line of its own whatever its length."""
    path = shlex.quote(clean(found.path))
    yield ""
    if found.sides:
        yield f"next: tracelens compare {' '.join(shlex.quote(clean(side)) for side in found.sides)}"
        return
    if not found.reading.guessed:
        mapping = "" if found.reading.why else f" --mapping {shlex.quote(clean(found.reading.by))}"
        other = path if found.reading.options["side"] is not None else "SIM"
        yield f"next: tracelens compare {path} {other}{mapping}"
        return
    yield f"next: tracelens init {path} -o mapping.toml"
    yield "      writes this guess as a mapping, to be corrected"
    yield f"then: tracelens inspect {path} --mapping mapping.toml"
    yield "      shows what the corrected mapping makes of the log"


def _labelled(name: str, text: str, width: int) -> list[str]:
    return _paragraph(text, width, 13, first=f"  {name:<11}")


def _paragraph(text: str, width: int, indent: int, first: str | None = None) -> list[str]:
    lead = " " * indent
    return wrap(
        clean(text),
        width,
        initial_indent=lead if first is None else first,
        subsequent_indent=lead,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _table(
    rows: Sequence[Sequence[str]], width: int, right: tuple[int, ...] = (), whole: tuple[str, ...] = ()
) -> Iterator[str]:
    """Columns side by side. The widest are cut until all fit, those that are to stay whole not; then the last go."""
    cells = [[clean(cell) for cell in row] for row in rows]
    widths = [max(_width(cell) for cell in column) for column in zip(*cells, strict=True)]
    while sum(widths) + 2 * len(widths) > width:
        wide = [n for n, w in enumerate(widths) if w > 10 and cells[0][n] not in whole]
        if wide:
            widths[max(wide, key=lambda n: widths[n])] -= 1
        elif len(widths) > 1:
            widths.pop()
        else:
            break
    for row in cells:
        parts = [_fitted(cell, n, right=i in right) for i, (cell, n) in enumerate(zip(row, widths, strict=False))]
        yield "  " + "  ".join(parts)


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _fitted(text: str, width: int, *, right: bool) -> str:
    if _width(text) > width:
        while text and _width(text) > width - 2:
            text = text[:-1]
        text += ".."
    gap = " " * (width - _width(text))
    return gap + text if right else text + gap
