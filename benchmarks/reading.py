"""How fast logs become events, beside what one would otherwise read them with.

    python benchmarks/reading.py [nested jsonl zst gz csv parquet heavy] [--data DIR] [--runs 5] [--quick]

Of every work item all readers run in one go, each as a process of its own, in turns: first untimed, and only if all
agree on what they read are they timed. Ours is timed twice: ``ours_stream`` drops each batch, as tracelens itself
does, and ``ours_hold`` keeps all as a polars frame; the peers keep theirs. What is missing of the data is written
first: by ``--gen``, the generator of the logs, and from its logs by the commands zstd -3 and gzip -6 and by
reading_data.py, which makes the heaviest user.

Seconds are medians: inner ones without start and imports, wall ones of the whole process; MB/s of unpacked bytes, by
inner seconds; memory the peaks of all runs, of which anonymous memory leaves out the pages of mapped files (sampled
every 20 ms); others how many cores were at most busy with something else: figures with much of that mean little.
"""

import argparse
import ast
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measure import MEGABYTE, CannotError, Case, ask, differences, head, interleave, run
from readers import READERS
from reading_data import Data, size_of

HERE = Path(__file__).resolve().parent
SERDE = "serde_json"


@dataclass(frozen=True)
class Work:
    """One thing to read, and beside whom."""

    title: str
    mapping: str
    columns: str
    peers: dict[str, tuple[float, ...]]
    """The readers, and how many times as fast as each we mean to be."""
    memory: float | None = None
    """Goal for the anonymous memory of ``ours_stream``, in MB."""


FLAT = "flat.toml", "user,time,scenario,action,item,value"
NESTED = "nested.toml", "user,time,scenario,action,value"
CODES = "flat-parquet.toml", "user,time,scenario,action"
WORKS = {
    "nested": Work(
        "nested JSON -> events",
        *NESTED,
        {
            "chdb_nested": (2.5,),
            "chdb_nested_dropped": (2.5,),
            SERDE: (1.3,),
            "msgspec_nested": (),
            "orjson_nested": (),
        },
    ),
    "jsonl": Work("JSONL -> events", *FLAT, {"duckdb_jsonl": (2.0, 2.3)}, memory=300),
    "zst": Work("JSONL .zst -> events", *FLAT, {"duckdb_jsonl": (1.5,)}),
    "gz": Work("JSONL .gz -> events", *FLAT, {"duckdb_jsonl": (1.2,)}),
    "csv": Work("CSV -> events", *FLAT, {"pyarrow_csv": (1.7,), "duckdb_csv": (1.7,)}),
    "parquet": Work("Parquet -> events as codes", *CODES, {"duckdb_parquet": (1.1,), "polars_parquet": (1.1,)}),
    "heavy": Work("the heaviest user: one object on one line", *NESTED, {}),
}


# The work items


def ours(name: str, work: Work, source: Path) -> list[str]:
    """Command of one of our readers."""
    command = [sys.executable, "-P", str(HERE / "readers.py"), name, str(source)]
    return [*command, "--mapping", str(HERE / work.mapping), "--columns", work.columns]


def beside_peers(work: Work, source: Path, size: float, peers: dict[str, list[str]], runs: int) -> None:
    """Check, time and print ours and the peers."""
    mine = [Case(name, ours(name, work, source), size) for name in ("ours_stream", "ours_hold")]
    theirs = [Case(name, [*peers[name], str(source)], size) for name in work.peers if name in peers]
    expected = run([*mine[1].command, "--check"])[0]
    for case in [mine[0], *theirs]:
        wrong = differences(run([*case.command, "--check"])[0], expected)
        if wrong:
            raise CannotError(f"{case.name} and ours_hold read different events: {'; '.join(wrong)[:600]}")
    print(f"\n{work.title}: {source.name}, {size:.0f} MB, {expected['rows']} events, equal in all readers; {runs} runs")
    interleave([*mine, *theirs], runs)
    print(head("MB/s") + f"{'stream / it (wall)':>21}{'hold / it (wall)':>21}")
    for case in mine:
        print(case.line())
    for case in theirs:
        print(case.line(*(f"{case.inner() / m.inner():.2f}x ({case.wall() / m.wall():.2f}x)" for m in mine)))
    measured = {case.name: case for case in theirs}
    for name, goals in work.peers.items():
        for goal in goals:
            case = measured.get(name)
            ratios = [reached(m, case.inner() / m.inner(), goal) for m in mine] if case else ["not measured"]
            print(f"  goal {goal}x {name}: {', '.join(ratios)}")
    if work.memory:
        verdict = "kept" if mine[0].anonymous <= work.memory else "missed"
        print(f"  goal {work.memory:.0f} MB of anonymous memory: ours_stream {mine[0].anonymous:.0f} MB, {verdict}")


