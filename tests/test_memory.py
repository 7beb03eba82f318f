"""A bound on memory changes no result; what it cannot do is said. Long work can be interrupted."""

import signal
import subprocess
import sys
import time

import orjson
import pytest

from tracelens.comparison import compare
from tracelens.demo import demo_events
from tracelens.errors import TracelensError
from tracelens.plant import write_planted
from tracelens.states import sketch, write_state
from tracelens.tables import chain_table, user_table
from tracelens.traces import read_traces


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log in several files, so that several batches are put aside."""
    directory = tmp_path_factory.mktemp("log") / "real"
    events = demo_events(users=60, days=14, seed=3)
    write_planted(events, directory, name="copy", exposure_by_record=True, zone="Asia/Shanghai")
    lines = (directory / "events.ndjson").read_text(encoding="utf-8").splitlines(keepends=True)
    (directory / "events.ndjson").unlink()
    for i in range(4):
        (directory / f"part-{i}.ndjson").write_text("".join(lines[i::4]), encoding="utf-8")
    return directory


def test_a_bound_on_memory_changes_no_table(log):
    whole, aside = read_traces(log), read_traces(log, memory=1)
    assert len(whole) == len(aside)
    assert whole.users == aside.users
    assert user_table(whole).equals(user_table(aside))
    assert chain_table(whole).equals(chain_table(aside))
    one, other = whole.statistics(), aside.statistics()
    assert one.tables.keys() == other.tables.keys()
    for name, table in one.tables.items():
        for column, values in table.items():
            if (name, column) != ("conversions", "path"):  # numbered by who came first
                assert values.tolist() == other.tables[name][column].tolist(), (name, column)


def test_a_bound_on_memory_changes_no_comparison_and_no_state(log, tmp_path):
    def said(**options):
        return orjson.dumps(
            compare(log, {"sim": log}, score=False, **options).result, option=orjson.OPT_SERIALIZE_NUMPY
        )

    assert said() == said(memory=1)
    states = []
    for memory in (None, 1):
        write_state(sketch(log, memory=memory), tmp_path / "state.tls")
        states.append((tmp_path / "state.tls").read_bytes())
    assert states[0] == states[1]


def test_a_bound_on_memory_takes_the_scores_and_nothing_else(log):
    free, bound = (compare(log, {"sim": log}, memory=memory).result["comparisons"][0] for memory in (None, 1))
    assert bound["metrics"] == free["metrics"]
    for name, axis in bound["axes"].items():
        changed = {key for key in axis if axis[key] != free["axes"][name][key]}
        assert changed <= {"score", "score_interval", "score_missing", "scores"}


def test_events_on_disk_cannot_be_handed_over_at_once(log):
    with pytest.raises(TracelensError, match="read the log without a bound on memory") as error:
        read_traces(log, memory=1).to_polars()
    assert error.value.code == "TL110"


@pytest.mark.parametrize(
    ("size", "said"),
    [("2 gigs", "'2 gigs' is not a size, like 2GiB or 500MB"), ("1", "'1' is too little: give at least 64MiB")],
)
def test_a_size_that_is_none_is_refused(size, said, log, run):
    result = run("users", log, "-o", "users.csv", "--memory", size)
    assert result.exit_code == 2
    assert said in result.stderr


def test_no_room_for_what_is_put_aside_is_an_error(log, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    with pytest.raises(TracelensError, match="set TMPDIR to a directory on a disk with more room") as error:
        read_traces(log, memory=1)
    assert error.value.code == "TL211"


def test_the_profile_says_where_the_time_went(log, run):
    result = run("compare", log, log, "--profile")
    assert result.exit_code == 0, result.stderr
    for stage in ("read", "scatter", "fold", "match", "resample"):
        assert f"{stage} 0." in result.stderr or f"{stage} 1." in result.stderr, result.stderr
    assert "profile" not in result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child there")
def test_summarising_can_be_interrupted():
    code = """
import polars as pl
from tracelens.traces import Traces
n = 3_000_000
rows = pl.int_range(n, eager=True)
frame = pl.DataFrame({
    "user": (rows // 500).cast(pl.String),
    "time": pl.Series(rows * 7_000_000).cast(pl.Datetime("us", "UTC")),
    "scenario": (rows % 5).cast(pl.String),
    "action": (rows % 11).cast(pl.String),
    "item": (rows % 999).cast(pl.String),
})
traces = Traces.from_frame(frame)
print("ready", flush=True)
while True:
    traces.statistics()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = process.communicate(timeout=60)
        took = time.monotonic() - began
    assert b"KeyboardInterrupt" in said
    # A second is meant; the machines that test may be busy.
    assert took < 5
