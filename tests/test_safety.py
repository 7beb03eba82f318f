"""Nothing of the user's is overwritten, lost without a word, or read into a verdict it cannot carry."""

import orjson
import polars as pl
import pytest

from tracelens import TracelensError, Traces, compare
from tracelens.demo import demo_events, write_demo
from tracelens.plant import plant, write_planted

OPTIONS = {"zone": "Asia/Shanghai", "exposure_by_record": True}


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return demo_events(users=40, days=10, seed=4)


def traces(frame: pl.DataFrame) -> Traces:
    return Traces.from_frame(frame, **OPTIONS)


def test_a_demo_leaves_the_files_of_others_alone(tmp_path):
    (tmp_path / "real").mkdir()
    mine = tmp_path / "real" / "user_mine.json"
    mine.write_text("{}", encoding="utf-8")
    with pytest.raises(TracelensError, match="not empty"):
        write_demo(tmp_path, users=3, days=3)
    assert mine.read_text(encoding="utf-8") == "{}"
    write_demo(tmp_path / "new", users=3, days=3)
    write_demo(tmp_path / "new", users=2, days=3)
    assert len(list((tmp_path / "new" / "real").glob("*.json"))) == 2, "an earlier demo is replaced"


def test_a_plant_is_never_written_over_its_own_source(tmp_path, run):
    log = tmp_path / "real"
    log.mkdir()
    (log / "log.csv").write_text("user,action\na,see\n", encoding="utf-8")
    result = run("plant", "copy", log, "-o", log, "--mapping", "events")
    assert result.exit_code == 2
    assert "not empty" in result.stderr
    assert sorted(p.name for p in log.iterdir()) == ["log.csv"]


def test_a_plant_without_a_clock_reads_back(tmp_path):
    frame = pl.DataFrame({"user": ["a", "b"] * 5, "action": ["see"] * 10, "item": [f"i{i}" for i in range(10)]})
    write_planted(plant(frame, "copy"), tmp_path / "copy", name="copy")
    from tracelens import read_traces

    assert len(read_traces(tmp_path / "copy")) == 10


def test_volume_alone_makes_no_gap_in_valence(events):
    happy = events.filter(pl.col("valence") >= 0)
    half = plant(happy, "thin", strength=0.5, seed=1, **OPTIONS)
    axis = compare(traces(happy), traces(half)).result["comparisons"][0]["axes"]["valence"]
    assert axis["verdict"] is None
    assert axis["reason_missing"] == "no negative action on either side"


def test_a_stray_timestamp_that_empties_the_window_is_said(events):
    stray = events.head(1).with_columns(time=pl.datetime(1970, 1, 2, time_zone="UTC").dt.cast_time_unit("us"))
    comparison = compare(traces(pl.concat([events, stray])), traces(events))
    assert any("stray timestamps" in warning for warning in comparison.result["warnings"])


def test_users_without_a_counterpart_are_said(events):
    some = events.filter(pl.col("user") < "user_0021")
    warnings = compare(traces(events), traces(some)).result["warnings"]
    assert any("20 users of real without a counterpart" in warning for warning in warnings)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"design": "foo"}])
def test_impossible_options_are_refused(events, wrong):
    with pytest.raises(TracelensError) as caught:
        compare(traces(events), traces(events), **wrong)
    assert caught.value.exit_status == 2


def test_an_output_that_cannot_be_written_is_no_traceback(tmp_path, run):
    (tmp_path / "a.ndjson").write_bytes(orjson.dumps({"user": "a", "action": "see"}))
    result = run("plant", "copy", tmp_path / "a.ndjson", "-o", "/proc/nowhere", "--mapping", "events")
    assert result.exit_code == 3
    assert "error[TL211]" in result.stderr
    assert "Traceback" not in result.stderr
