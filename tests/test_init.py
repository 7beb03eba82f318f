"""``tracelens init``: the guess as a mapping that compiles and reads the log that it came from, without change."""

import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.conftest import FIXTURES
from tests.planted.raw_logs import LOGS, lines, table
from tracelens.traces import read_traces

Run = Callable[..., Result]

_NO_LOGS = {".md", ".py", ".toml"}
FILES = sorted(
    path
    for path in FIXTURES.rglob("*")
    if path.is_file()
    and path.suffix not in _NO_LOGS
    and path.parent.name != "broken"
    and not path.name.startswith("expected")
)
PUBLIC = ("omnibehavior_demo", "sx_mathoverflow", "tau_airline", "twin2k_megastudy/individual_level", "llm_dev_teams")


def written(run: Run, log: Path, folder: Path) -> Path:
    """The mapping that init writes for a log."""
    mapping = folder / "guess.toml"
    result = run("init", log, "-o", mapping)
    assert result.exit_code == 0, result.output
    return mapping


def test_it_reads_every_planted_log(run: Run, tmp_path: Path) -> None:
    for name, make in LOGS.items():
        folder = tmp_path / name
        folder.mkdir()
        raw = make()
        log = raw.write(folder / "logs")
        traces = read_traces(log, str(written(run, log, folder)))
        assert (len(traces.users), len(traces)) == (raw.users, raw.events), name
        assert traces.reading()["dropped"] == {}, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_it_reads_every_fixture(run: Run, tmp_path: Path, path: Path) -> None:
    traces = read_traces(path, str(written(run, path, tmp_path)))
    assert len(traces) > 0
    assert traces.reading()["dropped"] == {}


@pytest.mark.parametrize("name", PUBLIC)
def test_it_reads_every_public_log(run: Run, tmp_path: Path, shared_data: Path, name: str) -> None:
    traces = read_traces(shared_data / name, str(written(run, shared_data / name, tmp_path)))
    assert len(traces) > 0
    assert traces.reading()["dropped"] == {}


@pytest.mark.parametrize("folder", ["real_human_user", "LLM_agent_user"])
def test_it_reads_folders_of_dialogues(run: Run, tmp_path: Path, shared_data: Path, folder: str) -> None:
    with tarfile.open(shared_data / "recllmsim" / f"{folder}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    traces = read_traces(tmp_path / folder, str(written(run, tmp_path / folder, tmp_path)))
    users, turns = {"real_human_user": (31, 1_343), "LLM_agent_user": (100, 7_096)}[folder]
    assert (len(traces.users), len(traces)) == (users, turns)


def test_it_goes_to_stdout_and_says_why_and_what_else(run: Run, tmp_path: Path) -> None:
    log = LOGS["epoch_csv"]().write(tmp_path)
    result = run("init", log)
    assert result.exit_code == 0, result.output
    assert tomllib.loads(result.stdout)["event"]["user"] == "uid"
    text = result.stdout
    assert "# 8 distinct in 240 rows; the name says user; constant in runs\nuser = " in text
    assert "# ? " in text
    assert "What it would change" in text
    assert list(tmp_path.iterdir()) == [log], "nothing is written"


def test_alternatives_are_there_to_be_uncommented(run: Run, tmp_path: Path) -> None:
    rows = [
        {"user_id": n % 5, "member": f"m{n % 7}", "ts": 1756720801 + n, "action": "click", "event_type": "tap"}
        for n in range(60)
    ]
    (tmp_path / "log.ndjson").write_text(lines(rows))
    text = run("init", tmp_path / "log.ndjson").stdout
    assert '\n# user = "member"' in text
    tomllib.loads(text.replace('\nuser = "user_id"', "").replace("# user =", "user =", 1))


def test_it_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    log = LOGS["epoch_csv"]().write(tmp_path)
    mine = tmp_path / "mine.toml"
    mine.write_text("mine")
    result = run("init", log, "-o", mine)
    assert result.exit_code == 2
    assert "error[TL110]" in result.stderr
    assert mine.read_text() == "mine"


def test_a_place_that_is_not_there(run: Run, tmp_path: Path) -> None:
    log = LOGS["epoch_csv"]().write(tmp_path)
    result = run("init", log, "-o", tmp_path / "no" / "such" / "mine.toml")
    assert result.exit_code == 3
    assert "error[TL211]" in result.stderr


def test_beside_the_logs_it_is_found_by_itself(run: Run, tmp_path: Path) -> None:
    raw = LOGS["bare_files"]()
    log = raw.write(tmp_path / "logs")
    assert run("init", log, "-o", log / "tracelens.toml").exit_code == 0
    traces = read_traces(log)
    assert (len(traces.users), len(traces)) == (raw.users, raw.events)


def test_files_of_another_suffix_are_named_by_a_pattern(run: Run, tmp_path: Path) -> None:
    raw = LOGS["epoch_csv"]()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "monday.log").write_text(str(raw.files["shop.csv"]))
    mapping = written(run, tmp_path / "logs", tmp_path)
    assert tomllib.loads(mapping.read_text())["files"]["include"] == ["*.log"]
    assert len(read_traces(tmp_path / "logs", str(mapping))) == raw.events


def _long(change: dict[str, object]) -> str:
    """A log of which one row, long after the sample, is unlike the others."""
    rows = [
        {"uid": f"u{n % 9}", "at": f"2025-09-{1 + n % 28:02d} 10:00:{n % 60:02d}", "event": "click", "price": n}
        for n in range(3_000)
    ]
    rows[2_500] |= change  # type: ignore[arg-type]
    return table(rows)


def test_a_clock_that_is_finer_after_the_sample_is_not_taken_for_a_coarse_one(run: Run, tmp_path: Path) -> None:
    rows = [{"user": n % 9, "ts": 1756720800 + 60 * n + (n == 2_500), "event": "click"} for n in range(3_000)]
    (tmp_path / "log.csv").write_text(table(rows))
    text = written(run, tmp_path / "log.csv", tmp_path).read_text()
    assert tomllib.loads(text)["event"]["time"] == {"path": "ts", "format": ["epoch_s"]}
    (tmp_path / "log.csv").write_text(table(rows[:2_400]))
    assert tomllib.loads(run("init", tmp_path / "log.csv").stdout)["event"]["time"]["precision"] == "min"


@pytest.mark.parametrize(
    ("change", "kept", "said"),
    [
        ({"uid": ""}, 2_999, "do not say whose they are"),
        ({"at": ""}, 3_000, "some rows have no time"),
        ({"at": "2025-09-03"}, 3_000, None),
        ({"at": "2025-09-03 10:00:00.123"}, 3_000, None),
        ({"event": ""}, 3_000, 'are called "unnamed"'),
        ({"price": "much"}, 3_000, "is not a number everywhere"),
    ],
)
def test_what_comes_after_the_sample_is_mended_and_said(
    run: Run, tmp_path: Path, change: dict[str, object], kept: int, said: str | None
) -> None:
    (tmp_path / "log.csv").write_text(_long(change))
    mapping = written(run, tmp_path / "log.csv", tmp_path)
    traces = read_traces(tmp_path / "log.csv", str(mapping))
    assert len(traces) == kept
    assert said is None or (said in mapping.read_text() and "log.csv:2502" in mapping.read_text())
