"""XES (IEEE 1849): a user is a trace, an event of the user an event of the trace.

The attributes are those that the built-in mapping ``xes`` reads: what was met is the resource, where it was met is the
group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

_EXTENSIONS = (
    ("Concept", "concept"),
    ("Time", "time"),
    ("Organizational", "org"),
    ("Lifecycle", "lifecycle"),
    ("Cost", "cost"),
)
_ATTRIBUTES = {
    "action": ("string", "concept:name"),
    "time": ("date", "time:timestamp"),
    "item": ("string", "org:resource"),
    "scenario": ("string", "org:group"),
    "category": ("string", "org:role"),
    "value": ("float", "cost:total"),
    "time_precision": ("string", "time_precision"),
    "role": ("string", "role"),
    "valence": ("int", "valence"),
    "count": ("int", "count"),
    "text": ("string", "text"),
    "record": ("int", "record"),
}
"""Column -> type and key of the attribute of an event."""

_USUAL = {"valence": "0", "count": "1", "time_precision": "none"}
"""Values that need not be said."""

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_UNSAYABLE = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
"""Characters that XML has no way to write."""

_AT_ONCE = 100_000


def write(events: pl.DataFrame, path: Path) -> None:
    """Write events, sorted by user and time, as a XES log.

    Parameters
    ----------
    events : DataFrame
        Canonical events, each user's together and in order.
    path : path
        The file.
    """
    lines = events.lazy().select(_begin() + "    <event>" + _event() + "</event>\n").collect().to_series()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write('<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">\n')
        for name, prefix in _EXTENSIONS:
            uri = f"http://www.xes-standard.org/{prefix}.xesext"
            file.write(f'  <extension name="{name}" prefix="{prefix}" uri="{uri}"/>\n')
        for scope in ("trace", "event"):
            named = '<string key="concept:name" value="__INVALID__"/>'
            file.write(f'  <global scope="{scope}">\n    {named}\n  </global>\n')
        file.write('  <classifier name="Activity" keys="concept:name"/>\n')
        for start in range(0, len(lines), _AT_ONCE):
            file.writelines(lines[start : start + _AT_ONCE])
        file.write("  </trace>\n</log>\n")


def _begin() -> pl.Expr:
    """Before the first event of a user: the end of the trace before it, and the beginning of the user's own."""
    user = pl.col("user")
    first, other = user.shift().is_null(), user != user.shift()
    trace = "  <trace>\n    " + _attribute("string", "concept:name", _escaped(user)) + "\n"
    return pl.when(first).then(trace).when(other).then("  </trace>\n" + trace).otherwise(pl.lit(""))


def _event() -> pl.Expr:
    parts = []
    for column, (kind, key) in _ATTRIBUTES.items():
        value = pl.col(column)
        text = value.dt.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00") if kind == "date" else _escaped(value.cast(pl.String))
        said = text.is_not_null() & (text != _USUAL[column] if column in _USUAL else True)
        parts.append(pl.when(said).then(_attribute(kind, key, text)).otherwise(pl.lit("")))
    return pl.concat_str([*parts, _attribute("string", "lifecycle:transition", pl.lit("complete"))])


def _attribute(kind: str, key: str, text: pl.Expr) -> pl.Expr:
    return f'<{kind} key="{key}" value="' + text + '"/>'


def _escaped(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_UNSAYABLE, "\ufffd").str.replace_many(list(_ESCAPED), list(_ESCAPED.values()))
