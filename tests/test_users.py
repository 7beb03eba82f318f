"""The tables of users and of conversions: what they say of a log, and what they leave unsaid."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import tracelens
from tests.conftest import FIXTURES
from tracelens import chain_table, read_traces, user_table
from tracelens.demo import demo_events, write_demo
from tracelens.traces import Traces

GOLDEN = FIXTURES / "golden"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def row(table: pl.DataFrame, user: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("user") == user, named=True)


# ---- the golden log, by hand


@pytest.fixture(scope="module")
def golden() -> Traces:
    return read_traces(GOLDEN)


def test_every_column_of_a_user_by_hand(golden: Traces) -> None:
    users = user_table(golden)
    assert users["user"].to_list() == ["a", "b", "c"]
    assert row(users, "a") == {
        "user": "a",
        "first_event": at("2025-09-01 09:00:00"),
        "last_event": at("2025-09-03 20:12:00"),
        "window_days": 4,
        "active_days": 3,
        "events": 5,
        "listed_not_done": 0,
        "records": 5,
        "exposures": 4,
        "actions": 1,
        "conversions": 1,
        "conversions_with_path": 1,
        "conversions_cross_scenario": 1,
        "positive": 1,
        "negative": 0,
        "distinct_scenarios": 5,
        "distinct_items": 1,
        "distinct_categories": None,  # the log has no categories: not that there are none
        "switches": 4,
        "top_scenario": "ad",  # one event in each of five: the first by name
        "top_scenario_share": 0.2,
        "night_share": 0.0,
        "events_in_ad": 1,
        "events_in_live": 1,
        "events_in_search": 1,
        "events_in_shop": 1,
        "events_in_video": 1,
    }


def test_the_other_users_by_hand(golden: Traces) -> None:
    users = user_table(golden)
    told = users.select(
        *("first_event", "last_event", "active_days", "events", "exposures", "actions", "conversions"),
        *("conversions_with_path", "conversions_cross_scenario", "positive", "negative", "distinct_items", "switches"),
        *("top_scenario", "top_scenario_share", "events_in_video", "events_in_shop"),
    ).rows()
    assert told[1:] == [
        (at("2025-09-01 08:00:00"), at("2025-09-04 08:03:00"), 2, 4, 2, 2, 0, 0, 0, 1, 1, 2, 0, "video", 1.0, 4, 0),
        (at("2025-09-02 12:00:00"), at("2025-09-04 12:00:00"), 2, 3, 1, 2, 1, 1, 0, 1, 1, 1, 0, "shop", 1.0, 0, 3),
    ]


def test_every_column_of_a_conversion_by_hand(golden: Traces) -> None:
    chains = chain_table(golden)
    assert chains.height == 2
    path = ["search", "video", "ad", "live", "shop"]
    assert row(chains, "a") == {
        "user": "a",
        "time": at("2025-09-03 20:12:00"),
        "scenario": "shop",
        "action": "purchase",
        "item": "x",
        "category": None,
        "link": "item",
        "path": "search>video>ad>live>shop",
        "path_scenarios": path,
        "depth": 5,
        "span_days": pytest.approx(2 + 11.2 / 24, abs=1e-12),
        "distinct_scenarios": 5,
        "cross_scenario": True,
    }
    c = row(chains, "c")
    assert (c["path"], c["depth"], c["cross_scenario"], c["link"]) == ("shop", 1, False, "item")
    assert c["span_days"] == pytest.approx(6 / 1440, abs=1e-12)


def test_within_a_window_only_what_lies_in_it(golden: Traces) -> None:
    first = golden.about["first_day"]
    statistics = golden.statistics(days=(first, first + 2))
    users = user_table(statistics)
    assert users.select("user", "events", "active_days", "window_days", "last_event").rows() == [
        ("a", 3, 2, 2, at("2025-09-02 10:00:00")),
        ("b", 2, 1, 2, at("2025-09-01 08:06:00")),
        ("c", 2, 1, 2, at("2025-09-02 12:06:00")),
    ]
    assert chain_table(statistics)["user"].to_list() == ["c"]


def test_who_did_nothing_in_the_window_is_there_with_nothing(golden: Traces) -> None:
    first = golden.about["first_day"]
    c = row(user_table(golden.statistics(days=(first, first + 1))), "c")
    assert (c["events"], c["active_days"], c["conversions"], c["events_in_shop"]) == (0, 0, 0, 0)
    assert [c[name] for name in ("first_event", "last_event", "top_scenario", "top_scenario_share")] == [None] * 4
    assert c["night_share"] is None


# ---- a second opinion


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, users=40, days=20, seed=4)
    return folder / "real"


def test_counts_agree_with_polars_on_the_demo_log(demo: Path) -> None:
    traces = read_traces(demo, "omnibehavior")
    listed = traces.to_polars().with_columns(pl.col("scenario", "action", "role").cast(pl.String))
    # A record of which nothing was done was seen all the same.
    seen = listed.filter(~pl.col("occurred").any().over("user", "record")).unique(["user", "record"], keep="first")
    events = pl.concat(
        [listed.filter("occurred"), seen.with_columns(role=pl.lit("exposure"), valence=pl.lit(0, pl.Int8))]
    )
    local = pl.col("time").dt.convert_time_zone("Asia/Shanghai")
    hour = local.dt.hour().filter(pl.col("time_precision").cast(pl.String) != "day")
    conversion = pl.col("role") == "conversion"
    expected = events.group_by("user").agg(
        first_event=pl.col("time").min(),
        last_event=pl.col("time").max(),
        active_days=local.dt.date().n_unique(),
        events=pl.len(),
        records=pl.col("record").n_unique(),
        actions=pl.col("role").is_in(["active", "conversion"]).sum(),
        conversions=conversion.sum(),
        positive=(pl.col("valence") > 0).sum(),
        negative=(pl.col("valence") < 0).sum(),
        distinct_scenarios=pl.col("scenario").n_unique(),
        distinct_items=pl.col("item").drop_nulls().n_unique(),
        distinct_categories=pl.col("category").drop_nulls().n_unique(),
        night_share=(hour < 6).mean(),
        top_scenario_share=pl.col("scenario").value_counts().struct.field("count").max() / pl.len(),
        events_in_live=(pl.col("scenario") == "live").sum(),
    )
    expected = expected.join(
        listed.group_by("user").agg(listed_not_done=(~pl.col("occurred")).sum()), on="user"
    ).with_columns(exposures="records", user=pl.col("user").cast(pl.String))
    users = user_table(traces)
    assert users.height == 40
    assert_frame_equal(
        users.select(expected.columns), expected.sort("user"), check_dtypes=False, rel_tol=1e-12, abs_tol=0
    )


def test_chains_are_the_conversions_of_the_log(demo: Path) -> None:
    traces = read_traces(demo, "omnibehavior")
    events = traces.to_polars().filter("occurred", pl.col("role").cast(pl.String) == "conversion")
    text = [pl.col("user", "scenario", "action", "item", "category").cast(pl.String), pl.col("time")]
    chains = chain_table(traces)
    assert_frame_equal(chains.select(text).sort(pl.all()), events.select(text).sort(pl.all()), check_column_order=False)
    assert chains.height > 50
    # What each column says agrees with the others.
    assert (chains["path_scenarios"].list.join(">") == chains["path"]).all()
    assert (chains["path_scenarios"].list.len() == chains["depth"].clip(upper_bound=8)).all()
    assert (chains["path_scenarios"].list.last() == chains["scenario"]).all()
    assert (chains["cross_scenario"] == (chains["distinct_scenarios"] > 1)).all()
    assert chains["span_days"].is_between(0, 7).all()
    assert set(chains["link"]) == {"item", "category", "none"}
    unlinked = chains.filter(link="none")
    assert (unlinked["depth"] == 1).all()
    assert (unlinked["span_days"] == 0).all()
    # And with the users.
    users = user_table(traces)
    by_user = chains.group_by("user").agg(
        conversions=pl.len(),
        conversions_with_path=(pl.col("link") != "none").sum(),
        conversions_cross_scenario=pl.col("cross_scenario").sum(),
    )
    told = users.select(by_user.columns).filter(pl.col("conversions") > 0)
    assert_frame_equal(told, by_user.sort("user"), check_dtypes=False)


def test_of_a_long_path_the_last_scenarios_are_told() -> None:
    scenarios = [f"s{n % 4}" for n in range(11)]
    frame = pl.DataFrame(
        {
            "user": ["u"] * 11,
            "time": pl.datetime_range(at("2025-09-01"), at("2025-09-01 10:00:00"), "1h", time_unit="us", eager=True),
            "scenario": scenarios,
            "action": ["see"] * 10 + ["buy"],
            "role": ["exposure"] * 10 + ["conversion"],
        }
    )
    chain = chain_table(Traces.from_frame(frame)).row(0, named=True)
    assert (chain["depth"], chain["link"], chain["distinct_scenarios"]) == (11, "any", 4)
    assert chain["path_scenarios"] == scenarios[-8:]


def test_what_lies_behind_too_long_a_pause_led_nowhere() -> None:
    frame = pl.DataFrame(
        {
            "user": ["late"] * 2 + ["soon"] * 2,
            "time": [at(f"2025-09-{day:02d}") for day in (1, 6, 6, 8)],
            "scenario": ["ad", "shop"] * 2,
            "action": ["see", "buy"] * 2,
            "role": ["exposure", "conversion"] * 2,
            "item": ["x"] * 4,
        }
    )
    chains = chain_table(Traces.from_frame(frame))
    assert chains.select("user", "link", "path", "span_days").rows() == [
        ("late", "none", "shop", 0.0),
        ("soon", "item", "ad>shop", 2.0),
    ]


# ---- what is not known


def test_without_a_clock_nothing_is_said_of_time_and_order() -> None:
    frame = pl.DataFrame(
        {
            "user": ["a", "a", "b"],
            "scenario": ["ad", "shop", "shop"],
            "action": ["see", "buy", "buy"],
            "role": ["exposure", "conversion", "conversion"],
            "item": ["x", "x", None],
        }
    )
    traces = Traces.from_frame(frame)
    a = row(user_table(traces), "a")
    unknown = ("first_event", "last_event", "window_days", "active_days", "switches", "night_share")
    assert {name: a[name] for name in unknown} == dict.fromkeys(unknown)
    assert a["conversions_with_path"] is None
    assert a["conversions_cross_scenario"] is None
    assert (a["events"], a["exposures"], a["conversions"], a["distinct_items"]) == (2, 1, 1, 1)
    chains = chain_table(traces)
    assert chains.select("user", "scenario", "action", "item").rows() == [
        ("a", "shop", "buy", "x"),
        ("b", "shop", "buy", None),
    ]
    order = ("time", "link", "path", "path_scenarios", "depth", "span_days", "distinct_scenarios", "cross_scenario")
    assert all(chains[name].is_null().all() for name in order)


def test_a_clock_that_some_users_lack() -> None:
    frame = pl.DataFrame(
        {
            "user": ["a", "a", "b", "c"],
            "time": [at("2025-09-01 03:00:00"), at("2025-09-01 06:00:00"), None, at("2025-09-02 12:00:00")],
            "action": ["buy"] * 4,
            "role": ["conversion"] * 4,
        }
    )
    traces = Traces.from_frame(frame)
    users = user_table(traces).select("user", "active_days", "night_share", "conversions", "conversions_with_path")
    assert users.rows() == [("a", 1, 0.5, 2, 1), ("b", None, None, 1, None), ("c", 1, 0.0, 1, 0)]
    assert chain_table(traces).select("user", "link", "depth").rows() == [
        ("a", "none", 1),
        ("a", "any", 1),
        ("b", None, None),
        ("c", "none", 1),
    ]


def test_without_conversions_there_are_no_chains_and_no_count_of_them() -> None:
    frame = pl.DataFrame({"user": ["a"], "action": ["see"], "time": [at("2025-09-01")]})
    traces = Traces.from_frame(frame)
    a = row(user_table(traces), "a")
    for name in ("conversions", "conversions_with_path", "conversions_cross_scenario", "positive", "exposures"):
        assert a[name] is None, name
    chains, full = chain_table(traces), chain_table(read_traces(GOLDEN))
    assert chains.height == 0
    assert chains.schema == full.schema


# ---- from Python


def test_a_frame_handed_over_says_what_the_log_says(demo: Path) -> None:
    read = read_traces(demo, "omnibehavior")
    given = tracelens.Traces.from_frame(read.to_polars(), zone=read.zone, exposure_by_record=True)
    assert_frame_equal(tracelens.user_table(given), user_table(read))
    assert_frame_equal(tracelens.chain_table(given, jobs=1), chain_table(read))


def test_the_order_of_the_rows_does_not_matter() -> None:
    events = demo_events(users=20, days=10, seed=5)
    options: dict[str, Any] = {"zone": "Asia/Shanghai", "exposure_by_record": True}
    straight, shuffled = (
        Traces.from_frame(frame, **options) for frame in (events, events.sample(fraction=1.0, shuffle=True, seed=1))
    )
    assert_frame_equal(user_table(straight), user_table(shuffled))
    assert_frame_equal(chain_table(straight), chain_table(shuffled))
