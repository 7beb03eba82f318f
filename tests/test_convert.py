"""``tracelens convert``: what is written says what was read, and is there whole or not at all."""

import json
import os
import pty
import resource
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from click.testing import Result

from tests.conftest import FIXTURES
from tests.planted.raw_logs import LOGS
from tracelens.conversion import convert, ocel, xes
from tracelens.conversion.tables import partition_of
from tracelens.errors import TracelensError
from tracelens.polars import scan_traces
from tracelens.traces import Traces, read_traces

Run = Callable[..., Result]
XES = "{http://www.xes-standard.org/}"


@pytest.fixture(params=["omnibehavior", "golden", "recllmsim/real_human_user", "snap"])
def log(request: pytest.FixtureRequest) -> Path:
    """Logs with and without a clock, with dates for times, with exposures by record."""
    return FIXTURES / request.param


def events(traces: Traces) -> pl.DataFrame:
    """All columns, names as text."""
    frame = traces.to_polars()
    return frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def read_again(path: Path) -> Traces:
    """A converted file, by the mapping that was written beside it where there is one."""
    return read_traces(path, text=True)


def tree(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


# ---- round trips


@pytest.mark.parametrize("name", ["events.parquet", "events.ndjson"])
def test_what_is_written_is_read_back_as_it_was(tmp_path: Path, log: Path, name: str) -> None:
    convert(log, tmp_path / name)
    there, back = read_traces(log, text=True), read_again(tmp_path / name)
    assert events(back).equals(events(there))
    told = ("zone", "exposure_by_record", "given", "has_clock", "has_valence", "first_day", "last_day")
    assert {k: back.about[k] for k in told if k in there.about} == {k: there.about[k] for k in told if k in there.about}


def test_parquet_holds_what_the_reader_gives(tmp_path: Path, log: Path) -> None:
    convert(log, tmp_path / "events.parquet")
    names = pl.col(pl.Categorical, pl.Enum).cast(pl.String)
    read = scan_traces(log).collect().with_columns(names)
    assert pl.read_parquet(tmp_path / "events.parquet").with_columns(names).equals(read)


def test_partitions_are_read_back_as_they_were(tmp_path: Path, log: Path) -> None:
    convert(log, tmp_path / "parts", partitions=3)
    back = read_traces(tmp_path / "parts", text=True)
    assert events(back).drop("seq").equals(events(read_traces(log, text=True)).drop("seq"))


def test_each_user_is_wholly_in_one_partition_and_the_hash_never_changes(tmp_path: Path) -> None:
    path = LOGS["epoch_csv"]().write(tmp_path)
    mapping = tmp_path / "own.toml"
    mapping.write_text('version = 1\nformat = "delimited"\n[event]\nuser = "uid"\naction = "event"\n')
    convert(path, tmp_path / "parts", partitions=4, mapping=str(mapping))
    files = sorted((tmp_path / "parts").glob("*.parquet"))
    assert len(files) == 4
    homes = {n: set(pq.read_table(file)["user"].to_pylist()) for n, file in enumerate(files)}
    assert sorted(u for users in homes.values() for u in users) == [str(1000 + n) for n in range(8)]
    assert all(partition_of(user, 4) == n for n, users in homes.items() for user in users)
    assert partition_of("123456789", 2**32) == 0xCBF43926, "the check value of CRC-32"
    assert sum(pq.read_table(file).num_rows for file in files) == 240


def test_the_same_log_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet", "a.ndjson", "b.ndjson", "a.xes", "b.xes", "a.json", "b.json"):
        convert(FIXTURES / "omnibehavior", tmp_path / name)
    for suffix in ("parquet", "ndjson", "xes", "json"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_only_the_columns_that_were_asked_for(tmp_path: Path) -> None:
    convert(FIXTURES / "golden", tmp_path / "few.parquet", columns=["action", "user"])
    assert pq.read_table(tmp_path / "few.parquet").column_names == ["user", "action"]
    convert(FIXTURES / "golden", tmp_path / "parts", columns=["action"], partitions=2)
    assert all(pq.read_table(f).column_names == ["action"] for f in (tmp_path / "parts").glob("*.parquet"))


def test_what_columns_cannot_say_stands_beside(tmp_path: Path) -> None:
    report = convert(FIXTURES / "omnibehavior", tmp_path / "events.parquet")
    assert report["mapping"] == str(tmp_path / "events.parquet.toml")
    assert 'zone = "Asia/Shanghai"' in (tmp_path / "events.parquet.toml").read_text()
    assert read_again(tmp_path / "events.parquet").exposure_by_record
    assert convert(FIXTURES / "golden", tmp_path / "golden.parquet")["mapping"] is None
    assert not (tmp_path / "golden.parquet.toml").exists()


def test_what_stands_beside_is_found_by_itself_and_goes_with_its_events(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "events.parquet"
    assert run("convert", FIXTURES / "omnibehavior", "-o", out).exit_code == 0
    assert read_traces(out).zone == "Asia/Shanghai"
    said = run("inspect", out).stdout
    assert f"The mapping {out}.toml" in " ".join(said.split())
    # Events of another log must not be read with it.
    convert(FIXTURES / "golden", out)
    assert tree(tmp_path) == ["events.parquet"]


# ---- process mining


def test_xes_is_a_log_of_traces_of_events(tmp_path: Path) -> None:
    convert(FIXTURES / "golden", tmp_path / "log.xes")
    root = ET.parse(tmp_path / "log.xes").getroot()
    assert root.tag == f"{XES}log"
    assert {e.get("prefix") for e in root.findall(f"{XES}extension")} >= {"concept", "time", "org"}
    listed = events(read_traces(FIXTURES / "golden"))
    happened = listed.filter(pl.col("occurred"))
    traces = root.findall(f"{XES}trace")
    assert [_value(trace, "concept:name") for trace in traces] == happened["user"].unique().sort().to_list()
    found = [
        (_value(trace, "concept:name"), _value(event, "concept:name"), _value(event, "org:resource"))
        for trace in traces
        for event in trace.findall(f"{XES}event")
    ]
    assert found == happened.select("user", "action", "item").rows()
    times = [_value(e, "time:timestamp") for e in root.iter(f"{XES}event")]
    read = pl.Series(times).str.to_datetime(time_zone="UTC", time_unit="us")
    assert read.to_list() == happened["time"].to_list()


def _value(element: ET.Element, key: str) -> str | None:
    return next((child.get("value") for child in element if child.get("key") == key), None)


def test_xes_without_a_clock_keeps_the_order(tmp_path: Path) -> None:
    convert(FIXTURES / "recllmsim" / "real_human_user", tmp_path / "log.xes")
    root = ET.parse(tmp_path / "log.xes").getroot()
    texts = [_value(e, "text") for e in root.iter(f"{XES}event")]
    assert texts == events(read_traces(FIXTURES / "recllmsim" / "real_human_user", text=True))["text"].to_list()


def test_what_xml_cannot_hold_does_not_break_it(tmp_path: Path) -> None:
    rows = [{"user": "a<b>&\"'\x01\x1b", "action": "like\ufffe", "item": "\x00", "time": "2025-09-01T10:00:00Z"}]
    (tmp_path / "log.ndjson").write_text(json.dumps(rows[0]))
    convert(tmp_path / "log.ndjson", tmp_path / "log.xes", mapping="events")
    trace = ET.parse(tmp_path / "log.xes").getroot().find(f"{XES}trace")
    assert trace is not None
    assert (_value(trace, "concept:name") or "").startswith("a<b>&\"'")


def test_ocel_has_its_four_lists_and_every_reference_leads_somewhere(tmp_path: Path) -> None:
    convert(FIXTURES / "golden", tmp_path / "log.json")
    log = json.loads((tmp_path / "log.json").read_text())
    assert list(log) == ["objectTypes", "eventTypes", "objects", "events"]
    happened = events(read_traces(FIXTURES / "golden")).filter(pl.col("occurred"))
    assert len(log["events"]) == happened.height
    assert {t["name"] for t in log["eventTypes"]} == {e["type"] for e in log["events"]} == set(happened["action"])
    assert {t["name"] for t in log["objectTypes"]} == {"user", "item"}
    objects = {o["id"]: o["type"] for o in log["objects"]}
    assert len(objects) == len(log["objects"]), "ids are unique"
    for event in log["events"]:
        assert event["relationships"][0]["qualifier"] == "user"
        assert all(objects[r["objectId"]] == r["qualifier"] for r in event["relationships"])
        declared = {a["name"] for t in log["eventTypes"] if t["name"] == event["type"] for a in t["attributes"]}
        assert {a["name"] for a in event["attributes"]} <= declared
    assert [e["time"] for e in log["events"]] == [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in happened["time"]]


def test_ocel_asks_for_a_time(tmp_path: Path) -> None:
    with pytest.raises(TracelensError, match="without a time") as caught:
        convert(FIXTURES / "recllmsim" / "real_human_user", tmp_path / "log.json")
    assert caught.value.code == "TL110"
    assert tree(tmp_path) == []


def test_what_did_not_happen_is_left_out_of_process_mining_and_said(tmp_path: Path) -> None:
    listed = events(read_traces(FIXTURES / "omnibehavior"))
    happened = listed.filter(pl.col("occurred")).height
    report = convert(FIXTURES / "omnibehavior", tmp_path / "log.xes")
    assert report["events"] == happened < listed.height
    assert any("did not happen" in note for note in report["notes"])


# ---- the command


@pytest.mark.parametrize("name", ["out.parquet", "out.ndjson", "out.xes", "out.json"])
def test_the_sum_is_printed(run: Run, tmp_path: Path, name: str) -> None:
    result = run("convert", FIXTURES / "golden", "-o", tmp_path / name)
    assert result.exit_code == 0, result.output
    assert f"{tmp_path / name}: 12 events" in result.stdout
    assert "12 events in = 12 used + 0 dropped" in result.stdout
    assert tree(tmp_path) == [name]


def test_dropped_rows_are_counted_by_reason(run: Run, tmp_path: Path) -> None:
    broken = FIXTURES / "broken" / "timestamp.csv"
    out = tmp_path / "out.parquet"
    result = run("convert", broken, "-o", out, "--on-bad-row", "drop")
    assert result.exit_code == 0, result.output
    assert "2 events in = 1 used + 1 dropped (bad timestamp)" in result.stdout
    assert "timestamp.csv:3" in result.stdout
    out.unlink()
    result = run("convert", broken, "-o", out, "--on-bad-row", "drop", "--max-bad", "1%")
    assert result.exit_code == 3
    assert "error[TL213]" in result.stderr
    assert tree(tmp_path) == []


def test_the_format_may_be_said(run: Run, tmp_path: Path) -> None:
    result = run("convert", FIXTURES / "golden", "-o", tmp_path / "out.data", "--to", "ndjson")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out.data").read_text().splitlines()[0])["user"] == "a"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out.doc"], "does not say its format"),
        (["-o", "no/such/out.parquet"], "there is no directory"),
        (["-o", "out.ndjson", "--partitions", "4"], "partitions"),
        (["-o", "out.xes", "--columns", "user,action"], "cannot be chosen"),
        (["-o", "out.parquet", "--columns", "user,colour"], "no column 'colour'"),
        (["-o", "full", "--partitions", "2"], "nothing in it is to be overwritten"),
        (["-o", "full"], "does not say its format"),
        ([], "--output"),
    ],
)
def test_a_mistake_in_the_asking_is_2_and_nothing_is_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    result = run("convert", FIXTURES / "golden", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert tree(tmp_path) == ["full", "full/mine"]


def test_a_log_is_never_its_own_output(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_text('{"user":"a","action":"like","time":"2025-09-01T10:00:00Z"}\n')
    for logs in (tmp_path / "log.ndjson", tmp_path):
        result = run("convert", logs, "-o", tmp_path / "log.ndjson")
        assert result.exit_code == 2
        assert "is one of the logs" in result.stderr
    assert len((tmp_path / "log.ndjson").read_text().splitlines()) == 1


def test_a_mapping_of_ones_own_beside_the_output_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.parquet.toml").write_text("mine")
    result = run("convert", FIXTURES / "omnibehavior", "-o", tmp_path / "out.parquet")
    assert result.exit_code == 2
    assert tree(tmp_path) == ["out.parquet.toml"]


def test_an_earlier_output_is_replaced(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("convert", FIXTURES / "omnibehavior", "-o", tmp_path / "out.parquet").exit_code == 0
    assert tree(tmp_path) == ["out.parquet", "out.parquet.toml"]


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    code = "from tracelens.cli import main; main()"
    command = [sys.executable, "-c", code, "convert", str(FIXTURES / "golden"), "-o", str(tmp_path / "out.parquet")]
    piped = subprocess.run(command, capture_output=True, timeout=60)
    assert piped.returncode == 0, piped.stderr
    assert piped.stderr == b""
    terminal, end = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        shown = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=end, timeout=60, env={**os.environ, "TERM": "xterm"}
        )
        os.close(end)
        assert b"converting" in screen.read(100_000)
    assert shown.stdout == piped.stdout


# ---- whole or not at all

FORMS = [("out.parquet", None), ("out.ndjson", None), ("out.xes", None), ("out.json", None), ("parts", 3)]


@pytest.mark.parametrize(("name", "partitions"), FORMS)
def test_a_broken_log_leaves_nothing(tmp_path: Path, name: str, partitions: int | None) -> None:
    with pytest.raises(TracelensError) as caught:
        convert(FIXTURES / "broken" / "timestamp.csv", tmp_path / name, partitions=partitions)
    assert caught.value.code == "TL204"
    assert tree(tmp_path) == []


@pytest.mark.parametrize(("name", "partitions"), FORMS)
def test_an_interruption_leaves_nothing_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, partitions: int | None
) -> None:
    if partitions is None:
        (tmp_path / name).write_text("earlier")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # Those that gather first are broken off while they write, the others while they read.
    for writer in (xes, ocel):
        monkeypatch.setattr(writer, "write", lambda _, place: interrupt(place.write_text("half")))
    before = tree(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        convert(FIXTURES / "golden", tmp_path / name, partitions=partitions, progress=interrupt)
    assert tree(tmp_path) == before
    if partitions is None:
        assert (tmp_path / name).read_text() == "earlier"


@pytest.mark.parametrize(("name", "partitions"), FORMS)
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, name: str, partitions: int | None) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(_many())
    (tmp_path / "out").mkdir()
    more = [] if partitions is None else ["--partitions", str(partitions)]
    code = "from tracelens.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "convert", str(log), "-o", str(tmp_path / "out" / name), *more],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert done.returncode == 3, done.stderr
    assert "error[TL211]: cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(tmp_path / "out") == []


def _many() -> str:
    return "".join(
        json.dumps(
            {"user": f"u{n % 99}", "action": "like", "item": f"{n * 7919**8:032x}", "time": "2025-09-01T10:00:00Z"}
        )
        + "\n"
        for n in range(5_000)
    )
