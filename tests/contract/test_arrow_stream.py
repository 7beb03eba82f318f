"""Events speak the Arrow stream interface: every consumer sees the same, as often as it likes."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from tracelens import _core
from tracelens.traces import Traces, read_traces

COLUMNS = [
    *("user", "time", "time_precision", "seq", "scenario", "action", "role", "valence"),
    *("occurred", "item", "category", "value", "count", "text", "record"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    line = '{{"user":"u{}","time":"2025-09-01T10:00:{:02}Z","scenario":"{}","action":"like","item":"i{}"}}\n'
    path.write_text("".join(line.format(i % 3, i, "ab"[i % 2], i) for i in range(30)))
    return path


def test_every_consumer_sees_the_same_twice(log: Path) -> None:
    reader = _core.EventReader([str(log)], "events")
    frame = pl.DataFrame(reader)
    assert frame.columns == COLUMNS
    assert frame.height == 30
    assert frame.equals(pl.DataFrame(reader)), "each stream reads afresh"
    table = pa.table(reader)
    assert table.column_names == COLUMNS
    assert table["item"].to_pylist() == frame["item"].to_list()
    assert table["time"].to_pylist() == frame["time"].to_list()
    assert table["scenario"].to_pylist() == frame["scenario"].cast(pl.String).to_list()


def test_the_schema_is_known_without_reading() -> None:
    reader = _core.EventReader(["nowhere"], "events", ["item", "user"])
    assert pa.schema(reader).names == ["item", "user"]


def test_a_table_can_be_taken_again(log: Path) -> None:
    traces = read_traces(log, "events")
    table = traces.core.events(["user", "time"])
    assert len(table) == 30
    assert pl.DataFrame(table).equals(pl.DataFrame(table))


def test_what_goes_out_comes_in_again(log: Path) -> None:
    traces = read_traces(log, "events")
    events = traces.to_polars()
    assert Traces.from_frame(events).to_polars().equals(events)
    assert Traces.from_frame(pa.table(events)).to_polars().equals(events)
    assert Traces.from_frame(events.with_columns(pl.col(pl.Categorical).cast(pl.String))).to_polars().equals(events)


def test_an_error_while_streaming_is_told(log: Path) -> None:
    log.write_text(log.read_text() + '{"user":"u1","time":"noon","action":"like"}\n')
    with pytest.raises(Exception, match="TL204"):
        pl.DataFrame(_core.EventReader([str(log)], "events"))
