"""Logs that come through pipes, may not be read, are larger than the memory, or are no logs at all."""

import ctypes
import gzip
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest

LINE = b'{"user": "a", "action": "see", "scenario": "s", "time": "2025-09-01"}\n'


def written(path: Path) -> list[str]:
    """Users of the events in a file of lines."""
    return [orjson.loads(line)["user"] for line in path.read_bytes().splitlines()]


# ---- pipes


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_the_standard_input_is_a_log_of_lines(pack, tmp_path, command):
    out = tmp_path / "out.ndjson"
    done = command("convert", "-", "--mapping", "events", "-o", out, input=pack(LINE * 3), text=False)
    assert done.returncode == 0, done.stderr
    assert written(out) == ["a", "a", "a"]


def test_a_broken_line_of_the_standard_input_has_its_place_or_is_counted(tmp_path, command):
    out = tmp_path / "out.ndjson"
    asked = ["convert", "-", "--mapping", "events", "-o", out]
    broken = (LINE + b'{"user": "b", \n' + LINE).decode()
    done = command(*asked, input=broken)
    assert done.returncode == 3
    assert "error[TL203]" in done.stderr
    assert "--> -:2:15" in done.stderr
    assert not out.exists()
    done = command(*asked, "--on-bad-row", "drop", input=broken)
    assert done.returncode == 0, done.stderr
    assert "3 events in = 2 used + 1 dropped (not JSON)" in done.stdout
    assert "not JSON: -:2:15" in done.stdout


@pytest.mark.parametrize(("text", "code"), [("", "TL212"), ("\n \n", "TL212")])
def test_a_standard_input_without_events_is_said(text, code, tmp_path, command):
    done = command("convert", "-", "--mapping", "events", "-o", tmp_path / "out.ndjson", input=text)
    assert done.returncode == 3
    assert f"error[{code}]: no event in -" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("asked", [["inspect"], ["init"], ["convert", "-o", "out.ndjson"]])
def test_what_is_read_only_once_is_not_looked_at_before(asked, tmp_path, command):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in ("-", pipe):
        done = command(asked[0], path, *asked[1:], input=LINE.decode(), cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "error[TL110]" in done.stderr
        assert "cannot be looked at before it is read" in done.stderr
        assert "help: name its mapping with --mapping, or save it to a file" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


def test_a_named_pipe_is_read_as_it_comes(tmp_path, command):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(LINE * 5), daemon=True)
    writer.start()
    done = command("convert", pipe, "--mapping", "events", "-o", tmp_path / "out.ndjson")
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "out.ndjson") == ["a"] * 5


def test_a_pipe_of_the_shell_is_read_as_it_comes(tmp_path, command):
    """What ``<(zcat log.gz)`` makes."""
    end, start = os.pipe()
    os.write(start, LINE * 5)
    os.close(start)
    out = tmp_path / "out.ndjson"
    done = command("convert", f"/dev/fd/{end}", "--mapping", "events", "-o", out, pass_fds=[end])
    os.close(end)
    assert done.returncode == 0, done.stderr
    assert written(out) == ["a"] * 5


# ---- what may not be read

OVERRIDE, SEARCH = 1, 2
"""What lets root read whatever it wants (linux/capability.h)."""


def mortal() -> None:
    """Give up what lets root read whatever it wants."""
    for capability in (OVERRIDE, SEARCH):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Path]:
    """A directory for what may not be read, all of which can be removed at the end."""
    yield tmp_path
    for path in [tmp_path, *tmp_path.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IRWXU)


