"""Scores (metrics 3.6): relations that hold on any population, never constants."""

from typing import Any

import polars as pl
import pytest

from tests.planted.population import demo
from tracelens import Traces, compare, read_traces, sketch
from tracelens.axes import METRICS
from tracelens.demo import demo_events
from tracelens.plant import plant

AXES = ("activity", "clock", "diversity", "valence", "tail", "chains")
SIMULATIONS: dict[str, tuple[str, float | None]] = {
    "copy": ("copy", None),
    "relabel": ("relabel", None),
    "inflate 1.2": ("inflate", 1.2),
    "inflate": ("inflate", 1.5),
    "thin": ("thin", 0.7),
    "eager": ("eager", 2.0),
    "average-person": ("average-person", None),
    "drop-tail 5": ("drop-tail", 0.05),
    "drop-tail 20": ("drop-tail", 0.2),
    "utopia 30": ("utopia", 0.3),
    "utopia 70": ("utopia", 0.7),
    "shuffle-order": ("shuffle-order", None),
    "flat-clock": ("flat-clock", None),
}


@pytest.fixture(scope="module")
def real() -> Traces:
    events, options = demo()
    return Traces.from_frame(events, **options)


@pytest.fixture(scope="module")
def result(real: Traces) -> dict[str, Any]:
    """All of them at once, on the same anchors."""
    events, options = demo()
    sims = {
        key: Traces.from_frame(plant(events, name, strength=strength, seed=1, **options), **options)
        for key, (name, strength) in SIMULATIONS.items()
    }
    return compare(real, sims).result


