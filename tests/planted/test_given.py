"""What a simulator was handed is not tested, and nothing else hides behind that."""

import polars as pl

from tests.planted.population import demo, verdicts
from tracelens import Traces, compare
from tracelens.plant import plant


def missing(comparison: dict, *ids: str) -> dict[str, str | None]:
    return {m["id"]: m["reason_missing"] for m in comparison["metrics"] if m["id"] in ids and not m["scope"]}


def test_a_replay_is_given_on_clock_volume_order_and_links() -> None:
    comparison = verdicts("demo", "replay", None)
    assert missing(comparison, "H1", "H6", "C1", "C9") == dict.fromkeys(("H1", "H6", "C1", "C9"), "given")
    for axis in ("clock", "chains"):
        assert comparison["axes"][axis]["verdict"] == "given, not tested"
        assert "not tested" in comparison["axes"][axis]["sentence"]
    assert "the volume was given, not tested" in comparison["axes"]["activity"]["sentence"]


def test_a_replay_of_part_of_the_days_is_given_too() -> None:
    events, options = demo()
    day = pl.col("time").dt.convert_time_zone("Asia/Shanghai").dt.date()
    part = plant(events, "replay", seed=1, **options).filter(day < day.max() - pl.duration(days=3))
    comparison = compare(Traces.from_frame(events, **options), Traces.from_frame(part, **options))
    assert comparison.result["comparisons"][0]["axes"]["clock"]["verdict"] == "given, not tested"
    assert any("days that all logs share" in warning for warning in comparison.result["warnings"])


def test_a_small_loss_of_the_tail_does_not_pass_for_given() -> None:
    comparison = verdicts("demo", "drop-tail", 0.04)
    assert missing(comparison, "L2") == {"L2": None}
    assert comparison["axes"]["tail"]["verdict"] != "given, not tested"


def test_more_events_in_the_same_records_are_volume_of_their_own() -> None:
    comparison = verdicts("demo", "eager", 2.0)
    assert missing(comparison, "H1", "H6") == {"H1": None, "H6": "given"}


def test_identical_hours_are_within_noise_however_few_the_pairs() -> None:
    events, options = demo()
    few = events.filter(pl.col("user").is_in(events["user"].unique().sort()[:60].to_list()))
    turned = plant(few, "reverse-days", seed=1, **options)
    comparison = compare(Traces.from_frame(few, **options), Traces.from_frame(turned, **options))
    assert comparison.result["comparisons"][0]["axes"]["clock"]["verdict"] == "within noise"


def test_a_side_without_valence_is_said_in_words_not_in_numbers() -> None:
    events, options = demo()
    silent = events.with_columns(valence=pl.lit(0, dtype=pl.Int8))
    comparison = compare(Traces.from_frame(events, **options), Traces.from_frame(silent, **options))
    axis = comparison.result["comparisons"][0]["axes"]["valence"]
    assert axis["verdict"] in (None, "too few users to tell")
    assert "odds" not in axis["sentence"]
