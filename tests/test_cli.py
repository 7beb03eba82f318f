"""The command line: stdout is the result, stderr the rest, exit codes mean what they say."""

import importlib.util
import os
import subprocess
import sys
import time
import types

import orjson
import pytest
from click.testing import CliRunner

from tests.sample_result import sample
from tracelens.cli import COMMANDS, main
from tracelens.comparison import Comparison
from tracelens.errors import TracelensError

needs_core = pytest.mark.skipif(
    importlib.util.find_spec("tracelens._core") is None, reason="needs the compiled core (make build)"
)


def invoke(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def asked(monkeypatch):
    """Stand in for the comparison: keeps what it was asked, answers with a made-up result or raises."""
    calls = []
    answer = {"raise": None}

    def compare(real, sims, **options):
        calls.append((real, [*sims.values()], options))
        if answer["raise"] is not None:
            raise answer["raise"]
        return Comparison(sample(*sims), {"real": [real], **{name: [path] for name, path in sims.items()}})

    module = types.ModuleType("tracelens.comparison")
    module.compare = compare
    monkeypatch.setitem(sys.modules, "tracelens.comparison", module)
    return types.SimpleNamespace(calls=calls, answer=answer)


def test_options_reach_the_comparison(asked):
    result = invoke(
        *("compare", "logs/real", "logs/a", "logs/b", "--design", "paired", "--align", "start", "--roster", "r.csv"),
        *("--seed", "7", "--jobs", "2", "--on-bad-row", "drop", "--max-bad", "0.1%", "--mapping", "mine.toml"),
        *("--memory", "2GiB", "--no-score", "--control", "logs/others"),
    )
    assert result.exit_code == 0, result.stderr
    real, sims, options = asked.calls[0]
    assert options.pop("profile").seconds == {}
    assert (real, sims) == ("logs/real", ["logs/a", "logs/b"])
    assert options == {
        "control": "logs/others",
        "mapping": "mine.toml",
        "design": "paired",
        "align": "start",
        "roster": "r.csv",
        "seed": 7,
        "score": False,
        "jobs": 2,
        "on_bad_row": "drop",
        "max_bad": pytest.approx(0.001),
        "memory": 2 << 30,
        "progress": None,
    }
    assert "a departs from real people" in result.stdout
    assert "b departs from real people" in result.stdout
    assert result.stderr == ""


def test_without_options_the_defaults_are_the_documented_ones(asked):
    invoke("compare", "real", "sim")
    assert asked.calls[0][2].pop("profile").seconds == {}
    assert asked.calls[0][2] == {
        "control": None,
        "mapping": None,
        "design": "auto",
        "align": None,
        "roster": None,
        "seed": 0,
        "score": True,
        "jobs": None,
        "on_bad_row": "error",
        "max_bad": None,
        "memory": None,
        "progress": None,
    }


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["events"], "events"),
        (["real=events", "sim=mine.toml"], {"real": "events", "sim": "mine.toml"}),
        (["b=x/y.toml"], {"b": "x/y.toml"}),
    ],
)
def test_one_mapping_or_one_for_each_side(asked, given, wanted):
    result = invoke("compare", "real", "a", "b", *(part for text in given for part in ("--mapping", text)))
    assert result.exit_code == 0, result.stderr
    assert asked.calls[0][2]["mapping"] == wanted


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mapping", "events", "--mapping", "real=events"], "say for which side"),
        (["--mapping", "rael=events", "--mapping", "sim=events"], "no side 'rael'"),
        (["--mapping", "sim=a", "--mapping", "sim=b"], "has a mapping already"),
        (["--mapping", "control=a", "--mapping", "sim=b"], "no side 'control'"),
        (["--max-bad", "150%"], "not a share"),
        (["--max-bad", "few"], "not a share"),
        (["--jobs", "0"], "--jobs"),
        (["-o", "result.pdf"], ".json or .txt"),
        (["-o", "no/such/place/result.json"], "there is no directory"),
        (["--desing", "paired"], "--design"),
        (["--format", "xml"], "xml"),
    ],
)
def test_a_mistake_in_the_asking_is_2_and_nothing_is_read(asked, arguments, said):
    result = invoke("compare", "real", "sim", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert asked.calls == []


def test_a_command_that_is_not_there(asked):
    result = invoke("comapre", "real", "sim")
    assert result.exit_code == 2
    assert "Did you mean compare?" in result.stderr


@pytest.mark.parametrize(("code", "status"), [(110, 2), (204, 3), (301, 3)])
def test_an_error_is_printed_in_its_one_form(asked, tmp_path, code, status):
    asked.answer["raise"] = TracelensError.new(code, "it went wrong", notes=("why",), help="do this")
    result = invoke("compare", "real", "sim", "-o", tmp_path / "result.json")
    assert result.exit_code == status
    assert result.stderr == f"error[TL{code}]: it went wrong\n   = why\nhelp: do this\n"
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_is_130(asked):
    asked.answer["raise"] = KeyboardInterrupt()
    result = invoke("compare", "real", "sim")
    assert result.exit_code == 130
    assert "Traceback" not in result.stderr


def test_json_on_stdout_and_in_a_file_are_the_same(asked, tmp_path):
    path = tmp_path / "result.json"
    result = invoke("compare", "real", "sim", "--format", "json", "-o", path, "-o", tmp_path / "result.txt")
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes == path.read_bytes()
    written = orjson.loads(path.read_bytes())
    assert {k: v for k, v in written.items() if k != "provenance"} == sample()
    assert written["provenance"]["command"][:3] == ["compare", "real", "sim"]
    assert "departs from real people" in (tmp_path / "result.txt").read_text(encoding="utf-8")


def test_no_colour_in_a_pipe(asked):
    assert "\x1b" not in invoke("compare", "real", "sim").stdout


def test_the_demo_says_what_to_do_next(tmp_path):
    result = invoke("demo", tmp_path / "demo", "--users", "3", "--days", "2")
    assert result.exit_code == 0, result.stderr
    assert f"tracelens compare {tmp_path}/demo/real {tmp_path}/demo/sim" in result.stdout
    assert len(list((tmp_path / "demo" / "real").iterdir())) == 3


def test_an_unknown_plant_is_refused_before_anything_is_read(tmp_path):
    result = invoke("plant", "utopai", "nowhere", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "did you mean utopia?" in result.stderr
    assert not (tmp_path / "out").exists()


def test_help_lists_every_command_and_every_plant():
    from tracelens.plant import PLANTS

    result = invoke("--help")
    assert all(name in result.stdout for name in COMMANDS)
    result = invoke("plant", "--help")
    assert all(name in result.stdout for name in PLANTS)


def test_version():
    assert invoke("--version").stdout.startswith("tracelens ")


def python(code, **options):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, **options)


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from tracelens.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('polars', 'numpy', 'scipy', 'rich.console', 'sklearn', 'pyarrow') if m in sys.modules])"
    )
    assert python(code).stdout.endswith("[]\n")


