"""The public comparison: what it takes, what it holds, what it shows."""

import json

import jsonschema
import polars as pl
import pyarrow as pa
import pytest

import tracelens
from tracelens import Comparison, Traces, compare
from tracelens.demo import demo_events
from tracelens.plant import plant
from tracelens.result import schema


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return demo_events(users=40, days=10, seed=4)


@pytest.fixture(scope="module")
def thinned(events: pl.DataFrame) -> pl.DataFrame:
    return plant(events, "thin", strength=0.4, seed=1)


@pytest.fixture(scope="module")
def comparison(events: pl.DataFrame, thinned: pl.DataFrame) -> Comparison:
    return compare(events, {"thin": thinned, "copy": events})


def test_whatever_holds_the_events_gives_the_same(events, thinned, comparison, tmp_path):
    """Frames, lazy frames, tables and readers of Arrow, traces, and files of canonical events."""
    events.write_parquet(tmp_path / "events.parquet")
    forms = {
        "lazy": events.lazy(),
        "table": events.to_arrow(),
        "reader": pa.RecordBatchReader.from_stream(events.to_arrow()),
        "traces": Traces.from_frame(events),
    }
    for form, real in forms.items():
        again = compare(real, {"thin": thinned, "copy": events})
        assert again.result == comparison.result, form
    by_path = compare(tmp_path / "events.parquet", {"thin": thinned, "copy": events}, mapping="events")
    assert by_path.metrics.equals(comparison.metrics)
    assert by_path.paths == {"real": [tmp_path / "events.parquet"]}


def test_a_scanned_log_can_be_narrowed_before_it_is_compared(events, tmp_path):
    events.write_parquet(tmp_path / "events.parquet")
    some = pl.col("user") < "user_0021"
    lazy = tracelens.scan_traces(tmp_path / "events.parquet", mapping="events").filter(some)
    result = compare(lazy, events.filter(some)).result
    assert result["sides"]["real"]["users"] == result["sides"]["sim"]["users"] == 20
    assert {axis["direction"] for axis in result["comparisons"][0]["axes"].values()} <= {"same", None}


def test_states_stand_for_logs(events, thinned, comparison, tmp_path):
    for name, frame in (("real", events), ("thin", thinned)):
        frame.write_parquet(tmp_path / f"{name}.parquet")
        state = tracelens.sketch(tmp_path / f"{name}.parquet", mapping="events")
        tracelens.write_state(state, tmp_path / f"{name}.tls")
    found = compare(tmp_path / "real.tls", tmp_path / "thin.tls")
    wanted = comparison.axes.filter(simulation="thin").select("axis", "verdict", "effect")
    assert found.axes.select("axis", "verdict", "effect").equals(wanted)


def test_frames_hold_what_the_result_holds(comparison):
    axes, metrics = comparison.axes, comparison.metrics
    assert axes.select("simulation", "axis").unique().height == axes.height == 12
    assert metrics.height == sum(len(c["metrics"]) for c in comparison.result["comparisons"])
    shown = axes.filter(simulation="thin", axis="activity").row(0, named=True)
    assert (shown["verdict"], shown["direction"]) == ("gap", "less")
    row = metrics.filter(pl.col("scope").is_null(), simulation="thin", metric=shown["primary"]).row(0, named=True)
    assert row["low"] < row["effect"] < row["high"] < 0
    assert row["effect"] == shown["effect"]
    assert row["users_real"] == 40
    assert metrics.filter(scope="scenario: video", metric="H1r", simulation="copy")["effect"].item() == 0


def test_json_is_a_result_file(comparison):
    written = json.loads(comparison.to_json())
    jsonschema.validate(written, schema())
    del written["provenance"]
    assert written == comparison.result


def test_it_shows_itself_in_a_few_lines(comparison):
    said = repr(comparison)
    assert "thin departs from real people" in said
    assert "No gap found between copy and real people" in said
    assert 2 * 7 <= len(said.splitlines()) <= 2 * 8
    assert max(map(len, said.splitlines())) <= 80


def test_a_frame_without_users_is_refused_in_words(events):
    with pytest.raises(tracelens.TracelensError, match=r"TL215"):
        compare(events.drop("user"), events)
