"""The plugin ABI against every polars type, each in a process of its own: a result or an exception, never an abort."""

import subprocess
import sys

import pytest

HEAD = """
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
import polars as pl
from tracelens.polars import burstiness, conversion_chains, funnel

at = [datetime(2025, 9, day) for day in (1, 2, 5, 9)]
COLUMNS = {
    **{name: pl.Series([1, 2, 3, 4], dtype=getattr(pl, name)) for name in (
        *("Int8", "Int16", "Int32", "Int64", "Int128", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128"),
        *("Float16", "Float32", "Float64"),
    ) if hasattr(pl, name)},
    "Boolean": pl.Series([True, False, None, True]),
    "String": pl.Series(["a", "b", None, "a"]),
    "Binary": pl.Series([b"a", b"b", None, b"a"]),
    "Date": pl.Series([date(2025, 9, 1)] * 4),
    **{f"Datetime {unit} {zone}": pl.Series(at, dtype=pl.Datetime(unit)).dt.replace_time_zone(zone)
       for unit in ("ms", "us", "ns") for zone in (None, "UTC", "Asia/Shanghai")},
    **{f"Duration {unit}": pl.Series([timedelta(1)] * 4, dtype=pl.Duration(unit)) for unit in ("ms", "us", "ns")},
    "Time": pl.Series([time(1)] * 4),
    "Categorical": pl.Series(["a", "b", None, "a"], dtype=pl.Categorical),
    "Enum": pl.Series(["a", "b", None, "a"], dtype=pl.Enum(["a", "b"])),
    "Decimal": pl.Series([Decimal("1.5")] * 4),
    "List": pl.Series([[1], [2, 3], None, []]),
    "Array": pl.Series([[1, 2]] * 4, dtype=pl.Array(pl.Int64, 2)),
    "Struct": pl.Series([{"a": 1}] * 4),
    "Null": pl.Series([None] * 4),
    "Object": pl.Series([object()] * 4, dtype=pl.Object),
}
name, engine = sys.argv[1:]
column = COLUMNS[name].alias("column")
others = {"group": [1, 1, 1, 2], "time": at, "scenario": list("abca"), "conversion": [False, False, True, True]}
frame = pl.DataFrame(others).with_columns(column)
QUERIES = {
    "burstiness": lambda f: f.select(burstiness("column")),
    "burstiness in groups": lambda f: f.group_by("group").agg(burstiness("column")),
    "burstiness over": lambda f: f.select(burstiness("column").over("group")),
    "chains time": lambda f: f.select(conversion_chains("column", "scenario", "conversion")),
    "chains scenario": lambda f: f.group_by("group").agg(conversion_chains("time", "column", "conversion")),
    "chains conversion": lambda f: f.select(conversion_chains("time", "scenario", "column")),
    "funnel time": lambda f: f.group_by("group").agg(funnel("column", ["conversion"])),
    "funnel step": lambda f: f.select(funnel("time", ["conversion", "column"]).over("group")),
}
for query, ask in QUERIES.items():
    try:
        ask(frame.lazy()).collect(engine=engine)
        print(query, "| result |")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        print(query, "|", type(error).__name__, "|", str(error).splitlines()[0])
"""
NUMBERS = ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"]
OTHERS = [
    "Int128",
    "UInt128",
    "Float16",
    "Boolean",
    "String",
    "Binary",
    "Date",
    "Time",
    "Categorical",
    "Enum",
    "Decimal",
]
NESTED = ["List", "Array", "Struct", "Null", "Duration ms", "Duration us", "Duration ns"]
TIMES = [f"Datetime {unit} {zone}" for unit in ("ms", "us", "ns") for zone in (None, "UTC", "Asia/Shanghai")]


def ask(dtype: str, engine: str) -> dict[str, tuple[str, str]]:
    run = subprocess.run([sys.executable, "-c", HEAD, dtype, engine], capture_output=True, text=True, timeout=100)
    if run.returncode == 1 and f"KeyError: '{dtype}'" in run.stderr:
        pytest.skip(f"this polars has no {dtype}")
    assert run.returncode == 0, run.stderr
    answers = [line.split("|", 2) for line in run.stdout.splitlines()]
    return {query.strip(): (kind.strip(), message.strip()) for query, kind, message in answers}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("dtype", [*NUMBERS, *OTHERS, *NESTED, *TIMES])
def test_every_type_gives_a_result_or_an_error_that_names_the_column(dtype: str, engine: str) -> None:
    answers = ask(dtype, engine)
    assert len(answers) == 8
    takes = {
        "burstiness": dtype in TIMES,
        "chains time": dtype in TIMES,
        "chains scenario": dtype in ("String", "Categorical", "Enum"),
        "chains conversion": dtype == "Boolean",
        "funnel time": dtype in TIMES,
        "funnel step": dtype == "Boolean",
    }
    for query, (kind, message) in answers.items():
        if next(wanted for start, wanted in takes.items() if query.startswith(start)):
            assert kind == "result", f"{query}: {message}"
        else:
            assert kind == "ComputeError", f"{query}: {kind} {message}"
            assert 'column "column" has to be' in message


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_python_objects_end_nothing(engine: str) -> None:
    # Objects have no Arrow form, so what polars says is its own affair, as long as the process lives.
    assert all(kind != "result" for query, (kind, _) in ask("Object", engine).items() if query == "burstiness")


@pytest.mark.slow
def test_memory_is_given_back() -> None:
    code = """
import polars as pl, resource
from tracelens.polars import burstiness, conversion_chains
n = 1_000_000
frame = pl.DataFrame({"time": pl.int_range(n, eager=True).cast(pl.Datetime("us"))})
frame = frame.with_columns(scenario=pl.lit("a scenario of some length"))
frame = frame.with_columns(user=pl.int_range(n, eager=True) // 100, conversion=pl.int_range(n, eager=True) % 1000 == 0)
wrong = frame.lazy().select(burstiness("scenario"))
peaks = []
for i in range(30):
    engine = "streaming" if i % 2 else "in-memory"
    if i % 3 == 0:
        frame.lazy().group_by("user").agg(conversion_chains("time", "scenario", "conversion")).collect(engine=engine)
    chains = conversion_chains("time", "scenario", "conversion")
    frame.lazy().select(b=burstiness("time"), c=chains).collect(engine=engine)
    try: wrong.collect(engine=engine)
    except pl.exceptions.ComputeError: pass
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
print(peaks[9], peaks[-1])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=110, check=True)
    early, late = map(int, run.stdout.split())
    # One leaked input a run would be 20 x 24 MB.
    assert late - early < 100, f"{early} MB after 10 runs, {late} MB after 30"
