"""Statistics of sequences against a naive oracle, on random logs with ties, dates and events that did not happen."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import log2
from typing import Any

import numpy as np
import polars as pl
import pytest

from tracelens import Sequences, TracelensError, Traces, sequences
from tracelens.sequence import ChainTotals

HOUR = timedelta(hours=1)
START = datetime(2025, 10, 24, tzinfo=UTC)
SCENARIOS, ACTIONS = ("live", "shop", "video"), ("buy", "cart", "see")


def random_log(seed: int, users: int = 12) -> pl.DataFrame:
    """Draw a log whose times are so coarse that many are the same; a twelfth are dates, a tenth did not happen."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 60, users)
    n = int(sizes.sum())
    action = rng.choice(ACTIONS, n, p=(0.15, 0.25, 0.6))
    times = [START + timedelta(minutes=int(m)) for m in rng.integers(0, 1000, n) * 20]
    dated = rng.random(n) < 1 / 12
    return pl.DataFrame(
        {
            "user": np.repeat([f"u{i:02}" for i in range(users)], sizes),
            "time": [t.replace(hour=0, minute=0) if d else t for t, d in zip(times, dated, strict=True)],
            "time_precision": np.where(dated, "day", "s"),
            "scenario": rng.choice(SCENARIOS, n),
            "action": action,
            "role": np.where(action == "buy", "conversion", "active"),
            "occurred": rng.random(n) < 0.9,
        }
    )