@pytest.fixture
def nobody(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command as somebody to whom permissions apply."""
    if os.geteuid() != 0:
        return command
    if sys.platform != "linux":
        pytest.skip("to root no permission applies")
    closed = tmp_path / "closed"
    closed.touch(mode=0)
    tried = subprocess.run(["cat", closed], capture_output=True, preexec_fn=mortal)
    closed.unlink()
    if tried.returncode == 0:
        pytest.skip("to root no permission applies, and it cannot be given up here")
    return partial(command, preexec_fn=mortal)


@pytest.mark.parametrize("named", ["logs", "logs/b.ndjson", "logs/*.ndjson"])
def test_a_file_without_permission_is_said(named, shut, nobody):
    (shut / "logs").mkdir()
    (shut / "logs" / "a.ndjson").write_bytes(LINE)
    (shut / "logs" / "b.ndjson").write_bytes(LINE)
    (shut / "logs" / "b.ndjson").chmod(0)
    for drop in ([], ["--on-bad-row", "drop"]):
        done = nobody("compare", shut / named, shut / named, "--mapping", "events", *drop)
        assert done.returncode == 3, done.stderr
        assert "error[TL211]: cannot be read: Permission denied" in done.stderr
        assert f"--> {shut}/logs/b.ndjson" in done.stderr
        assert "help: check that the file is there and readable" in done.stderr


def test_a_file_without_permission_that_is_no_log_is_in_nobodys_way(shut, nobody):
    (shut / "a.ndjson").write_bytes(LINE)
    (shut / "secret.txt").write_bytes(b"x")
    (shut / "secret.txt").chmod(0)
    done = nobody("compare", shut, shut, "--mapping", "events", "--format", "json")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("mode", "place"), [(0o000, "logs/inner"), (0o444, "logs/inner/a.ndjson")])
def test_a_directory_without_permission_is_said_and_not_passed_over(mode, place, shut, nobody):
    (shut / "logs" / "inner").mkdir(parents=True)
    (shut / "logs" / "b.ndjson").write_bytes(LINE)
    (shut / "logs" / "inner" / "a.ndjson").write_bytes(LINE)
    (shut / "logs" / "inner").chmod(mode)
    done = nobody("compare", shut / "logs", shut / "logs", "--mapping", "events")
    (shut / "logs" / "inner").chmod(0o755)
    assert done.returncode == 3, done.stderr
    assert "error[TL211]: cannot be read: Permission denied" in done.stderr
    assert f"--> {shut}/{place}\n" in done.stderr
    assert "help: check" in done.stderr


def test_a_place_without_permission_to_write_is_said(shut, nobody):
    (shut / "a.ndjson").write_bytes(LINE)
    (shut / "out").mkdir(mode=0o555)
    (shut / "out" / "earlier.ndjson").write_bytes(b"earlier")
    for name in ("new.ndjson", "earlier.ndjson"):
        done = nobody("convert", shut / "a.ndjson", "-o", shut / "out" / name)
        assert done.returncode == 3, done.stderr
        assert "error[TL211]: cannot write" in done.stderr
        assert "permission denied" in done.stderr
        assert "help: choose another place with -o" in done.stderr
    assert (shut / "out" / "earlier.ndjson").read_bytes() == b"earlier"
    assert len(list((shut / "out").iterdir())) == 1


# ---- counts and names, in the result


def test_names_that_only_the_mapping_or_only_the_log_has_are_warnings(tmp_path, run):
    log = tmp_path / "log.ndjson"
    rows = [("like", "home"), ("dislike", "home"), ("buy", "hme")] * 4
    log.write_bytes(b"".join(orjson.dumps({"u": "x", "a": a, "s": s}) + b"\n" for a, s in rows))
    mapping = tmp_path / "mine.toml"
    mapping.write_text(
        'version = 1\nformat = "ndjson"\n[event]\nuser = "u"\naction = "a"\n'
        'scenario = { path = "s", map = "scenario", unmapped = "keep" }\n[map.scenario]\nhome = "start"\n'
        '[role]\nconversion = ["bui"]\n[valence]\nnegative = ["dislike"]\n',
        encoding="utf-8",
    )
    result = run("compare", log, log, "--mapping", mapping, "--format", "json")
    assert result.exit_code == 0, result.stderr
    warnings = orjson.loads(result.stdout)["warnings"]
    for said in (
        'real: the mapping names the action "bui", which no row has: is "buy" meant?',
        "real: the mapping says nothing of the actions: buy, like (taken as active, neutral)",
        'real: [map.scenario] does not know "hme": kept as it is (4 times)',
    ):
        assert said in warnings


# ---- larger than the memory

PEAK = """
import re, sys
from pathlib import Path
from tracelens import read_traces
# What the system says of resources used is inherited from whoever started this.
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10
read_traces(sys.argv[1], sys.argv[3], jobs=2)
before = peak()
events = len(read_traces(sys.argv[2], sys.argv[3], jobs=2))
print(events, peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc, which tells the peak of the memory")
@pytest.mark.parametrize("rows", ["of one object", "of many"])
def test_an_object_on_one_line_may_be_larger_than_the_memory(rows, tmp_path):
    """A fifth of a gigabyte on one line takes a fraction of that: it would be the same for all of it."""
    record = b'{"action": "see", "pad": "' + b"x" * 10_000 + b'"}'
    many = 20_000
    small, large, mapping = tmp_path / "small.json", tmp_path / "large.json", tmp_path / "mine.toml"
    small.write_bytes(b'{"user": "a", "history": [' + record + b"]}")
    explode, user = ('["$", "history[*]"]', '"^.user"')
    if rows == "of many":
        explode, user = ('["$.*", "history[*]"]', "{ key = 0 }")
        small.write_bytes(b'{"a": {"history": [' + record + b"]}}")
    mapping.write_text(
        f'version = 1\nformat = "json"\n[rows]\nexplode = {explode}\n[event]\nuser = {user}\naction = "action"\n',
        encoding="utf-8",
    )
    with large.open("wb") as file:
        if rows == "of many":
            file.write(b"{" + b'"u": {"history": [' + record)
            for n in range(many - 1):
                file.write(b']}, "u%d": {"history": [' % n + record)
            file.write(b"]}}")
        else:
            file.write(b'{"user": "a", "history": [' + record)
            for _ in range(many - 1):
                file.write(b"," + record)
            file.write(b"]}")
    assert large.stat().st_size > 200_000_000
    arguments = [sys.executable, "-c", PEAK, str(small), str(large), str(mapping)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=100)
    large.unlink()
    assert done.returncode == 0, done.stderr
    events, megabytes = map(int, done.stdout.split())
    assert events == many
    assert megabytes < 120


# ---- no logs at all

RUBBISH = {
    "empty.csv": b"",
    "blank.csv": b"\n \n\n",
    "header.csv": b"user,action\n",
    "bare.csv": b",,,\n,,,\n",
    "quote.csv": b'user,"action\na,see\n',
    "ragged.csv": b"user,action\na\na,see,x\n",
    "zeros.csv": bytes(5000),
    "latin.csv": "user,action\nJos\xe9,see\n".encode("latin-1"),
    "utf16.csv": "user,action\na,see\n".encode("utf-16"),
    "utf16.json": '{"user": "a", "action": "see"}'.encode("utf-16"),
    "empty.json": b"",
    "open.json": b"[" * 100_000,
    "nan.ndjson": b'{"user": NaN, "action": Infinity}\n',
    "surrogate.ndjson": b'{"user": "\\ud800", "action": "see"}\n',
    "scalars.ndjson": b'1\nnull\n"x"\n[]\n',
    "cut.ndjson.gz": gzip.compress(LINE * 1000)[:-30],
    "noise.gz": b"\x1f\x8b" + bytes(range(256)),
    "noise.parquet": b"PAR1" + bytes(range(256)) * 9 + b"PAR1",
    "noise.arrow": b"ARROW1\0\0" + bytes(range(256)) * 9,
    "noise.db": b"SQLite format 3\0" + bytes(range(256)) * 20,
    "noise.tar": bytes(range(256)) * 40,
    "open.xes": b"<log><trace><event>",
    "noise.xes": b"<log>\xff\xfe</log>",
}


@pytest.mark.parametrize("mapping", [None, "events"])
@pytest.mark.parametrize("name", RUBBISH)
def test_no_rubbish_is_a_traceback(name, mapping, tmp_path, run):
    log = tmp_path / "logs" / name
    log.parent.mkdir()
    log.write_bytes(RUBBISH[name])
    by = [] if mapping is None else ["--mapping", mapping]
    for asked in (
        ["inspect", log, *by],
        ["convert", log, "-o", tmp_path / "out.parquet", *by],
        ["convert", log, "-o", tmp_path / "out.ndjson", "--on-bad-row", "drop", *by],
        ["compare", log, log, *by],
        ["init", log],
    ):
        result = run(*asked)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        if result.exit_code != 0:
            assert result.exit_code in (2, 3)
            assert result.stderr.startswith("error[TL")
            assert result.stdout == ""
        for out in tmp_path.glob("out.*"):
            assert result.exit_code == 0
            out.unlink()
