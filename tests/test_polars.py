"""Expressions and lazy logs in polars."""

import doctest
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracelens.polars
from tracelens.errors import TracelensError
from tracelens.polars import burstiness, conversion_chains, funnel, scan_traces

ENGINES = ["in-memory", "streaming"]
START = datetime(2025, 9, 1)


def kim_jo(seconds: list[int]) -> float | None:
    gaps = np.diff(np.sort(seconds)).astype(float)
    n = len(gaps)
    if n < 2 or gaps.sum() == 0:
        return None
    r = gaps.std() / gaps.mean()
    return ((n + 1) ** 0.5 * r - (n - 1) ** 0.5) / (((n + 1) ** 0.5 - 2) * r + (n - 1) ** 0.5)


def times(seconds: list[int], unit: str = "us") -> pl.Series:
    return pl.Series("time", [START + timedelta(seconds=s) for s in seconds], dtype=pl.Datetime(unit))


def test_the_examples_of_the_docstrings() -> None:
    assert doctest.testmod(tracelens.polars).failed == 0


@given(st.lists(st.integers(0, 10_000), max_size=60), st.sampled_from(["ms", "us", "ns"]))
@settings(deadline=None)
def test_burstiness_is_that_of_the_formula(seconds: list[int], unit: str) -> None:
    found = times(seconds, unit).to_frame().select(burstiness("time")).item()
    expected = kim_jo(seconds)
    assert (found is None) == (expected is None)
    assert expected is None or math.isclose(found, expected, abs_tol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_burstiness_by_group_and_over(engine: str) -> None:
    seconds = {"a": [0, 1, 2, 3], "b": [0, 1, 2, 60, 61], "c": [5]}
    frame = pl.concat(times(s).to_frame().with_columns(user=pl.lit(u)) for u, s in seconds.items())
    frame = frame.sample(fraction=1, shuffle=True, seed=1)
    by_group = dict(frame.lazy().group_by("user").agg(burstiness("time")).collect(engine=engine).iter_rows())
    assert by_group == pytest.approx({user: kim_jo(s) for user, s in seconds.items()})
    over = frame.lazy().select("user", burstiness("time").over("user")).collect(engine=engine)
    assert over.height == frame.height
    assert dict(over.iter_rows()) == pytest.approx(by_group)


def test_chunks_and_nulls_do_not_matter() -> None:
    whole = times([0, 5, 6, 90])
    parts = pl.concat([whole[:1], times([]), pl.Series("time", [None], dtype=whole.dtype), whole[1:]], rechunk=False)
    assert parts.n_chunks() > 1
    assert parts.to_frame().select(burstiness("time")).item() == whole.to_frame().select(burstiness("time")).item()
    assert times([]).to_frame().select(burstiness("time")).item() is None


def naive_chains(rows: list[tuple[int, str, bool]], look_back: int, gap_cut: int) -> list[tuple[int, str]]:
    rows = sorted(rows, key=lambda row: row[0])
    chains = []
    for i, (time, scenario, conversion) in enumerate(rows):
        if not conversion:
            continue
        path, earliest = [scenario], time
        for t, s, _ in reversed(rows[:i]):
            if time - t > look_back or earliest - t > gap_cut:
                break
            earliest = t
            if path[0] != s:
                path.insert(0, s)
        chains.append((time - earliest, ">".join(path)))
    return chains


EVENTS = st.lists(st.tuples(st.integers(0, 500), st.sampled_from("abc"), st.booleans()), max_size=30)


@given(EVENTS, st.sampled_from([pl.String, pl.Categorical, pl.Enum(["a", "b", "c"])]))
@settings(deadline=None)
def test_chains_are_those_of_the_definition(rows: list[tuple[int, str, bool]], dtype: pl.DataType) -> None:
    frame = pl.DataFrame(
        {
            "time": pl.Series([START + timedelta(hours=h) for h, _, _ in rows], dtype=pl.Datetime("us")),
            "scenario": pl.Series([s for _, s, _ in rows], dtype=dtype),
            "conversion": pl.Series([c for _, _, c in rows], dtype=pl.Boolean),
        }
    )
    chains = frame.select(conversion_chains("time", "scenario", "conversion")).item()
    found = [(c["span"] // timedelta(hours=1), c["path"]) for c in chains.to_list()]
    assert found == naive_chains(rows, 7 * 24, 3 * 24)
    for chain in chains.to_list():
        steps = chain["path"].split(">")
        assert (chain["depth"], chain["scenarios"]) == (len(steps), len(set(steps)))


@pytest.fixture
def shop() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user": ["u1"] * 4 + ["u2"],
            "time": [START.replace(tzinfo=UTC) + timedelta(days=d) for d in (0, 1, 3, 5, 0)],
            "scenario": ["search", "video", None, "shop", "shop"],
            "conversion": [False, None, True, True, False],
        }
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_chains_by_group(shop: pl.DataFrame, engine: str) -> None:
    chains = conversion_chains("time", "scenario", "conversion", window="30d").alias("chains")
    found = shop.lazy().group_by("user", maintain_order=True).agg(chains).collect(engine=engine)
    assert found["chains"].list.len().to_list() == [1, 0], "no conversion, no chain; a row without scenario is left out"
    first = found["chains"][0][0]
    assert first["path"] == "shop", "four days from video to shop are a cut"
    assert found.schema["chains"].inner.fields[0].dtype == pl.Datetime("us", "UTC")


def test_the_window_is_a_length_of_time(shop: pl.DataFrame) -> None:
    for window in ("7d", "168h", "1w", "6d24h", timedelta(days=7)):
        ask = conversion_chains("time", "scenario", "conversion", window=window)
        assert shop.group_by("user").agg(ask).height == 2
    with pytest.raises(TracelensError, match="TL110"):
        conversion_chains("time", "scenario", "conversion", window="a week")


def test_a_literal_stands_for_all_rows(shop: pl.DataFrame) -> None:
    all_convert = shop.select(conversion_chains("time", pl.lit("shop"), pl.lit(True))).item()
    assert all_convert.struct.field("path").unique().to_list() == ["shop"]
    assert len(all_convert) == shop.height


def level(events: str, steps: str, window: int = 1000, seconds: list[int] | None = None, **modes: bool) -> int:
    """The level of events named by letters, one a second; `steps` are the letters of the funnel."""
    frame = pl.DataFrame({"time": times(seconds or list(range(len(events)))), "event": list(events)})
    done = [pl.col("event") == step for step in steps]
    return int(frame.select(funnel("time", done, window=timedelta(seconds=window), **modes)).item())


@pytest.mark.parametrize(
    ("mode", "events", "steps", "expected"),
    [
        ("", "abcd", "abcd", 4),
        ("", "adbc", "abc", 3),
        ("", "acb", "abc", 2),
        ("", "bcd", "abcd", 0),
        ("", "abcbd", "abcd", 4),
        ("strict_deduplication", "abcbd", "abcd", 3),
        ("strict_deduplication", "aaabc", "abc", 3),
        ("strict_order", "abdc", "abc", 2),
        ("strict_order", "dabc", "abc", 3),
        ("strict_order", "aabbcc", "abc", 3),
    ],
)
def test_funnels_are_those_of_the_model(mode: str, events: str, steps: str, expected: int) -> None:
    # A>B>C>B>D stops at C without duplicates, A>B>D>C at B in strict order: the examples of ClickHouse's manual.
    assert level(events, steps, **({mode: True} if mode else {})) == expected


def test_edges_of_a_funnel() -> None:
    assert level("ab", "ab", 10, [0, 10]) == 2, "the window includes its end"
    assert level("ab", "ab", 10, [0, 11]) == 1
    assert level("aab", "ab", 10, [0, 100, 105]) == 2, "a later first step opens the window anew"
    assert level("cba", "abc", 0, [7, 7, 7]) == 3, "at one time steps count in their order"
    assert level("cba", "abc", 0, [7, 7, 7], strict_increase=True) == 1
    assert level("abc", "ccc") == 3, "one event may be several steps"
    assert level("abc", "ccc", strict_increase=True) == 1
    assert level("a", "a" * 32) == 32
    assert (
        pl.DataFrame({"time": times([]), "done": []}, schema_overrides={"done": pl.Boolean})
        .select(funnel("time", ["done"]))
        .item()
        == 0
    )


def longest(rows: list[tuple[int, str]], steps: str, first: int, last: int, window: int) -> int:
    """Every chain, one by one: the longest that goes on from a step at `last` in a chain begun at `first`."""
    if not steps:
        return 0
    further = [t for t, step in rows if step == steps[0] and last <= t <= first + window]
    return max((1 + longest(rows, steps[1:], first, t, window) for t in further), default=0)


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abcx")), max_size=9), st.integers(0, 12))
@settings(deadline=None)
def test_the_level_is_that_of_the_best_of_all_chains(rows: list[tuple[int, str]], window: int) -> None:
    found = level("".join(step for _, step in rows), "abc", window, [t for t, _ in rows])
    starts = {t for t, step in rows if step == "a"}
    assert found == max((1 + longest(rows, "bc", t, t, window) for t in starts), default=0)


@pytest.mark.parametrize("engine", ENGINES)
def test_funnels_by_group_and_over(engine: str) -> None:
    frame = pl.DataFrame(
        {
            "user": ["u1"] * 4 + ["u2"] * 3,
            "time": pl.Series([0, 5, None, 9, 0, 1, 2], dtype=pl.Int64).cast(pl.Datetime("ms", "UTC")),
            "view": [True, False, False, False, None, True, False],
            "buy": [False, True, False, True, True, None, False],
        }
    ).lazy()
    ask = funnel("time", ["view", pl.col("buy"), pl.lit(True)], window="8ms").alias("level")
    by_group = frame.group_by("user", maintain_order=True).agg(ask).collect(engine=engine)
    assert by_group.rows() == [("u1", 3), ("u2", 1)], "null is no step and no time"
    assert by_group.schema["level"] == pl.UInt32
    over = frame.select("user", ask.over("user")).collect(engine=engine)
    assert dict(over.iter_rows()) == dict(by_group.iter_rows())


def test_a_funnel_has_steps_and_a_window(shop: pl.DataFrame) -> None:
    with pytest.raises(pl.exceptions.ComputeError, match="1 to 32 steps, not 0"):
        shop.select(funnel("time", []))
    with pytest.raises(pl.exceptions.ComputeError, match="1 to 32 steps, not 33"):
        shop.select(funnel("time", ["conversion"] * 33))
    with pytest.raises(TracelensError, match="TL110"):
        funnel("time", ["conversion"], window="a week")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    line = '{{"user":"u{}","time":"2025-09-01T10:{:02}:{:02}Z","scenario":"{}","action":"like","item":"i{}"}}\n'
    path = tmp_path / "events.ndjson"
    path.write_text("".join(line.format(i % 7, i // 60, i % 60, "ab"[i % 2], i) for i in range(1000)))
    return path


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lazy_log_is_like_an_eager_frame(log: Path, engine: str) -> None:
    lazy = scan_traces(log, mapping="events")
    eager = lazy.collect(engine=engine)
    assert eager.height == 1000
    assert eager.schema == lazy.collect_schema()
    assert lazy.collect(engine=engine).equals(eager), "a second collect reads afresh"
    a = pl.col("scenario") == "a"
    queries = [
        lambda f: f.head(10),
        lambda f: f.filter(a).head(10),
        lambda f: f.filter(a).select("item"),
        lambda f: f.select("item", "user").filter(pl.col("user") == "u3").head(3),
        lambda f: f.head(20).filter(a),
        lambda f: f.head(20).filter(a).select("item").head(3),
        lambda f: f.filter(a).head(20).filter(pl.col("user") == "u3"),
        lambda f: f.head(0),
        lambda f: f.select(pl.len()),
        lambda f: f.filter(a).select(pl.len()),
        lambda f: f.slice(5, 7),
        lambda f: f.filter(pl.col("time") >= datetime(2025, 9, 1, 10, 5, tzinfo=UTC)),
        lambda f: f.select("user", burstiness("time").over("user")),
        lambda f: f.join(f.filter(a).select("item"), on="item", how="semi", maintain_order="left"),
    ]
    for number, query in enumerate(queries):
        found = query(lazy).collect(engine=engine)
        assert found.equals(query(eager.lazy()).collect()), number


def test_only_what_is_asked_for_is_shown_in_the_plan(log: Path) -> None:
    plan = scan_traces(log, mapping="events").filter(pl.col("scenario") == "a").select("item").explain()
    assert "PROJECT 2/15" in plan or "PROJECT 1/15" in plan


@pytest.mark.parametrize("engine", ENGINES)
def test_errors_stay_what_they_are(log: Path, engine: str) -> None:
    with pytest.raises(TracelensError, match="TL201"):
        scan_traces(log.parent / "nowhere", mapping="events").collect(engine=engine)
    with pytest.raises(TracelensError, match="TL110"):
        scan_traces(log, on_bad_row="ignore")  # type: ignore[arg-type]
    log.write_text(log.read_text() + '{"user":"u1","time":"noon","action":"like"}\n')
    with pytest.raises(TracelensError, match="TL204") as error:
        scan_traces(log, mapping="events").collect(engine=engine)
    assert error.value.exit_status == 3
    assert scan_traces(log, mapping="events", on_bad_row="drop").collect(engine=engine).height == 1000
