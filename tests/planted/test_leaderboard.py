"""Many simulations: who is nearest on each axis, and who cannot be told apart."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.planted.population import demo
from tracelens import Comparison, Traces, compare
from tracelens.axes import AXES, METRICS
from tracelens.demo import demo_events
from tracelens.leaderboard import leaderboard
from tracelens.plant import plant
from tracelens.report.text import render
from tracelens.verdict import GAP, Outcome, Splits


def planted(name: str, strength: float | None = None, seed: int = 1) -> Traces:
    events, options = demo()
    return Traces.from_frame(plant(events, name, strength=strength, seed=seed, **options), **options)


@pytest.fixture(scope="module")
def board() -> Comparison:
    """Of the same people: three that do less and less, one of them twice, and one that never says no."""
    events, options = demo()
    sims = {
        "half": planted("thin", 0.5),
        "most": planted("thin", 0.7),
        "nearly": planted("thin", 0.92),
        "most again": planted("thin", 0.7, seed=9),
        "utopia": planted("utopia", 0.7),
    }
    return compare(Traces.from_frame(events, **options), sims, score=False)


def order(board: Comparison, axis: str) -> list[tuple[int | None, set[str]]]:
    """The ranks of an axis and who has them."""
    found = board.leaderboard.filter(axis=axis)
    ranks = found["rank"].unique(maintain_order=True).to_list()
    return [(rank, set(found.filter(pl.col("rank").eq_missing(rank))["simulation"])) for rank in ranks]


def test_less_and_less_is_further_and_further_and_the_same_twice_is_tied(board):
    ranked = [(1, {"nearly"}), (2, {"most", "most again"}), (4, {"half"})]
    assert order(board, "activity") == [*ranked, (None, {"utopia"})]
    rows = {row["simulation"]: row for row in board.leaderboard.filter(axis="activity").to_dicts()}
    assert rows["most"]["tied"] == ["most again"]
    assert rows["nearly"]["tied"] == rows["half"]["tied"] == []
    assert rows["nearly"]["distance"] == 0, "within the margin"
    assert rows["half"]["distance"] > rows["most"]["distance"] > 1
    assert "given" in rows["utopia"]["reason_missing"], "who was given the volume is not the nearest in volume"


def test_who_is_nearest_on_one_axis_may_be_last_on_another(board):
    assert order(board, "valence") == [(1, {"half", "most", "nearly", "most again"}), (5, {"utopia"})]
    assert order(board, "diversity") == [(1, {"half", "most", "nearly", "most again", "utopia"})]


def test_each_simulation_has_the_axis_where_it_is_weakest(board):
    weakest = dict(board.leaderboard.filter("weakest").select("simulation", "axis").iter_rows())
    assert weakest == {"half": "activity", "most": "activity", "most again": "activity", "utopia": "valence"}


def test_intervals_of_differences_hold_the_difference_and_leave_no_noise_of_the_people(board):
    ranks = board.result["leaderboard"]["activity"]
    assert ranks["primaries"] == ["H1", "H3"]
    assert len(ranks["differences"]) == 6
    noise = next(m["noise"][1] / m["margin"] for m in board.result["comparisons"][0]["metrics"] if m["id"] == "H1")
    for found in ranks["differences"]:
        low, high = found["interval"]
        assert low <= found["difference"] <= high
        assert high - low < noise / 2, "of the same people in the same resamples"


def test_other_people_of_the_same_kind_are_tied_everywhere():
    _, options = demo()
    fresh = {
        f"people {seed}": Traces.from_frame(
            demo_events(users=150, days=30, seed=seed).with_columns(user=f"{seed} " + pl.col("user")), **options
        )
        for seed in (3, 4, 5)
    }
    events, _ = demo()
    board = compare(Traces.from_frame(events, **options), fresh, score=False)
    assert board.result["design"] == "population"
    assert set(board.leaderboard["rank"].drop_nulls()) == {1}


def test_the_report_says_ranks_and_ties(board):
    said = " ".join(render(board.result).split())
    activity = said.split("activity")[1].split("clock")[0]
    assert "1 nearly (0); 2 most (" in activity
    assert ") = most again (" in activity
    assert "; 4 half (" in activity
    assert "not ranked: utopia (H1: given, not tested)" in activity
    assert "utopia on valence" in said
    assert max(map(len, render(board.result, width=60).splitlines())) <= 60


def test_one_simulation_has_no_leaderboard():
    events, options = demo()
    real = Traces.from_frame(events.filter(pl.col("user") < "user_0041"), **options)
    comparison = compare(real, real, score=False)
    assert comparison.result["leaderboard"] is None
    assert comparison.leaderboard.is_empty()


def primaries(excess: float, spread: float = 0.01, **changed: object) -> dict[str, Outcome]:
    """Made-up primaries, of which H1 departs."""
    generator = np.random.default_rng(0)
    found = {}
    for metric in METRICS:
        if metric.primary:
            splits = Splits(spread * generator.normal(size=200), 0.1)
            found[metric.id] = Outcome(metric, {}, (100, 100), margin=0.1, splits=splits, verdict=GAP)
    shifted = Splits(excess + found["H1"].splits.excesses, 0.1)
    found["H1"] = replace(found["H1"], splits=shifted, **changed)
    return found


def test_both_directions_are_as_far():
    ranks = leaderboard({"more": primaries(0.5), "less": primaries(-0.5)})["activity"]
    assert [row["rank"] for row in ranks["order"]] == [1, 1]


def test_no_bound_is_further_than_any_distance_and_tied_with_no_bound():
    endless = primaries(0.0, infinite=True, sim=0.0)
    ranks = leaderboard({"endless": endless, "far": primaries(9.0), "endless too": endless})["activity"]
    assert [(row["sim"], row["rank"]) for row in ranks["order"]] == [("far", 1), ("endless", 2), ("endless too", 2)]
    assert ranks["order"][1]["tied"] == ["endless too"]


def test_too_few_users_are_not_ranked():
    ranks = leaderboard({"few": primaries(0.0, users=(100, 12)), "far": primaries(9.0)})["activity"]
    assert [(row["sim"], row["rank"]) for row in ranks["order"]] == [("far", 1), ("few", None)]
    assert ranks["order"][1]["reason_missing"] == "H1: too few users"


def test_simulations_of_one_truth_are_seldom_told_apart():
    """Six draws of one truth have fifteen pairs: pair by pair, most boards would part some of them."""
    parted = 0
    for draw in range(40):
        generator = np.random.default_rng(draw)
        sims = {}
        for sim in range(6):
            own = primaries(1.0)
            centre = 1.0 + 0.05 * generator.normal()
            splits = Splits(centre + 0.05 * generator.normal(size=200), 0.1)
            sims[str(sim)] = own | {"H1": replace(own["H1"], splits=splits)}
        parted += {row["rank"] for row in leaderboard(sims)["activity"]["order"]} != {1}
    assert parted <= 6, "5 % of 40 are 2"


def test_every_axis_has_its_ranks(board):
    assert tuple(board.result["leaderboard"]) == AXES
