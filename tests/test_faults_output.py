"""A place that cannot be written to: it is said, nothing is half-written, and what was there stays."""

import os
import resource
import threading
from pathlib import Path

import orjson
import pytest

from tests.conftest import FIXTURES

LOG = "".join(
    f'{{"user": "u{n % 9}", "action": "see", "scenario": "s{n % 2}", "item": "i{n}", "time": "2025-09-0{n % 7 + 1}"}}\n'
    for n in range(300)
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_text(LOG, encoding="utf-8")
    return path


def outputs(log: Path, out: Path) -> dict[str, list[object]]:
    """A way to write each kind of output."""
    return {
        "compare": ["compare", log, log, "--mapping", "events", "-o", out / "out.json"],
        "compare in words": ["compare", log, log, "--mapping", "events", "-o", out / "out.txt"],
        "init": ["init", log, "-o", out / "out.toml"],
        "parquet": ["convert", log, "-o", out / "out.parquet"],
        "ndjson": ["convert", log, "-o", out / "out.ndjson"],
        "xes": ["convert", log, "-o", out / "out.xes"],
        "ocel": ["convert", log, "-o", out / "out.json"],
        **{f"users {form}": ["users", log, "-o", out / f"out.{form}"] for form in ("parquet", "csv", "ndjson")},
        "partitions": ["convert", log, "-o", out / "parts", "--partitions", 3],
    }


KINDS = list(outputs(Path(), Path()))


def full() -> None:
    """Let no file grow beyond a few bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_said_and_nothing_is_half_written(kind, log, tmp_path, command):
    out = tmp_path / "out"
    out.mkdir()
    done = command(*outputs(log, out)[kind], preexec_fn=full)
    assert done.returncode == 3, done.stderr
    assert "error[TL211]: cannot write" in done.stderr
    assert str(out) in done.stderr
    assert "help: choose another place with -o" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("init", "partitions")])
def test_on_a_full_disk_the_earlier_output_stays(kind, log, tmp_path, command):
    out = tmp_path / "out"
    out.mkdir()
    arguments = outputs(log, out)[kind]
    target = Path(str(arguments[-1]))
    target.write_text("earlier", encoding="utf-8")
    assert command(*arguments, preexec_fn=full).returncode == 3
    assert [p.name for p in out.iterdir()] == [target.name]
    assert target.read_text(encoding="utf-8") == "earlier"
    assert command(*arguments).returncode == 0
    assert target.read_bytes() != b"earlier"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [["compare", "LOG", "LOG", "--mapping", "events"], ["init", "LOG"], ["inspect", "LOG"], ["--help"], ["--version"]],
    ids=lambda arguments: arguments[0],
)
def test_a_full_disk_behind_the_standard_output_is_said(arguments, log, command):
    with Path("/dev/full").open("w") as device:
        done = command(*(log if a == "LOG" else a for a in arguments), stdout=device)
    assert done.returncode == 3, done.stderr
    assert done.stderr.splitlines()[-1] == "error[TL211]: cannot be written: No space left on device"
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "kind", ["compare", "parquet", "ndjson", "xes", "ocel", "users parquet", "users csv", "users ndjson"]
)
def test_a_device_is_written_to_and_never_replaced(kind, log, tmp_path, command):
    out = tmp_path / "out"
    out.mkdir()
    arguments = outputs(log, out)[kind]
    target = Path(str(arguments[-1]))
    # Whoever is root could put a file in its place.
    target.symlink_to("/dev/full")
    done = command(*arguments)
    assert done.returncode == 3, done.stderr
    assert f"error[TL211]: cannot write {target}: " in done.stderr
    assert "no space left on device" in done.stderr
    assert target.is_symlink()
    assert Path("/dev/full").is_char_device()


def test_a_pipe_is_written_to_and_stays_one(log, tmp_path, command):
    pipe = tmp_path / "pipe.ndjson"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    done = command("convert", log, "-o", pipe)
    reader.join(timeout=30)
    assert done.returncode == 0, done.stderr
    assert len(got[0].splitlines()) == 300
    assert pipe.is_fifo()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_replaced(there, log, tmp_path, command):
    (tmp_path / "far").mkdir()
    far = tmp_path / "far" / "result.json"
    if there:
        far.write_text("earlier", encoding="utf-8")
    link = tmp_path / "result.json"
    link.symlink_to(far)
    done = command("compare", log, log, "--mapping", "events", "-o", link)
    assert done.returncode == 0, done.stderr
    assert link.is_symlink()
    assert orjson.loads(far.read_bytes())["schema"] == "tracelens/result/1"
    assert [p.name for p in far.parent.iterdir()] == ["result.json"]


def test_an_error_of_the_log_leaves_the_earlier_result(tmp_path, run):
    target = tmp_path / "result.json"
    target.write_text("earlier", encoding="utf-8")
    broken = FIXTURES / "broken" / "timestamp.csv"
    result = run("compare", broken, broken, "--mapping", "events", "-o", target)
    assert result.exit_code == 3
    assert "error[TL204]" in result.stderr
    assert target.read_text(encoding="utf-8") == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]
