"""OCEL 2.0 as JSON: users and items are objects, an event belongs to its user and to its item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from tracelens.errors import TracelensError
from tracelens.plural import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import polars as pl

_ATTRIBUTES = {
    "scenario": "string",
    "role": "string",
    "category": "string",
    "valence": "integer",
    "value": "float",
    "count": "integer",
    "text": "string",
    "record": "integer",
    "time_precision": "string",
}
"""Column -> type of the attribute of an event."""


def write(events: pl.DataFrame, path: Path) -> None:
    """Write events as an object-centric event log.

    Parameters
    ----------
    events : DataFrame
        Canonical events.
    path : path
        The file.

    Raises
    ------
    TracelensError
        TL110 for events without a time: OCEL has no place for them.
    """
    timeless = events["time"].null_count()
    if timeless:
        said = f"{timeless:,} of {many(len(events), 'event')} without a time, which OCEL asks of every event"
        raise TracelensError.new(110, said, help="write Parquet, ndjson or XES, or map a time")
    import polars as pl

    actions = events["action"].cast(pl.String).unique().sort().to_list()
    present = [c for c in _ATTRIBUTES if events[c].null_count() < len(events)]
    attributes = [{"name": c, "type": _ATTRIBUTES[c]} for c in present]
    users, items = (events[c].drop_nulls().unique().sort() for c in ("user", "item"))
    with path.open("wb") as file:
        file.write(b'{"objectTypes":')
        file.write(orjson.dumps([{"name": kind, "attributes": []} for kind in ("user", "item")]))
        file.write(b',\n"eventTypes":')
        file.write(orjson.dumps([{"name": action, "attributes": attributes} for action in actions]))
        file.write(b',\n"objects":[')
        # Ids are unique over all types in OCEL: an item may be called as a user is.
        objects = [("user", u) for u in users] + [("item", i) for i in items]
        _list(
            file,
            ({"id": f"{kind}:{name}", "type": kind, "attributes": [], "relationships": []} for kind, name in objects),
        )
        file.write(b'],\n"events":[')
        _list(file, _events(events, present))
        file.write(b"]}\n")


def _events(events: pl.DataFrame, present: list[str]) -> Iterator[dict[str, Any]]:
    for number, event in enumerate(events.iter_rows(named=True)):
        parts = [("user", event["user"]), ("item", event["item"])]
        yield {
            "id": f"e{number}",
            "type": event["action"],
            "time": event["time"].isoformat().replace("+00:00", "Z"),
            "attributes": [{"name": c, "value": event[c]} for c in present if event[c] is not None],
            "relationships": [{"objectId": f"{k}:{name}", "qualifier": k} for k, name in parts if name is not None],
        }


def _list(file: Any, elements: Iterable[dict[str, Any]]) -> None:
    for number, element in enumerate(elements):
        file.write(b"\n" if number == 0 else b",\n")
        file.write(orjson.dumps(element))
