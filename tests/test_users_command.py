"""``tracelens users``: its files say what the tables say, are the same to the byte, are there whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

import orjson
import polars as pl
import pytest
from click.testing import Result
from polars.testing import assert_frame_equal

from tests.conftest import FIXTURES
from tracelens import chain_table, read_traces, user_table
from tracelens.demo import write_demo
from tracelens.errors import TracelensError
from tracelens.tables import write_users

Run = Callable[..., Result]
GOLDEN = FIXTURES / "golden"
FORMS = ("parquet", "csv", "ndjson")


def back(path: Path) -> pl.DataFrame:
    """A table as it was written; types as the format keeps them."""
    if path.suffix == ".csv":
        return pl.read_csv(path, schema_overrides={"user": pl.String, "item": pl.String})
    return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path, infer_schema_length=None)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, users=40, days=20, seed=4)
    return folder / "real"


# ---- files


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_what_python_gives(demo: Path, tmp_path: Path, form: str) -> None:
    write_users(demo, tmp_path / f"users.{form}", chains=tmp_path / f"chains.{form}", mapping="omnibehavior")
    traces = read_traces(demo, "omnibehavior")
    for name, table in (("users", user_table(traces)), ("chains", chain_table(traces))):
        written = back(tmp_path / f"{name}.{form}")
        if form == "csv":
            table = table.drop(pl.selectors.list())
        if form != "parquet":
            moments = pl.selectors.by_name("first_event", "last_event", "time", require_all=False)
            written = written.with_columns(moments.str.to_datetime(time_unit="us", time_zone="UTC"))
        assert_frame_equal(written, table, check_dtypes=form == "parquet")


@pytest.mark.parametrize("form", FORMS)
def test_threads_and_files_change_no_byte(demo: Path, tmp_path: Path, form: str) -> None:
    files = sorted(demo.glob("*.json"))
    written = []
    for number, (logs, jobs) in enumerate([([demo], 1), ([demo], 2), (files, 5), (files[::-1], None)]):
        users, chains = tmp_path / f"u{number}.{form}", tmp_path / f"c{number}.{form}"
        write_users(logs, users, chains=chains, mapping="omnibehavior", jobs=jobs)
        written.append((users.read_bytes(), chains.read_bytes()))
    assert all(pair == written[0] for pair in written)


@pytest.mark.parametrize("form", FORMS)
def test_names_with_odd_characters_come_back(tmp_path: Path, form: str) -> None:
    odd = ["a,b", 'say "hi"', "two\nlines", "semi;colon\ttab", "搜索 🛒", "null", "=1+1", " ", "007"]
    rows = [
        {"user": user, "action": action, "scenario": scenario, "item": "i", "time": f"2025-09-01T10:0{n}:00Z"}
        | {"role": "conversion" if action == "buy" else "exposure"}
        for user in odd
        for n, (action, scenario) in enumerate([("see", "a>b"), ("buy", "c,\n>")])
    ]
    (tmp_path / "log.ndjson").write_bytes(b"\n".join(orjson.dumps(r) for r in rows))
    users, chains = tmp_path / f"users.{form}", tmp_path / f"chains.{form}"
    write_users(tmp_path / "log.ndjson", users, chains=chains, mapping="events")
    assert back(users)["user"].to_list() == sorted(odd)
    assert "events_in_a>b" in back(users).columns
    found = back(chains)
    assert found["path"].to_list() == ["a>b>c,\n>"] * len(odd)
    if form != "csv":
        assert found["path_scenarios"].to_list() == [["a>b", "c,\n>"]] * len(odd)


def test_a_csv_has_nothing_where_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_text('{"user":"u","action":"see"}\n')
    write_users(tmp_path / "log.ndjson", tmp_path / "users.csv", mapping="events")
    head, line = (tmp_path / "users.csv").read_text().splitlines()
    assert dict(zip(head.split(","), line.split(","), strict=True))["active_days"] == ""


# ---- the command


def test_more_than_fifty_scenarios_have_no_column_each(run: Run, tmp_path: Path) -> None:
    def log(n: int) -> Path:
        path = tmp_path / f"{n}.ndjson"
        path.write_text("".join(f'{{"user":"u","action":"see","scenario":"s{i}"}}\n' for i in range(n)))
        return path

    for n, columns in ((50, 50), (51, 0)):
        out = tmp_path / f"out{n}.parquet"
        result = run("users", log(n), "-o", out, "--mapping", "events")
        assert result.exit_code == 0, result.stderr
        assert sum(c.startswith("events_in_") for c in back(out).columns) == columns
        assert ("51 scenarios, more than 50" in result.stdout) == (n == 51)
        assert back(out)["distinct_scenarios"].to_list() == [n]


def test_the_sum_is_printed(run: Run, tmp_path: Path) -> None:
    users, chains = tmp_path / "users.parquet", tmp_path / "chains.csv"
    result = run("users", GOLDEN, "-o", users, "--chains", chains, "--jobs", "1")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"{users}: 3 users, 12 events, {users.stat().st_size:,} bytes",
        f"{chains}: 2 conversions, 2 with a path, {chains.stat().st_size:,} bytes",
        "12 events in = 12 used + 0 dropped",
    ]
    assert result.stderr == ""


def test_what_is_odd_is_said(run: Run, tmp_path: Path, demo: Path) -> None:
    result = run("users", demo, "-o", tmp_path / "users.csv")
    assert result.exit_code == 0, result.stderr
    users = back(tmp_path / "users.csv")
    listed, seen = users["listed_not_done"].sum(), users["events"].sum() + users["listed_not_done"].sum()
    assert f"  {listed:,} are listed and did not happen; " in result.stdout
    assert f"seen all the same: {seen - len(read_traces(demo, 'omnibehavior')):,}\n" in result.stdout
    lines = [json.dumps({"user": "u", "action": "buy", "role": "conversion"})] * 3
    (tmp_path / "log.ndjson").write_text("\n".join(lines))
    result = run("users", tmp_path / "log.ndjson", "-o", tmp_path / "u.csv", "--chains", tmp_path / "c.csv")
    assert "3 conversions without a clock" in result.stdout
    (tmp_path / "log.ndjson").write_text('{"user":"u","action":"see"}\n')
    result = run("users", tmp_path / "log.ndjson", "-o", tmp_path / "u.csv", "--chains", tmp_path / "c.csv")
    assert "0 conversions, as the log is mapped nothing is one" in result.stdout
    assert users.height == 40


def test_dropped_rows_are_counted_by_reason(run: Run, tmp_path: Path) -> None:
    broken, out = FIXTURES / "broken" / "timestamp.csv", tmp_path / "users.csv"
    assert run("users", broken, "-o", out).exit_code == 3
    result = run("users", broken, "-o", out, "--on-bad-row", "drop")
    assert result.exit_code == 0, result.stderr
    assert "2 events in = 1 used + 1 dropped (bad timestamp)" in result.stdout
    out.unlink()
    result = run("users", broken, "-o", out, "--on-bad-row", "drop", "--max-bad", "1%")
    assert result.exit_code == 3
    assert "error[TL213]" in result.stderr
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "users.xlsx"], "users.xlsx does not say its format"),
        (["-o", "users"], "users does not say its format"),
        (["-o", "users.csv", "--chains", "chains.json"], "chains.json does not say its format"),
        (["-o", "users.csv", "--chains", "./users.csv"], "users and chains are both to be"),
        (["-o", "no/such/users.csv"], "there is no directory"),
        (["-o", "full.csv"], "nothing in it is to be overwritten"),
        (["-o", "users.csv", "--max-bad", "few"], "not a share"),
        (["--chains", "chains.csv"], "--output"),
    ],
)
def test_a_mistake_in_the_asking_is_2_and_nothing_is_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full.csv").mkdir()
    result = run("users", GOLDEN, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert names(tmp_path) == ["full.csv"]


def test_a_wrong_suffix_says_what_where_why_and_how_to_mend(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "users.xlsx"
    assert run("users", GOLDEN, "-o", out).stderr == (
        f"error[TL110]: {out} does not say its format\n"
        "   = the end of its name says how a table is written\n"
        "help: end it in one of .parquet, .pq, .csv, .ndjson, .jsonl\n"
    )


def test_a_log_is_never_its_own_output(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text('{"user":"a","action":"like","time":"2025-09-01T10:00:00Z"}\n')
    for more in (["-o", log], ["-o", tmp_path / "users.csv", "--chains", log]):
        result = run("users", log, *more)
        assert result.exit_code == 2
        assert "is one of the logs" in result.stderr
    assert names(tmp_path) == ["log.ndjson"]


@pytest.mark.parametrize("form", FORMS)
def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    users, chains = tmp_path / f"users.{form}", tmp_path / f"chains.{form}"
    users.write_text("earlier")
    with pytest.raises(TracelensError) as caught:
        write_users(FIXTURES / "broken" / "timestamp.csv", users, chains=chains)
    assert caught.value.code == "TL204"
    writes = []

    def interrupt(_: pl.DataFrame, place: Path, __: str) -> None:
        place.write_text("half")
        writes.append(place)
        if len(writes) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("tracelens.tables._write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_users(GOLDEN, users, chains=chains)
    assert len(writes) == 2
    assert names(tmp_path) == [users.name]
    assert users.read_text() == "earlier"


def test_help_says_what_the_tables_are(run: Run) -> None:
    said = run("users", "--help").stdout
    for word in ("--chains", ".parquet, .csv or .ndjson", "--mapping", "--side", "--max-bad", "--jobs"):
        assert word in said
