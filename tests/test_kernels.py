"""The Rust kernels against the slow oracle of `tests/engine/tables.py`, on random logs full of ties and repetitions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.engine.tables import tabulate
from tracelens.statistics import Statistics
from tracelens.traces import Traces

START = datetime(2025, 8, 31, 22, tzinfo=UTC)
ZONE = "Europe/Berlin"  # where that is midnight, the start of 1 September
FIRST_DAY = (datetime(2025, 9, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
DAYS = 24
ROLES = {"view": "exposure", "watch": "passive", "like": "active", "dislike": "active", "buy": "conversion"}
VALENCE = {"like": 1, "dislike": -1, "buy": 1}
CODED = {
    "source": "scenario",
    "target": "scenario",
    "scenario": "scenario",
    "action": "action",
    "next_action": "action",
    "item": "item",
    "category": "category",
}
BLOCKS = ("scenario", "action", "category")
PATH_KEPT = 8  # of longer paths the kernel keeps the last scenarios


def random_log(seed: int, *, coarse: bool, records: bool) -> pl.DataFrame:
    """Users with bursts of events, many at the same second where `coarse`, on few items and categories."""
    rng = np.random.default_rng(seed)
    users, n = 7, 900
    bursts = rng.integers(0, DAYS * 86_400, 60 * users)
    which = rng.integers(0, len(bursts), n)
    seconds = bursts[which] + (0 if coarse else rng.integers(0, 4_000, n))
    items = rng.integers(0, 12, n)
    action = rng.choice(list(ROLES), n, p=[0.4, 0.25, 0.2, 0.05, 0.1])
    frame = pl.DataFrame(
        {
            "user": [f"u{w % users}" for w in which],
            "time": [START + timedelta(seconds=int(s)) for s in seconds],
            "time_precision": ["s"] * n,
            "scenario": rng.choice(["search", "video", "ad", "shop"], n, p=[0.2, 0.4, 0.2, 0.2]),
            "action": action,
            "role": [ROLES[a] for a in action],
            "valence": [VALENCE.get(a, 0) for a in action],
            "item": [None if i > 9 else f"i{i}" for i in items],
            "category": [None if i == 3 else f"c{i % 3}" for i in items],
            "record": which if records else np.arange(n),
        },
        schema_overrides={"time": pl.Datetime("us", "UTC"), "valence": pl.Int8, "record": pl.UInt64},
    )
    if records:  # a record is seen in one scenario, at one time
        frame = frame.with_columns(pl.col("scenario", "time").first().over("record"))
    return frame


def named(statistics: Statistics, table: str) -> list[tuple[Any, ...]]:
    """Rows of a table with names in place of codes, sorted: codes may differ, what they mean may not."""
    columns = statistics.tables[table]
    names = statistics.names

    def decode(column: str, values: Any) -> list[Any]:
        if column == "user":
            return [str(statistics.users[v]) for v in values]
        if column == "path":
            return [">".join(names["path"][v].split(">")[-PATH_KEPT:]) for v in values]
        if column in CODED:
            return ["" if v < 0 else names[CODED[column]][v] for v in values]
        if column == "code":
            blocks = columns["block"]
            return [names[BLOCKS[b]][v] if b < 3 else "" for b, v in zip(blocks, values, strict=True)]
        return [int(v) for v in values]

    ordered = sorted(columns)
    return sorted(zip(*(decode(column, columns[column]) for column in ordered), strict=True))


@pytest.fixture(scope="module", params=[(s, c, r) for s in range(4) for c in (False, True) for r in (False, True)])
def pair(request: pytest.FixtureRequest) -> tuple[Statistics, Statistics]:
    seed, coarse, records = request.param
    frame = random_log(seed, coarse=coarse, records=records)
    kernels = Traces.from_frame(
        frame.sample(fraction=1.0, shuffle=True, seed=seed), zone=ZONE, exposure_by_record=records
    )
    ours = kernels.statistics(days=(FIRST_DAY, FIRST_DAY + DAYS))
    return ours, tabulate(frame, start=START, days=DAYS, zone=ZONE, exposure_by_record=records)


EXACT = [
    *("extents", "clock", "week", "scenarios", "exposures", "actions", "halves", "items", "categories", "interests"),
    *("behaviours", "bigrams", "sessions", "drift", "persistence", "thirds", "selectivity", "failures", "waits"),
    *("switches", "conversions"),
]


@pytest.mark.parametrize("table", EXACT)
def test_counts_and_chains_agree(pair: tuple[Statistics, Statistics], table: str) -> None:
    ours, oracle = pair
    expected = named(oracle, table)
    assert expected
    assert named(ours, table) == expected


@pytest.fixture(scope="module", params=[(k, s, r) for k in ("dates", "none") for s in range(3) for r in (False, True)])
def uncertain(request: pytest.FixtureRequest) -> tuple[Statistics, Statistics]:
    """A log in which every sixth time is but a date; a log without any."""
    kind, seed, records = request.param
    frame = random_log(seed, coarse=True, records=records)
    if kind == "none":
        frame, days = frame.drop("time", "time_precision").with_row_index("seq"), None
    else:
        dated = (pl.col("time").dt.epoch("s") // 60 % 6 == 0) & (not records)
        midnight = pl.lit(START) + (pl.col("time") - START).dt.total_days() * pl.duration(days=1)
        times = pl.when(dated).then(midnight.cast(frame.schema["time"])).otherwise("time")
        precision = pl.when(dated).then(pl.lit("day")).otherwise("time_precision")
        frame, days = frame.with_columns(time=times, time_precision=precision), (FIRST_DAY, FIRST_DAY + DAYS)
    ours = Traces.from_frame(frame, zone=ZONE, exposure_by_record=records).statistics(days=days)
    return ours, tabulate(frame, start=START, days=DAYS, zone=ZONE, exposure_by_record=records)


UNCERTAIN = [
    *("week", "categories", "interests", "behaviours", "bigrams", "sessions", "drift", "persistence", "thirds"),
    *("selectivity", "failures", "waits"),
]


@pytest.mark.parametrize("table", UNCERTAIN)
def test_dates_and_logs_without_a_clock_agree(uncertain: tuple[Statistics, Statistics], table: str) -> None:
    ours, oracle = uncertain
    assert named(ours, table) == named(oracle, table)


def test_per_user_counts_agree(pair: tuple[Statistics, Statistics]) -> None:
    ours, oracle = pair
    assert list(ours.users) == list(oracle.users)
    for column, values in oracle.tables["users"].items():
        assert ours.tables["users"][column].tolist() == values.tolist(), column


def test_linked_lead_agrees(pair: tuple[Statistics, Statistics]) -> None:
    ours, oracle = pair
    assert ours.meta["conversion_scenario"] == oracle.meta["conversion_scenario"]
    expected = named(oracle, "lead")
    assert expected
    assert named(ours, "lead") == expected


def test_tempo_agrees(pair: tuple[Statistics, Statistics]) -> None:
    ours, oracle = (statistics.tables["tempo"] for statistics in pair)
    assert len(oracle["user"])
    for column, values in oracle.items():
        near = 2 if column.endswith("_fixed") else 0
        assert np.abs(ours[column] - values).max() <= near, column


def test_what_was_shown_is_shown_once(pair: tuple[Statistics, Statistics]) -> None:
    ours, _ = pair
    shown: dict[tuple[int, int], int] = {}
    table = ours.tables["selectivity"]
    for user, scenario, n in zip(table["user"], table["scenario"], table["count"], strict=True):
        shown[user, scenario] = shown.get((user, scenario), 0) + n
    exposures = ours.tables["exposures"]
    keys = zip(exposures["user"], exposures["scenario"], strict=True)
    assert shown == dict(zip(keys, exposures["count"], strict=True))


def test_dependence_agrees(pair: tuple[Statistics, Statistics]) -> None:
    ours, oracle = pair

    columns = ("user", "source", "target", "before_fixed", "after_fixed", "own_before_fixed", "own_after_fixed")

    def sums(statistics: Statistics) -> dict[tuple[str, str, str], list[int]]:
        table = statistics.tables["asymmetry"]
        scenarios = statistics.names["scenario"]
        return {
            (str(statistics.users[u]), scenarios[a], scenarios[b]): [int(x) for x in values]
            for u, a, b, *values in zip(*(table[c] for c in columns), strict=True)
        }

    mine, theirs = sums(ours), {k: v for k, v in sums(oracle).items() if sum(v)}
    assert mine.keys() == theirs.keys()
    for key, values in theirs.items():
        assert mine[key] == pytest.approx(values, rel=1e-5, abs=200), key
