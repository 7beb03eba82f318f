"""Exact laws: what surgery on the traces must do to the numbers, and what it must leave alone (metrics 4.3)."""

import math

import numpy as np
import pytest

from tests.engine import population
from tests.engine.fixtures import comparison, log, row, side, summarise, verdicts
from tracelens.pairwise import compare_statistics

EXACT = 1e-8


def compared(surgered, **options):
    return compare_statistics(side(), summarise(surgered), name="sim", design="paired", seed=0, **options)


def test_a_copy_differs_nowhere():
    result = comparison("copy")
    assert result["weakest_axis"] is None
    assert set(verdicts(result).values()) == {"within noise"}
    for metric in result["metrics"]:
        if metric["effect"] is not None:
            assert metric["effect"] == pytest.approx(0, abs=EXACT)
            assert metric["p"] == 1


def test_doubling_everything_moves_volume_alone():
    result = compared(population.double(log()))
    assert row(result, "H1r")["effect"] == pytest.approx(math.log(2), abs=EXACT)
    assert 0 < row(result, "H1")["effect"] < math.log(2)
    for metric, scope in (("H3", {}), ("U1", {}), ("L2", {}), ("L3", {"q": "1"}), ("H2", {})):
        assert row(result, metric, **scope)["effect"] == pytest.approx(0, abs=1e-3)
    assert row(result, "L2")["effect"] == pytest.approx(0, abs=EXACT)


def test_inflation_by_half():
    result = comparison("inflate")
    assert row(result, "H1r")["effect"] == pytest.approx(math.log(1.5), abs=0.01)
    assert 0 < row(result, "H1")["effect"] < math.log(1.5)
    assert row(result, "L2")["effect"] == pytest.approx(0, abs=EXACT), "no user touches an item they did not touch"
    for metric in ("H3", "U1"):
        assert abs(row(result, metric)["effect"]) < 0.02


def test_thinning_by_half_moves_volume_and_not_eagerness():
    result = comparison("thin")
    assert row(result, "H1r")["effect"] == pytest.approx(math.log(0.5), abs=0.01)
    assert abs(row(result, "H3")["effect"]) < 0.02
    assert abs(row(result, "L2")["effect"]) < 0.03
    assert abs(row(result, "U1")["effect"]) < 0.05


def test_eagerness_doubles_actions_per_exposure_exactly():
    result = comparison("eager")
    assert row(result, "H3")["effect"] == pytest.approx(math.log(2), abs=EXACT)
    negative = row(result, "U1")
    assert negative["real"] == negative["sim"]
    assert abs(negative["effect"]) < 1e-3, "half an event is added on both sides"
    assert row(result, "H3", action="like")["effect"] == pytest.approx(math.log(2), abs=EXACT)


def test_utopia_turns_exactly_the_negative_share():
    result = compared(population.utopia(log(), share=1.0))
    negative = row(result, "U1")
    assert negative["sim"] == 0
    assert negative["effect"] < -math.log(1.25)
    for metric in ("H1", "H1r", "H3"):
        assert row(result, metric)["effect"] == pytest.approx(0, abs=EXACT)


def test_dropping_the_tail_misses_exactly_its_mass():
    shares = []
    richness = []
    frame = log()
    for q in (0.05, 0.2, 0.4):
        surgered = population.drop_tail(frame, q=q)
        gone = 1 - frame["item"].is_in(surgered["item"].unique().to_list()).mean()
        result = compared(surgered)
        shares.append(row(result, "L4", statistic="missed")["sim"] - gone)
        assert row(result, "L4", statistic="hallucinated")["sim"] == 0
        assert gone == pytest.approx(q, abs=0.01)
        richness.append((row(result, "L2")["effect"], row(result, "L3", q="1")["effect"]))
    assert shares == pytest.approx([0, 0, 0], abs=EXACT)
    assert richness == sorted(richness, reverse=True), "richness falls as more of the tail is gone"
    assert richness[0][0] < 0


def test_relabelling_leaves_every_population_metric_where_it_was():
    frame = population.relabel(log())
    result = compare_statistics(side(), summarise(frame), name="relabel", design="population", seed=0)
    copy = comparison("copy", "population")
    for metric in result["metrics"]:
        if "excess" not in metric["unit"]:  # random halves are drawn of other rows
            twin = row(copy, metric["id"], **metric["scope"])
            for value in ("real", "sim", "effect"):
                assert metric[value] == pytest.approx(twin[value], abs=1e-9)
    assert "gap" not in verdicts(result).values()


def test_relabelling_destroys_paired_evidence_only():
    result = compared(population.relabel(log()))
    assert max(abs(user["ln_ratio"]) for user in result["evidence"]["users"]) > 1
    assert row(result, "H1")["effect"] == pytest.approx(0, abs=EXACT)


@pytest.mark.parametrize(
    ("surgery", "axis", "primary", "floors", "coupled"),
    [
        ("inflate", "activity", "H1", 3, set()),
        ("thin", "activity", "H1", 5, {"chains"}),
        ("eager", "activity", "H3", 5, set()),
        ("utopia", "valence", "U1", 5, set()),
        ("drop_tail", "tail", "L2", 5, set()),
        ("average_person", "diversity", "G1", 5, {"chains", "tail"}),
        ("shuffle_order", "chains", "C1", 5, {"diversity"}),
        ("unlink", "chains", "C9", 3, set()),
        ("reverse_days", "chains", "C9", 3, set()),
        ("flat_clock", "clock", "H6", 5, set()),
    ],
)
def test_each_bias_is_found_on_its_own_axis(surgery, axis, primary, floors, coupled):
    result = comparison(surgery)
    found = result["axes"][axis]
    gaps = {name for name, verdict in verdicts(result).items() if verdict == "gap"}
    assert axis in gaps
    assert gaps <= {axis} | coupled
    assert found["primary"] == primary
    assert abs(row(result, primary)["z"]) >= floors
    assert row(result, primary)["p_adjusted"] < 0.05


def test_the_direction_of_the_lead_turns_when_days_are_reversed():
    scope = {"statistic": "before minus after", "link": "category", "window": "3"}
    change = row(comparison("reverse_days"), "C9", **scope)
    assert change["real"] > 0 > change["sim"]


def test_an_average_person_keeps_none_of_the_differences():
    diversity = row(comparison("average_person"), "G1")
    assert diversity["sim"] / diversity["real"] < 0.1
    assert diversity["margin"] == pytest.approx(diversity["real"] / 10)


def test_volumes_that_are_levelled_are_said_to_be_levelled():
    # everyone gets the mean number of events: the mean of ln rises, the ratio of means stays
    frame = log()
    order = np.random.default_rng(0).permutation(np.arange(len(frame)) % 200)
    users = frame["user"].unique().sort()
    levelled = frame.with_columns(user=users[order.tolist()]).sort("user", "seconds")
    result = compared(levelled)
    assert row(result, "H1")["effect"] > math.log(1.1)
    assert row(result, "H1r")["effect"] == pytest.approx(0, abs=EXACT)
    assert "levelled" in result["axes"]["activity"]["sentence"]
