"""The same logs give the same result to the byte: at any thread count, in any order, in any number of files."""

import orjson
import polars as pl
import pytest

from tracelens import compare
from tracelens.demo import demo_events, write_demo
from tracelens.plant import plant, write_planted
from tracelens.traces import Traces, read_traces


def as_bytes(comparison):
    return orjson.dumps(comparison.result, option=orjson.OPT_SORT_KEYS)


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A real side and a thinned one, each as one ndjson file of canonical events."""
    directory = tmp_path_factory.mktemp("logs")
    events = demo_events(users=60, days=14, seed=3)
    write_planted(events, directory / "real", name="copy", exposure_by_record=True, zone="Asia/Shanghai")
    thinned = plant(events, "thin", strength=0.5, seed=1, exposure_by_record=True, zone="Asia/Shanghai")
    write_planted(thinned, directory / "sim", name="thin", exposure_by_record=True, zone="Asia/Shanghai")
    return directory


@pytest.fixture(scope="module")
def whole(logs):
    return as_bytes(compare(logs / "real", logs / "sim"))


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_any_number_of_threads(logs, whole, jobs):
    assert as_bytes(compare(logs / "real", logs / "sim", jobs=jobs)) == whole


def test_split_into_many_files_in_any_order(logs, whole, tmp_path):
    for side in ("real", "sim"):
        lines = (logs / side / "events.ndjson").read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / side).mkdir()
        (tmp_path / side / "tracelens.toml").write_bytes((logs / side / "tracelens.toml").read_bytes())
        for part in range(7):
            (tmp_path / side / f"part-{(part * 3) % 7}.ndjson").write_text("".join(lines[part::7]), encoding="utf-8")
    split = compare(tmp_path / "real", tmp_path / "sim")
    assert as_bytes(split) == whole


def test_rows_in_any_order():
    events = demo_events(users=40, days=14, seed=5)
    options = {"zone": "Asia/Shanghai", "exposure_by_record": True}
    straight, shuffled = (
        Traces.from_frame(frame, **options) for frame in (events, events.sample(fraction=1.0, shuffle=True, seed=1))
    )
    assert straight.to_polars().equals(shuffled.to_polars())


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_look_backs_at_any_number_of_threads(logs, jobs):
    traces = read_traces(logs / "real")
    one, other = (traces.statistics(look_backs=True, jobs=jobs) for jobs in (None, jobs))
    assert one.names["path"] == other.names["path"]
    for name in ("look_backs", "first_touches"):
        assert len(one.tables[name]["user"]) > 100
        for column, values in one.tables[name].items():
            assert values.tolist() == other.tables[name][column].tolist(), (name, column)


def test_one_file_of_all_users_reads_like_one_file_each(tmp_path):
    write_demo(tmp_path, users=12, days=5, seed=2)
    many = tmp_path / "real"
    together: dict[str, object] = {}
    for path in sorted(many.glob("*.json")):
        together |= orjson.loads(path.read_bytes())
    one = tmp_path / "one.json"
    one.write_bytes(orjson.dumps(together))
    columns = ["user", "time", "scenario", "action", "item", "category", "occurred"]
    frames = [read_traces(p, "omnibehavior").to_polars(columns) for p in (many, one)]
    assert frames[0].equals(frames[1])
    assert frames[0].height > 0
    assert frames[0].schema["time"] == pl.Datetime("us", "UTC")
