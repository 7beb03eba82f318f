"""The readers that reading.py times, ours and the peers: one process reads one source with one of them.

    python benchmarks/readers.py duckdb_jsonl LOG.jsonl [--check]
    python benchmarks/readers.py ours_stream LOG.jsonl --mapping benchmarks/flat.toml --columns user,time,action

Prints ``{"seconds": ...}``, counted after imports until all events are in memory; with ``--check`` what they add up to.
A peer is written as well as its library allows, reads the same columns, and keeps them in its own columnar form.
"""

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Table = Callable[[], Any]
"""What was read, alive as long as this is: gives the events as a polars frame, or what is known of them as a dict."""
READERS: dict[str, tuple[tuple[str, ...], Callable[..., Table]]] = {}
FLAT = {
    "user": ("user_id", "varchar"),
    "time": ("timestamp", "timestamp"),
    "scenario": ("scenario", "varchar"),
    "action": ("action", "varchar"),
    "item": ("item_id", "varchar"),
    "value": ("value", "double"),
}
"""Our columns of a flat log, what they are called there, and of what type they are."""


def reader(*modules: str) -> Callable[[Callable[..., Table]], Callable[..., Table]]:
    """Register a reader and the modules that it imports, which is not timed."""

    def register(read: Callable[..., Table]) -> Callable[..., Table]:
        READERS[read.__name__] = (modules, read)
        return read

    return register


# ours


def _groups(source: str, mapping: str, columns: list[str]) -> Any:
    from tracelens import _core

    return _core.EventReader([source], mapping, columns, "error")


@reader("tracelens._core")
def ours_stream(source: str, mapping: str, columns: list[str]) -> Table:
    rows = sum(len(group) for group in _groups(source, mapping, columns))
    return lambda: {"rows": rows}


@reader("tracelens._core", "polars")
def ours_hold(source: str, mapping: str, columns: list[str]) -> Table:
    import polars as pl

    frame = pl.concat([pl.DataFrame(group) for group in _groups(source, mapping, columns)], rechunk=False)
    return lambda: frame


# duckdb, chdb: tables of their own


def _duckdb(relation: str) -> Table:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"create table events as select * from {relation}")
    names = ", ".join(f"{theirs} as {ours}" for ours, (theirs, _) in FLAT.items())
    return lambda: _from_arrow(connection.sql(f"select {names} from events").to_arrow_table())


TYPES = dict(FLAT.values())


@reader("duckdb")
def duckdb_jsonl(source: str) -> Table:
    packing = {".zst": "zstd", ".gz": "gzip"}.get(Path(source).suffix, "none")
    return _duckdb(f"read_ndjson('{source}', columns = {TYPES}, compression = '{packing}')")


@reader("duckdb")
def duckdb_csv(source: str) -> Table:
    columns = {**TYPES, "item_id": "bigint"}
    return _duckdb(f"read_csv('{source}', columns = {columns}, auto_detect = false, header = true, delim = ',')")


@reader("duckdb", "pyarrow")
def duckdb_parquet(source: str) -> Table:
    import duckdb

    query = f"select user_id as user, ts as time, scenario, action from read_parquet('{source}')"
    table = duckdb.connect().sql(query).to_arrow_table()
    return lambda: _from_arrow(table)


def _chdb_events(source: str) -> str:
    """Write the query for the events of nested documents."""
    action = "Tuple(type LowCardinality(String), play_duration Nullable(Float64))"
    record = rf"Tuple(type LowCardinality(String), timestamp DateTime(\'UTC\'), action Array({action}))"
    documents = f"""
        select arrayJoin(JSONExtractKeysAndValues(json, 'Tuple(action_history Array({record}))')) as document
        from file('{source}/*.json', 'JSONAsString', 'json String')"""
    records = f"select document.1 as user, arrayJoin(document.2.1) as record from ({documents})"
    acts = f"select user, record, arrayJoin(record.3) as act from ({records})"
    return f"select user, record.2 as time, record.1 as scenario, act.1 as action, act.2 as value from ({acts})"


@reader("chdb.session")
def chdb_nested(source: str) -> Table:
    from chdb.session import Session

    directory = tempfile.TemporaryDirectory(prefix="reading_")
    session = Session(directory.name)
    session.query("create database reading")
    session.query(f"create table reading.events engine = Memory as {_chdb_events(source)}")

    def table(_alive: Any = directory) -> Any:
        import pyarrow as pa

        query = "select * replace (toDateTime64(time, 6) as time) from reading.events"
        return _from_arrow(pa.ipc.open_file(session.query(query, "Arrow").bytes()).read_all())

    return table


@reader("chdb")
def chdb_nested_dropped(source: str) -> Table:
    """Like ours_stream keep nothing: every event is only looked at."""
    import chdb

    looked = "sum(toInt128(toUnixTimestamp(time)) * 1000000), sum(value), sum(cityHash64(user, scenario, action))"
    row = json.loads(str(chdb.query(f"select count(), {looked} from ({_chdb_events(source)})", "JSONCompactEachRow")))
    return lambda: {"rows": int(row[0]), "time": str(row[1]), "value": float(row[2])}


