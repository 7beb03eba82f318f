"""How fast the statistics of sequences come from a Parquet log, beside what one would otherwise compute them with.

    python benchmarks/sequences.py [dfg chain gram3 lift profile funnel six ...] --bench DIR --peers PYTHON [--quick]

Of every work item all run in one go, each as a process of its own, in turns: first untimed, and only if all agree on
what they find are they timed; of the engines (polars, duckdb, chdb) only those that are not twice as slow as the best
of them for that statistic. ``six``: all statistics in one pass, beside the sum of the best engines, one a statistic,
and beside compiled kernels that share one reading. ``time``: the log in order of time rather than by user.
``everything``: all accumulators of a comparison, beside ``six``. ``growth``: a log ten and a hundred times as large.
``six-large`` and ``chain-large`` want e100m.parquet, 100 million events of 100,000 users, which is not made by the way.

Seconds are medians: inner ones without start, imports and compiling, wall ones of the whole process; Mev/s are millions
of events by inner seconds; memory the peaks of all runs, RSS with and anonymous memory without the pages of mapped
files; others how many cores were at most busy with something else: figures with much of that mean little.
"""

import argparse
import math
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from measure import CannotError, Case, ask, head, interleave, run
from reading_data import Data

HERE = Path(__file__).resolve().parent
STATISTICS = ("dfg", "chain", "gram3", "lift", "profile", "funnel")
ENGINES = {
    "dfg": ("dfg_polars_sorted", "dfg_polars_sorted_inmem", "dfg_duckdb_stream", "dfg_chdb_sorted"),
    "chain": ("chain_polars_sorted", "chain_duckdb_asof", "chain_chdb_nthvalue"),
    "gram3": ("gram3_polars_sorted", "gram3_duckdb_stream", "gram3_chdb_window"),
    "lift": ("lift_polars_sorted", "lift_duckdb_desc", "lift_chdb_window"),
    "profile": ("profile_polars", "profile_polars_sorted", "profile_duckdb_stream"),
    "funnel": ("funnel_chdb_windowFunnel",),
}
"""The best of what each engine is known to do, by statistic."""


@dataclass(frozen=True)
class Work:
    """One thing to sum up, and how many times as fast as whom we mean to be."""

    title: str
    ours: str
    log: str
    kernels: str
    """The case of the peers that is compiled for it."""
    times_kernels: float
    engines: tuple[str, ...] = ()
    """Statistics whose best engines are added up."""
    times_engines: float | None = None
    memory: float | None = None
    """Goal for the peak RSS, in MB."""


WORKS = {
    "dfg": Work("directly-follows counts", "dfg", "e10m", "dfg_numba", 1.5, ("dfg",)),
    "chain": Work("chains to conversions", "chain", "e10m", "chain_numba", 2, ("chain",), 3),
    "gram3": Work("grams of three steps", "gram3", "e10m", "gram3_numba", 2, ("gram3",)),
    "lift": Work("lifts of pairs of scenarios", "lift", "e10m", "lift_numba", 2, ("lift",)),
    "profile": Work("profiles of users", "profile", "e10m", "profile_numba", 2, ("profile",)),
    "funnel": Work("funnel", "funnel", "e10m", "funnel_numba", 2, ("funnel",)),
    "six": Work("all six in one pass", "six", "e10m", "six_numba", 2, STATISTICS, 12),
    "time": Work("chains, log in order of time", "chain", "e10m-time", "chain_numba_sortfirst", 1.8),
    "six-large": Work("all six in one pass", "six", "e100m", "six_numba", 2.5, STATISTICS, 15),
    "chain-large": Work("chains to conversions", "chain", "e100m", "chain_numba", 2.6, ("chain",), 3, 1500),
}
EVERYTHING = 2.5
"""How many times as long as ``six`` all accumulators may take."""
GROWTH = 1.3
"""How many times as long an event may take in the larger of two logs."""
SIZES = {"e1m": 1.0, "e10m": 10.0, "e100m": 100.0}
"""Millions of events."""


@dataclass(frozen=True)
class Bench:
    """Where all of it is."""

    data: Data
    python: str
    directory: Path
    runs: int

    def log(self, name: str) -> Path:
        """Return a log, written now if it is missing and not too large."""
        if self.data.quick:
            name = name.replace("e10m", "e1m").replace("e100m", "e10m")
        path = self.data.directory / f"{name}.parquet"
        if path.exists():
            return path
        if name.endswith("-time"):
            print(f"writing {path}", flush=True)
            partial, plain = path.with_suffix(".partial"), self.log(name.removesuffix("-time"))
            code = f"import polars; polars.read_parquet({str(plain)!r}).sort('ts').write_parquet({str(partial)!r})"
            subprocess.run([self.python, "-c", code], check=True)
            partial.rename(path)
            return path
        if path == self.data.directory / ("e1m.parquet" if self.data.quick else "e10m.parquet"):
            return self.data.flat("parquet")
        raise CannotError(f"{path} is missing")

    def ours(self, name: str, log: Path) -> Case:
        """One of our works."""
        command = [sys.executable, "-P", str(HERE / "sequencers.py"), name, str(log)]
        return Case(f"ours {name}", [*command, "--mapping", str(HERE / "flat-sequences.toml")], size(log))

    def peer(self, name: str, log: Path) -> Case:
        """A case of the peers."""
        command = [self.python, "-P", str(HERE / "sequencers.py"), name, str(log), "--bench", str(self.directory)]
        return Case(name, command, size(log))


def size(log: Path) -> float:
    """Millions of events in a log, by its name."""
    return SIZES[log.stem.removesuffix("-time")]