def by_user(log: pl.DataFrame, *, timed: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the events of each user that happened, in canonical order."""
    users: dict[str, list[dict[str, Any]]] = {user: [] for user in sorted(set(log["user"]))}
    for row in log.sort("time", "scenario", "action").rows(named=True):
        if row["occurred"] and not (timed and row["time_precision"] == "day"):
            users[row["user"]].append(row)
    return users


def step(row: dict[str, Any]) -> tuple[str, str]:
    return row["scenario"], row["action"]


@pytest.fixture(params=range(4), scope="module")
def log(request: pytest.FixtureRequest) -> pl.DataFrame:
    return random_log(request.param)


@pytest.fixture(scope="module")
def found(log: pl.DataFrame) -> Sequences:
    funnel: list[Any] = [[("live", "see"), ("video", "see")], "cart", ("shop", None), "buy"]
    traces = Traces.from_frame(log, zone="Europe/Berlin")
    times = {"look_back": 30 * HOUR, "span": 9 * HOUR, "follow": 5 * HOUR, "window": 40 * HOUR}
    return sequences(traces, steps=funnel, paths=10_000, **times)


def test_directly_follows(log: pl.DataFrame, found: Sequences) -> None:
    counts: Counter[Any] = Counter()
    for rows in by_user(log, timed=True).values():
        counts.update((*step(a), *step(b)) for a, b in pairwise(rows))
    expected = sorted(((*key, n) for key, n in counts.items()), key=lambda row: (-row[4], row))
    assert found.directly_follows is not None
    assert found.directly_follows.columns == ["scenario", "action", "next_scenario", "next_action", "count"]
    assert found.directly_follows.rows() == expected


def test_chains(log: pl.DataFrame, found: Sequences) -> None:
    paths: Counter[tuple[str, ...]] = Counter()
    scenarios, span = 0, timedelta()
    for rows in by_user(log, timed=True).values():
        for i, own in enumerate(rows):
            if own["action"] == "buy":
                before = [row for row in rows[:i] if row["time"] >= own["time"] - 30 * HOUR]
                path = tuple(scenario for scenario, _ in groupby(before, key=lambda row: row["scenario"]))
                paths[path] += 1
                scenarios += len(set(path))
                span += own["time"] - before[0]["time"] if before else timedelta()
    assert found.chains is not None
    assert found.chain_totals is not None
    total = sum(paths.values())
    assert found.chain_totals == ChainTotals(total, len(paths), scenarios, span // timedelta(microseconds=1))
    assert found.chain_totals.mean_scenarios == scenarios / total
    assert abs(found.chain_totals.mean_span - span / total) < timedelta(microseconds=2)
    expected = sorted(paths.items(), key=lambda item: (-item[1], item[0]))
    assert found.chains.select("path_scenarios", "conversions").rows() == [(list(path), n) for path, n in expected]
    assert found.chains["path"].to_list() == [">".join(path) for path, _ in expected]
    assert found.chains["share"].sum() == pytest.approx(1)


def test_grams(log: pl.DataFrame, found: Sequences) -> None:
    users: defaultdict[Any, set[str]] = defaultdict(set)
    counts: Counter[Any] = Counter()
    for user, rows in by_user(log, timed=True).items():
        for a, b, c in zip(rows, rows[1:], rows[2:], strict=False):
            if c["time"] - a["time"] <= 9 * HOUR:
                gram = (*step(a), *step(b), *step(c))
                users[gram].add(user)
                counts[gram] += 1
    expected = sorted(((*gram, len(users[gram]), n) for gram, n in counts.items()), key=lambda row: (-row[7], row))
    assert found.grams is not None
    assert found.grams.rows() == expected


def test_lift(log: pl.DataFrame, found: Sequences) -> None:
    lifts: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for rows in by_user(log, timed=True).values():
        share = {s: sum(row["scenario"] == s for row in rows) / len(rows) for s in {row["scenario"] for row in rows}}
        for one in share:
            for then in share:
                followed = sum(
                    any(b["scenario"] == then and b["time"] - a["time"] <= 5 * HOUR for b in rows[i + 1 :])
                    for i, a in enumerate(rows)
                    if a["scenario"] == one
                )
                lifts[one, then].append(followed / len(rows) / share[one] / share[then])
    assert found.lift is not None
    assert found.lift.columns == ["scenario", "then", "users", "lift"]
    assert [row[:3] for row in found.lift.rows()] == sorted((*key, len(values)) for key, values in lifts.items())
    for scenario, then, _, lift in found.lift.rows():
        assert lift == pytest.approx(np.mean(lifts[scenario, then]), abs=1e-9)


def test_profile(log: pl.DataFrame, found: Sequences) -> None:
    assert found.profile is not None
    happened, timed = by_user(log, timed=False), by_user(log, timed=True)
    local = log.with_columns(day=pl.col("time").dt.convert_time_zone("Europe/Berlin").dt.date()).filter("occurred")
    days = dict(local.group_by("user").agg(pl.col("day").n_unique()).rows())
    assert found.profile["user"].to_list() == list(happened)
    for row in found.profile.rows(named=True):
        counts = list(Counter(event["action"] for event in happened[row["user"]]).values())
        n = sum(counts)
        if not n:
            assert list(row.values())[1:] == [None] * 4
            continue
        assert row["entropy_bits"] == pytest.approx(-sum(c / n * log2(c / n) for c in counts))
        differences = sum(abs(a - b) for a in counts for b in counts)
        assert row["gini"] == pytest.approx(differences / (2 * len(counts) * n))
        assert row["active_days"] == days[row["user"]]
        gaps = np.diff([event["time"].timestamp() for event in timed[row["user"]]])
        if len(gaps) < 2 or not gaps.any():
            assert row["burstiness"] is None
        else:
            assert row["burstiness"] == pytest.approx((gaps.std() - gaps.mean()) / (gaps.std() + gaps.mean()))


def test_funnel(log: pl.DataFrame, found: Sequences) -> None:
    def is_step(row: dict[str, Any], i: int) -> bool:
        seen = row["action"] == "see" and row["scenario"] != "shop"
        return (seen, row["action"] == "cart", row["scenario"] == "shop", row["action"] == "buy")[i]

    def longest(rows: list[dict[str, Any]], first: datetime, last: datetime, done: int) -> int:
        """Try every chain that has come so far."""
        if done == 4:
            return 4
        later = [r["time"] for r in rows if is_step(r, done) and last <= r["time"] <= first + 40 * HOUR]
        # The earliest of them leaves most to come.
        return longest(rows, first, min(later), done + 1) if later else done

    levels = [0] * 5
    for rows in by_user(log, timed=True).values():
        starts = [row["time"] for row in rows if is_step(row, 0)]
        levels[max((longest(rows, time, time, 1) for time in starts), default=0)] += 1
    assert found.funnel is not None
    assert found.funnel.rows() == list(enumerate(levels))


def test_only_what_is_asked_for() -> None:
    traces = Traces.from_frame(random_log(0))
    only = sequences(traces, "lift", "grams")
    assert [name for name, value in vars(only).items() if value is not None] == ["grams", "lift"]
    assert sequences(traces).funnel is None
    buys = sequences(traces, "chains").chain_totals
    assert buys == sequences(traces, "chains", conversion="buy").chain_totals
    assert buys != sequences(traces, "chains", conversion="cart").chain_totals
    told = sequences(traces, "chains", paths=3).chains
    assert told is not None
    assert told.height == 3


def test_any_number_of_threads_tells_the_same() -> None:
    traces = Traces.from_frame(random_log(1, users=6000))
    one, two = (sequences(traces, steps=["see", "cart", "buy"], jobs=jobs) for jobs in (1, 2))
    assert one.chain_totals == two.chain_totals
    for name in ("directly_follows", "chains", "grams", "lift", "profile", "funnel"):
        mine, its = getattr(one, name), getattr(two, name)
        assert mine.serialize() == its.serialize(), name


def test_a_log_without_a_clock_has_actions_and_no_order() -> None:
    traces = Traces.from_frame(pl.DataFrame({"user": ["a", "a", "b"], "action": ["see", "buy", "see"]}))
    found = sequences(traces, steps=["see"])
    assert found.directly_follows is not None
    assert found.directly_follows.is_empty()
    assert found.funnel is not None
    assert found.funnel["users"].to_list() == [2, 0]
    assert found.profile is not None
    assert found.profile.rows() == [("a", 1.0, 0.0, None, None), ("b", 0.0, 0.0, None, None)]
    assert found.chain_totals is not None
    assert found.chain_totals.mean_span is None


def test_what_cannot_be_is_refused() -> None:
    traces = Traces.from_frame(random_log(0))
    for wrong in (
        lambda: sequences(traces, "liftt"),  # type: ignore[arg-type]
        lambda: sequences(traces, "funnel"),
        lambda: sequences(traces, steps=[]),
        lambda: sequences(traces, steps=["see"] * 33),
        lambda: sequences(traces, look_back=-HOUR),
        lambda: sequences(traces, paths=-1),
        lambda: sequences(traces, jobs=0),
    ):
        with pytest.raises(TracelensError, match="TL110"):
            wrong()


def test_logs_may_be_named_by_their_path(tmp_path: Any) -> None:
    log = random_log(2)
    path = tmp_path / "log.parquet"
    log.write_parquet(path)
    assert sequences(Traces.from_frame(log), "grams").grams.equals(sequences(path, "grams", mapping="events").grams)