def reached(case: Case, ratio: float, goal: float) -> str:
    """Whether so many times as fast is enough, in words."""
    return f"{case.name} {ratio:.2f}x {'reached' if ratio >= goal else 'missed'}"


def by_itself(work: Work, source: Path, runs: int) -> None:
    """One huge object, a tenth of it, and as much in many files: neither slower nor in more memory."""
    sources = {name: source / name for name in ("one.json", "tenth.json", "many")}
    cases = [Case(n, ours("ours_stream", work, s), size_of(s) / MEGABYTE) for n, s in sources.items()]
    expected, told = (run([*ours("ours_hold", work, sources[n]), "--check"])[0] for n in ("one.json", "many"))
    whose = ("users", "heaviest", "spans")
    if wrong := differences({k: v for k, v in told.items() if k not in whose}, expected):
        raise CannotError(f"the same events in one file and in many are different ones: {'; '.join(wrong)[:600]}")
    one, tenth, many = cases
    print(f"\n{work.title}: {one.size:.0f} MB, {expected['rows']} events, equal in many files; {runs} runs")
    interleave(cases, runs)
    print(head("MB/s"))
    for case in cases:
        print(case.line())
    speed = [case.inner() / case.size / (one.inner() / one.size) for case in (many, tenth)]
    print(f"  speed: {speed[0]:.2f}x that of as much in many files, {speed[1]:.2f}x of a tenth")
    memory = [one.anonymous / case.anonymous for case in (many, tenth)]
    print(f"  anonymous memory: {memory[0]:.2f}x that of as much in many files, {memory[1]:.2f}x of a tenth")


def find_peers(python: str, works: list[Work]) -> dict[str, list[str]]:
    """Commands of the peers that can run here; says which cannot."""
    names = dict.fromkeys(name for work in works for name in work.peers)
    wanted = {name: {m.split(".")[0] for m in READERS[name][0]} for name in names if name != SERDE}
    # Whatever a peer reads is compared as a polars frame, most of it by way of Arrow.
    packages = sorted({"polars", "pyarrow"}.union(*wanted.values()))
    code = "from importlib.metadata import distributions as d; print({x.name: x.version for x in d()})"
    found = ast.literal_eval(ask(python, code))
    print("peers: " + ", ".join(f"{p} {found[p]}" for p in packages if p in found))
    missing = [p for p in packages if p not in found]
    if missing:
        print(f"missing: {', '.join(missing)}; install with: {python} -m pip install {' '.join(missing)}")
    command = [python, "-P", str(HERE / "readers.py")]
    able = not {"polars", "pyarrow"} & set(missing)
    peers = {name: [*command, name] for name, needs in wanted.items() if able and not needs & set(missing)}
    if SERDE in names:
        try:
            peers[SERDE] = [build_serde()]
        except CannotError as error:
            print(error)
    return peers


def build_serde() -> str:
    """Build the Rust peer outside of the project."""
    if not shutil.which("cargo"):
        raise CannotError(f"missing: cargo, to build {SERDE}")
    target = Path(tempfile.gettempdir(), "tracelens-serde-peer")
    build = ["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path"]
    build += [str(HERE / "serde_peer" / "Cargo.toml"), "--target-dir", str(target)]
    if subprocess.run(build).returncode:
        raise CannotError(f"{SERDE} cannot be built")
    return str(target / "release" / "serde-peer")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(WORKS)}; else all")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the logs are, and are written to")
    parser.add_argument("--gen", type=Path, default=HERE.parents[1] / "shared" / "bench" / "gen.py")
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON", help="an interpreter that has the peers")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data or less, for a first look")
    options = parser.parse_args()
    if unknown := set(options.works) - set(WORKS):
        parser.error(f"no work item: {', '.join(sorted(unknown))}; there are {', '.join(WORKS)}")
    works = {name: WORKS[name] for name in options.works or WORKS}
    sys.stdout.reconfigure(line_buffering=True)
    version = ask(sys.executable, "from tracelens import _core; print(_core.__version__, _core.build_profile)")
    print(f"tracelens {version}")
    peers = find_peers(options.peers, list(works.values()))
    data = Data(options.data.resolve(), options.gen, options.peers, options.quick)
    failed = False
    for name, work in works.items():
        try:
            source = data.find(name)
            if name == "heavy":
                by_itself(work, source, options.runs)
            else:
                beside_peers(work, source, size_of(source) / MEGABYTE, peers, options.runs)
        except CannotError as error:
            print(f"\n{work.title}: {error}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