def found(case: Case) -> dict[str, Any]:
    """Run once, untimed: what it found."""
    told: dict[str, Any] = run([*case.command, "--check"])[0]
    return told


def require_equal(case: Case, expected: dict[str, list[float]]) -> float:
    """Run once, untimed; it must find the same, to the three digits that the peers tell. Returns the wall seconds."""
    told, wall, *_ = run([*case.command, "--check"])
    for name, values in told.items():
        mine = expected[name]
        alike = (math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-3) for a, b in zip(values, mine, strict=True))
        if not all(alike):
            raise CannotError(f"{case.name} finds {name} {values}, and ours {mine}")
    return wall


def able_engines(bench: Bench, statistic: str, log: Path, expected: dict[str, list[float]]) -> list[Case]:
    """Return the engines that find the same, without those that are twice as slow as the best of them."""
    walls = {}
    for name in ENGINES[statistic]:
        case = bench.peer(name, log)
        try:
            walls[case.name] = (require_equal(case, expected), case)
        except CannotError as error:
            print(f"  {name} is left out: {error}")
    best = min((wall for wall, _ in walls.values()), default=0.0)
    return [case for wall, case in walls.values() if wall < 2 * best]


def beside_peers(bench: Bench, work: Work) -> None:
    """Check, time and print ours and the peers."""
    log = bench.log(work.log)
    ours, kernels = bench.ours(work.ours, log), bench.peer(work.kernels, log)
    expected = found(ours)
    require_equal(kernels, expected)
    engines = {statistic: able_engines(bench, statistic, log, expected) for statistic in work.engines}
    print(f"\n{work.title}: {log.name}, equal in all; {bench.runs} runs")
    cases = [ours, kernels, *(case for some in engines.values() for case in some)]
    interleave(cases, bench.runs)
    print(head("Mev/s") + f"{'it / ours (wall)':>21}")
    print(ours.line())
    for case in cases[1:]:
        print(case.line(f"{case.inner() / ours.inner():.2f}x ({case.wall() / ours.wall():.2f}x)"))
    reached(kernels.name, kernels.inner() / ours.inner(), work.times_kernels)
    if engines and all(engines.values()):
        best = [min(some, key=Case.inner) for some in engines.values()]
        total = sum(case.inner() for case in best)
        print(f"  engines: {', '.join(case.name for case in best)}: {total:.3f} s")
        reached("engines", total / ours.inner(), work.times_engines)
    if work.memory:
        verdict = "kept" if ours.resident <= work.memory else "missed"
        print(f"  goal {work.memory:.0f} MB: ours {ours.resident:.0f} MB, {verdict}; {kernels.resident:.0f} MB theirs")


def reached(name: str, ratio: float, goal: float | None) -> None:
    """Print how many times as fast ours is, and whether that is as much as we mean."""
    if goal is None:
        print(f"  {ratio:.2f}x {name}")
    else:
        print(f"  goal {goal}x {name}: {ratio:.2f}x {'reached' if ratio >= goal else 'missed'}")


def everything(bench: Bench) -> None:
    """All accumulators of a comparison, beside the six statistics."""
    log = bench.log("e10m")
    cases = [bench.ours(name, log) for name in ("everything", "six")]
    for case in cases:
        found(case)
    print(f"\nall accumulators of a comparison: {log.name}; {bench.runs} runs")
    interleave(cases, bench.runs)
    print(head("Mev/s"))
    for case in cases:
        print(case.line())
    ratio = cases[0].inner() / cases[1].inner()
    print(f"  goal {EVERYTHING}x the seconds of six: {ratio:.2f}x {'kept' if ratio <= EVERYTHING else 'missed'}")


def growth(bench: Bench) -> None:
    """Nanoseconds an event, in logs of each size."""
    logs = [bench.data.directory / f"{name}.parquet" for name in SIZES]
    cases = [bench.ours("six", log) for log in logs if log.exists()]
    if len(cases) < 2:
        raise CannotError(f"of {', '.join(log.name for log in logs)} at least two are needed")
    for case in cases:
        found(case)
    print(f"\nsix, in logs of each size; {bench.runs} runs")
    interleave(cases, bench.runs)
    print(head("Mev/s"))
    for case in cases:
        print(case.line(f"{1e3 * case.inner() / case.size:.1f} ns an event"))
    for less, more in pairwise(cases):
        ratio = more.inner() / more.size / (less.inner() / less.size)
        verdict = "kept" if ratio <= GROWTH else "missed"
        print(f"  goal {GROWTH}x from {less.size:.0f} to {more.size:.0f} million events: {ratio:.2f}x {verdict}")


def main() -> int:
    names = [*WORKS, "everything", "growth"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(names)}; else all")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the logs are, and are written to")
    parser.add_argument("--bench", type=Path, default=HERE.parents[1] / "shared" / "bench", metavar="DIR")
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON", help="an interpreter that has the peers")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, for a first look")
    options = parser.parse_args()
    if unknown := set(options.works) - set(names):
        parser.error(f"no work item: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    sys.stdout.reconfigure(line_buffering=True)
    version = ask(sys.executable, "from tracelens import _core; print(_core.__version__, _core.build_profile)")
    print(f"tracelens {version}")
    directory = options.bench.resolve()
    data = Data(options.data.resolve(), directory / "gen.py", options.peers, options.quick)
    bench = Bench(data, options.peers, directory, options.runs)
    failed = False
    for name in options.works or names:
        try:
            if name in WORKS:
                beside_peers(bench, WORKS[name])
            else:
                {"everything": everything, "growth": growth}[name](bench)
        except CannotError as error:
            print(f"\n{name}: {error}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