# polars, pyarrow


@reader("polars")
def polars_parquet(source: str) -> Table:
    import polars as pl

    events = pl.scan_parquet(source).select("user_id", "ts", "scenario", "action").collect(engine="streaming")
    return lambda: events.rename({"user_id": "user", "ts": "time"})


@reader("pyarrow", "pyarrow.csv")
def pyarrow_csv(source: str) -> Table:
    import pyarrow as pa
    from pyarrow import csv

    name = pa.dictionary(pa.int32(), pa.string())
    types = {"user_id": name, "timestamp": pa.timestamp("s"), "scenario": name, "action": name}
    convert = csv.ConvertOptions(column_types={**types, "item_id": pa.int64(), "value": pa.float64()})
    table = csv.read_csv(source, read_options=csv.ReadOptions(block_size=4 << 20), convert_options=convert)
    return lambda: _from_arrow(table.rename_columns(list(FLAT)))


# Python lists


@reader("orjson")
def orjson_nested(source: str) -> Table:
    import orjson

    lists: tuple[list[Any], ...] = ([], [], [], [], [])
    users, times, scenarios, actions, values = lists
    for path in sorted(Path(source).glob("*.json")):
        for user, about in orjson.loads(path.read_bytes()).items():
            for record in about["action_history"]:
                at, scenario = datetime.fromisoformat(record["timestamp"]), record["type"]
                for action in record["action"]:
                    users.append(user)
                    times.append(at)
                    scenarios.append(scenario)
                    actions.append(action["type"])
                    values.append(action.get("play_duration"))
    return lambda: _from_lists(*lists)


@reader("msgspec")
def msgspec_nested(source: str) -> Table:
    import msgspec

    action_type = msgspec.defstruct("Action", [("type", str), ("play_duration", float | None, None)], gc=False)
    fields = [("type", str), ("timestamp", datetime), ("action", list[action_type])]
    record_type = msgspec.defstruct("Record", fields, gc=False)
    user_type = msgspec.defstruct("User", [("action_history", list[record_type])], gc=False)
    decode = msgspec.json.Decoder(dict[str, user_type]).decode
    lists: tuple[list[Any], ...] = ([], [], [], [], [])
    users, times, scenarios, actions, values = lists
    for path in sorted(Path(source).glob("*.json")):
        for user, about in decode(path.read_bytes()).items():
            for record in about.action_history:
                for action in record.action:
                    users.append(user)
                    times.append(record.timestamp)
                    scenarios.append(record.type)
                    actions.append(action.type)
                    values.append(action.play_duration)
    return lambda: _from_lists(*lists)


# What was read


def _from_arrow(table: Any) -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame(table)


def _from_lists(*lists: list[Any]) -> "pl.DataFrame":
    import polars as pl

    schema = {"user": pl.String, "time": pl.Datetime("us"), "scenario": pl.String, "action": pl.String}
    return pl.DataFrame(
        dict(zip([*schema, "value"], lists, strict=True)), {**schema, "value": pl.Float64}, strict=False
    )


def sums(events: "pl.DataFrame") -> dict[str, Any]:
    """What events add up to, in whatever order they stand: equal for equal events, however their types are called.

    Returns
    -------
    dict
        ``rows``; ``time`` in microseconds; ``names``, the rows of each scenario and action; ``users``; ``heaviest``,
        the most rows of one; ``spans``, from each one's first to last; and of such columns ``value`` and ``items``.
    """
    import polars as pl

    time = pl.col("time").cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Int128)
    names = events.group_by(pl.col("scenario", "action").cast(pl.String)).len()
    users = events.group_by("user").agg(pl.len(), span=time.max() - time.min())
    told = {
        "rows": events.height,
        "time": str(events.select(time.sum()).item()),
        "names": {f"{scenario} / {action}": rows for scenario, action, rows in names.rows()},
        "users": users.height,
        "heaviest": users["len"].max(),
        "spans": str(users["span"].sum()),
    }
    if "value" in events.columns:
        told["value"] = events["value"].sum()
    if "item" in events.columns:
        told["items"] = events["item"].n_unique()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("source")
    parser.add_argument("--mapping")
    parser.add_argument("--columns")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    modules, read = READERS[options.reader]
    for module in modules:
        importlib.import_module(module)
    ours = (options.mapping, options.columns.split(",")) if options.mapping else ()
    began = time.perf_counter()
    table = read(options.source, *ours)
    seconds = time.perf_counter() - began
    if not options.check:
        print(json.dumps({"seconds": seconds}))
        return
    known = table()
    print(json.dumps(known if isinstance(known, dict) else sums(known)))


if __name__ == "__main__":
    main()
