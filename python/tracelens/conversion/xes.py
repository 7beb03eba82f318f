"""XES (IEEE 1849): a user is a trace, an event of the user an event of the trace.

The attributes are those that the built-in mapping ``xes`` reads: what was met is the resource, where it was met is the
group.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

_EXTENSIONS = (
    ("Concept", "concept"),
    ("Time", "time"),
    ("Organizational", "org"),
    ("Lifecycle", "lifecycle"),
    ("Cost", "cost"),
)
_KEYS = {
    "action": "concept:name",
    "time": "time:timestamp",
    "item": "org:resource",
    "scenario": "org:group",
    "category": "org:role",
    "value": "cost:total",
}
"""Column -> attribute; others go by their own name."""

_OWN = ("time_precision", "role", "valence", "count", "text", "record")
_USUAL: dict[str, Any] = {"valence": 0, "count": 1}


def write(events: pl.DataFrame, path: Path) -> None:
    """Write events, sorted by user and time, as a XES log.

    Parameters
    ----------
    events : DataFrame
        Canonical events, each user's together and in order.
    path : path
        The file.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write('<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">\n')
        for name, prefix in _EXTENSIONS:
            file.write(
                f'  <extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
            )
        for scope in ("trace", "event"):
            file.write(
                f'  <global scope="{scope}">\n    <string key="concept:name" value="__INVALID__"/>\n  </global>\n'
            )
        file.write('  <classifier name="Activity" keys="concept:name"/>\n')
        open_trace = None
        for event in events.iter_rows(named=True):
            if event["user"] != open_trace:
                file.write("" if open_trace is None else "  </trace>\n")
                open_trace = event["user"]
                file.write(f"  <trace>\n    {_attribute('concept:name', open_trace)}\n")
            file.write(f"    <event>{''.join(_attributes(event))}</event>\n")
        file.write("" if open_trace is None else "  </trace>\n")
        file.write("</log>\n")


def _attributes(event: dict[str, Any]) -> Iterator[str]:
    for column, key in _KEYS.items():
        if event[column] is not None:
            yield _attribute(key, event[column])
    yield _attribute("lifecycle:transition", "complete")
    for column in _OWN:
        value = event[column]
        if value is not None and value != _USUAL.get(column):
            yield _attribute(column, value)


def _attribute(key: str, value: Any) -> str:
    if isinstance(value, datetime):
        return f'<date key="{key}" value="{value.isoformat()}"/>'
    kind = {bool: "boolean", int: "int", float: "float"}.get(type(value), "string")
    return f'<{kind} key="{key}" value={quoteattr(_printable(str(value)))}/>'


def _printable(text: str) -> str:
    """XML has no way to write most control characters, nor the two halves of a surrogate pair."""
    return "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in text).replace("\ufffe", "\ufffd")
