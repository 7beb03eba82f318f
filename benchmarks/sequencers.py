"""The ways of summing up sequences that sequences.py times, ours and the peers': a process sums up a log in one way.

    python benchmarks/sequencers.py chain LOG.parquet --mapping benchmarks/flat-sequences.toml [--check]
    PEERS benchmarks/sequencers.py chain_numba LOG.parquet --bench DIR [--check]

Prints ``{"seconds": ...}``, from the file to the finished statistics, without start, imports and compiling; with
``--check`` what they add up to. A peer is a case of DIR/peers/seq.py, or one of ours that is made of its parts.
"""

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Check = dict[str, list[float]]
"""By statistic what both sides can tell of it."""

STEPS = [[("Live Streaming", "watch"), ("Video Browsing", "watch")], "cart", "purchase"]
STATISTICS = {
    "dfg": "directly_follows",
    "chain": "chains",
    "gram3": "grams",
    "lift": "lift",
    "profile": "profile",
    "funnel": "funnel",
}
"""What the peers call our statistics."""


# ours


def ours(statistics: list[str], source: str, mapping: str) -> Callable[[], Check]:
    """Sum up some statistics, by the names of the peers."""
    from tracelens import read_traces, sequences

    names: Any = [STATISTICS[name] for name in statistics]
    found = sequences(read_traces(source, mapping), *names, steps=STEPS)
    return lambda: {name: CHECKS[name](found) for name in statistics}


def everything(source: str, mapping: str) -> Callable[[], Check]:
    """All accumulators over all users, from which sides are compared."""
    from tracelens import read_traces

    statistics = read_traces(source, mapping).statistics()
    return lambda: {"users": [len(statistics.users)]}


def _dfg(found: Any) -> list[float]:
    counts = found.directly_follows["count"]
    return [len(counts), counts.sum(), (counts * counts).sum()]


def _chain(found: Any) -> list[float]:
    totals = found.chain_totals
    span = totals.span_us / 1e6
    return [totals.conversions, totals.scenarios, span, found.chains["conversions"].sum(), totals.paths]


def _profile(found: Any) -> list[float]:
    return [found.profile[name].sum() for name in ("entropy_bits", "gini", "active_days", "burstiness")]


CHECKS: dict[str, Callable[[Any], list[float]]] = {
    "dfg": _dfg,
    "chain": _chain,
    "gram3": lambda found: [found.grams["users"].sum(), found.grams["count"].sum()],
    "lift": lambda found: [found.lift["lift"].sum()],
    "profile": _profile,
    "funnel": lambda found: found.funnel["users"].to_list(),
}


# The peers


def peer(case: str, source: str, bench: Path) -> tuple[float, Check]:
    """Run a case of the peers: its seconds, and what it found."""
    # Nothing is written where the peers are.
    sys.dont_write_bytecode = True
    os.environ["NUMBA_CACHE_DIR"] = str(Path(tempfile.gettempdir(), "tracelens-numba"))
    sys.path[:0] = [str(bench / "peers"), str(bench)]
    seq = importlib.import_module("seq")
    data = source.removesuffix(".parquet")
    if case == "six_numba":
        return _six_numba(seq, data)
    run = seq.CASES[case]
    for module in (run.__doc__ or "").partition("imports:")[2].split():
        importlib.import_module(module)
    began = time.perf_counter()
    told = run(data)
    seconds = told.get("t", time.perf_counter() - began)
    return seconds, _shared(case.partition("_")[0], told["check"])


def _six_numba(seq: Any, data: str) -> tuple[float, Check]:
    """Six kernels after one reading, with the bounds of the users found once."""
    kernels = importlib.import_module("seq_numba")
    importlib.import_module("polars")
    for name in STATISTICS:
        kernels.warm(name)
    began = time.perf_counter()
    frame = seq._pl(data, "user_id", "s", "scen", "act").collect()
    columns = [frame[name].to_numpy() for name in frame.columns]
    bounds = kernels.bounds(columns[0])
    kernels.bounds = lambda _: bounds
    found = {name: kernels.run(name, *columns)[0] for name in STATISTICS}
    seconds = time.perf_counter() - began
    return seconds, {key: values for name in STATISTICS for key, values in _shared(name, found[name]).items()}


def _shared(name: str, check: Any) -> Check:
    values = [float(value) for value in check]
    # Of the counts of each user's grams we keep no squares.
    return {name: values[:2] if name == "gram3" else values}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", help="a statistic, six, everything; or with --bench a case of the peers, six_numba")
    parser.add_argument("source")
    parser.add_argument("--mapping")
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.bench:
        seconds, check = peer(options.case, options.source, options.bench)
        print(json.dumps(check if options.check else {"seconds": seconds}))
        return
    for module in ("tracelens._core", "tracelens.sequence"):
        importlib.import_module(module)
    began = time.perf_counter()
    if options.case == "everything":
        told = everything(options.source, options.mapping)
    else:
        names = list(STATISTICS) if options.case == "six" else [options.case]
        told = ours(names, options.source, options.mapping)
    seconds = time.perf_counter() - began
    print(json.dumps(told() if options.check else {"seconds": seconds}))


if __name__ == "__main__":
    main()