def test_help_is_quick():
    code = "from tracelens.cli import main\nmain(['--help'])"
    spans = []
    for _ in range(3):
        start = time.perf_counter()
        assert python(code).returncode == 0
        spans.append(time.perf_counter() - start)
    assert min(spans) < 1.0, "under .2 s on an idle machine"


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    code = "import sys; from tracelens.cli import main; main(['demo', sys.argv[1], '--users', '2', '--days', '1'])"
    command = [sys.executable, "-c", code, str(tmp_path)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@needs_core
def test_plant_and_compare_from_end_to_end(tmp_path):
    assert invoke("demo", tmp_path, "--users", "40", "--days", "14").exit_code == 0
    planted = invoke("plant", "thin", tmp_path / "real", "-o", tmp_path / "thin", "--strength", "0.3")
    assert planted.exit_code == 0, planted.stderr
    assert {p.name for p in (tmp_path / "thin").iterdir()} == {"events.ndjson", "tracelens.toml", "PLANT.md"}
    result = invoke("compare", tmp_path / "real", tmp_path / "thin", "-o", tmp_path / "result.json")
    assert result.exit_code == 0, result.stderr
    axes = orjson.loads((tmp_path / "result.json").read_bytes())["comparisons"][0]["axes"]
    assert axes["activity"]["verdict"] == "gap"
    assert axes["activity"]["direction"] == "less"
