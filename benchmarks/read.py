"""Reading speed and whole-command time on one flat log, beside duckdb and polars doing the same read in the same run.

    python benchmarks/read.py LOG.jsonl [LOG.csv ...] [--runs 5] [--mapping FILE]

Every reader loads the same columns (user, time, scenario, action, item) of the whole file; medians of fresh processes.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

OURS = """
import sys; from tracelens.traces import read_traces
t = read_traces(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None); print(len(t))
"""
POLARS = """
import sys, polars as pl; p = sys.argv[1]
f = pl.scan_ndjson(p) if p.endswith("l") else pl.scan_csv(p)
if f.collect_schema()[TIME] == pl.String:
    f = f.with_columns(pl.col(TIME).str.to_datetime())
print(f.select(COLUMNS).collect().height)
"""
DUCKDB = """
import sys, duckdb; p = sys.argv[1]
read = "read_json" if p.endswith("l") else "read_csv"
print(duckdb.sql(f"select {', '.join(COLUMNS)} from {read}('{p}')").to_arrow_table().num_rows)
"""


def timed(code: str, arguments: list[str]) -> tuple[float, int]:
    began = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return time.perf_counter() - began, int(run.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+")
    parser.add_argument("--mapping")
    parser.add_argument("--columns", default="user_id,timestamp,scenario,action,item_id")
    parser.add_argument("--time", default="timestamp")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    head = f"COLUMNS = {options.columns.split(',')!r}; TIME = {options.time!r}\n"
    for log in options.logs:
        size = Path(log).stat().st_size / 1e6
        readers = {
            "tracelens": (OURS, [log, *([options.mapping] if options.mapping else [])]),
            "polars": (head + POLARS, [log]),
            "duckdb": (head + DUCKDB, [log]),
        }
        times: dict[str, list[float]] = {name: [] for name in readers}
        rows = {}
        for _ in range(options.runs):
            for name, (code, arguments) in readers.items():
                seconds, rows[name] = timed(code, arguments)
                times[name].append(seconds)
        print(f"{log} ({size:.0f} MB, whole processes, median of {options.runs})")
        for name, seconds in times.items():
            median = statistics.median(seconds)
            print(f"  {name:10} {median:6.2f} s  {size / median:6.0f} MB/s  {rows[name]} rows")


if __name__ == "__main__":
    main()