@pytest.fixture(scope="module")
def scores(result: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    return {c["sim"]: {axis: c["axes"][axis]["score"] for axis in AXES} for c in result["comparisons"]}


def but(scores: dict[str, float | None], *axes: str) -> list[float]:
    """Scores on all other axes that have one."""
    return [score for axis, score in scores.items() if axis not in axes and score is not None]


def test_every_primary_has_an_anchor(result):
    assert list(result["anchors"]["of"]) == [metric.id for metric in METRICS if metric.primary]
    assert result["anchors"]["users"] == 150
    assert all(anchor["effect"] is not None for anchor in result["anchors"]["of"].values())


def test_a_copy_scores_100_on_all_that_was_not_given(result, scores):
    copy = result["comparisons"][0]["axes"]
    for axis in AXES:
        if copy[axis]["verdict"] == "given, not tested":
            assert scores["copy"][axis] is None
            assert "given" in copy[axis]["score_missing"]
        else:
            assert scores["copy"][axis] == 100
            assert copy[axis]["score_interval"] == [100, 100]


def test_the_same_people_under_other_names_score_100_everywhere(scores):
    assert scores["relabel"] == dict.fromkeys(AXES, 100)


@pytest.mark.parametrize(
    ("sim", "axis", "coupled"),
    [
        ("inflate", "activity", ()),
        ("thin", "activity", ("tail",)),
        ("eager", "activity", ()),
        ("average-person", "diversity", ("chains", "tail")),
        ("drop-tail 20", "tail", ()),
        ("utopia 70", "valence", ()),
        ("shuffle-order", "chains", ()),
        ("flat-clock", "clock", ()),
    ],
)
def test_only_the_axis_of_the_bias_loses(scores, sim, axis, coupled):
    lost = scores[sim][axis]
    assert lost is not None
    assert lost < 95
    assert min(but(scores[sim], axis, *coupled)) >= 99


def test_both_too_much_and_too_little_cost(scores):
    assert scores["inflate"]["activity"] < scores["inflate 1.2"]["activity"]
    assert scores["thin"]["activity"] < scores["inflate 1.2"]["activity"]


def test_more_of_a_bias_costs_more(scores):
    assert scores["drop-tail 20"]["tail"] < scores["drop-tail 5"]["tail"] < 100
    assert scores["utopia 70"]["valence"] < scores["utopia 30"]["valence"] < 100


def test_who_is_as_bad_as_the_trivial_simulator_scores_about_0(scores):
    assert scores["average-person"]["diversity"] < 10
    assert scores["flat-clock"]["clock"] < 15
    assert scores["shuffle-order"]["chains"] < 20


def test_utopia_loses_in_proportion_to_the_negatives_it_takes(result):
    """A ratio to no negatives at all has no end: the score is of shares, of which each takes its part."""
    (valence,) = (c["axes"]["valence"] for c in result["comparisons"] if c["sim"] == "utopia 70")
    (primary,) = valence["scores"]
    assert result["anchors"]["of"]["U1"]["by_difference"]
    share = abs(primary["anchor"])
    assert primary["score"] == pytest.approx(
        100 * (1 - (0.7 * share - primary["noise"]) / (share - primary["noise"])), abs=5
    )


def test_an_axis_is_the_mean_of_its_primaries_and_lies_in_its_interval(result):
    for comparison in result["comparisons"]:
        for axis in comparison["axes"].values():
            found = [s["score"] for s in axis["scores"] if s["score"] is not None]
            if found:
                assert axis["score"] == pytest.approx(sum(found) / len(found))
                assert axis["score_interval"][0] <= axis["score"] <= axis["score_interval"][1]


def test_worse_than_trivial_is_0_and_the_unclipped_value_is_shown(real):
    events, options = demo()
    planted = plant(events, "inflate", strength=6.0, seed=1, **options)
    activity = compare(real, Traces.from_frame(planted, **options)).result["comparisons"][0]["axes"]["activity"]
    volume = next(s for s in activity["scores"] if s["metric"] == "H1")
    assert volume["score"] == 0
    assert volume["unclipped"] < 0
    assert volume["interval"][0] == 0


def test_other_real_people_score_about_100(real):
    fresh = demo_events(users=150, days=30, seed=3).with_columns(user="fresh " + pl.col("user"))
    _, options = demo()
    axes = compare(real, Traces.from_frame(fresh, **options)).result["comparisons"][0]["axes"]
    scores = {axis: found["score"] for axis, found in axes.items()}
    assert min(score for score in scores.values() if score is not None) > 85, scores
    assert all(found["score_interval"][1] > 97 for found in axes.values())


@pytest.mark.parametrize(
    ("column", "axis", "said"),
    [("item", "tail", "no items"), ("valence", "valence", "no valence"), ("time", "clock", "no clock")],
)
def test_what_a_log_lacks_has_no_score_and_a_reason(column, axis, said):
    events, options = demo()
    bare = Traces.from_frame(events.drop(column), **options)
    axes = compare(bare, Traces.from_frame(plant(events.drop(column), "thin", strength=0.7, **options), **options))
    found = axes.result["comparisons"][0]["axes"]
    assert found[axis]["score"] is None
    assert said in found[axis]["score_missing"]
    assert found["activity"]["score"] is not None


def test_negatives_of_the_simulation_alone_have_no_scale():
    events, options = demo()
    happy = events.with_columns(valence=pl.col("valence").clip(0))
    axes = compare(Traces.from_frame(happy, **options), Traces.from_frame(events, **options)).result
    valence = axes["comparisons"][0]["axes"]["valence"]
    assert valence["score"] is None
    assert "utopia finds nothing in the real log" in valence["score_missing"]


def test_states_and_logs_on_disk_say_why_they_have_no_score(tmp_path):
    events, _ = demo()
    few = events.filter(pl.col("user") < "user_0041")
    few.write_parquet(tmp_path / "log.parquet")
    state = sketch(tmp_path / "log.parquet", mapping="events")
    spilled = read_traces(tmp_path / "log.parquet", "events", memory=1)
    thinned = plant(few, "thin", strength=0.5, seed=1)
    for real, said in ((state, "a state holds no events"), (spilled, "wait on disk")):
        axis = compare(real, thinned).result["comparisons"][0]["axes"]["activity"]
        assert axis["score"] is None
        assert said in axis["score_missing"]
        assert axis["verdict"] is not None


def test_no_scores_where_none_are_asked_for(real):
    result = compare(real, real, score=False).result
    assert result["anchors"] is None
    assert result["comparisons"][0]["axes"]["tail"]["score"] is None
    assert result["comparisons"][0]["axes"]["tail"]["scores"] == []
