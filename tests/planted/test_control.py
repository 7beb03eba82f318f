"""A gap that two logs of real people show as well is not attributable to a simulation (metrics 3.0, control set)."""

import functools
import re
from typing import Any

import polars as pl
import pytest

from tests.planted.population import demo
from tracelens import Comparison, TracelensError, Traces, compare
from tracelens.axes import REGISTRY
from tracelens.demo import demo_events
from tracelens.plant import plant
from tracelens.verdict import GAP, Outcome, attributable


@functools.cache
def others(name: str = "copy", strength: float | None = None, users: int = 150) -> Traces:
    """Other people of the same kind, after a plant; their ids are those of the real ones, by accident."""
    _, options = demo()
    events = plant(demo_events(users=users, days=30, seed=3), name, strength=strength, seed=2, **options)
    return Traces.from_frame(events, **options)


def real() -> Traces:
    events, options = demo()
    return Traces.from_frame(events, **options)


def sim(name: str, strength: float | None = None) -> Traces:
    events, options = demo()
    return Traces.from_frame(plant(events, name, strength=strength, seed=1, **options), **options)


@functools.cache
def thinned(control: str, strength: float | None = None, users: int = 150) -> Comparison:
    """A simulation that does half of what people do, with some control."""
    return compare(real(), sim("thin", 0.5), control=others(control, strength, users), score=False)


def activity(comparison: Comparison) -> dict[str, Any]:
    axis = comparison.result["comparisons"][0]["axes"]["activity"]
    assert axis["verdict"] == "gap", "a control takes no gap away"
    return dict(axis)


def test_a_control_at_the_floor_leaves_the_gap_to_the_simulation():
    comparison = thinned("copy")
    axis = activity(comparison)
    assert axis["attributable"] is True
    assert "attributable" not in axis["sentence"]
    found = comparison.axes.filter(axis="activity")
    assert found["attributable"].item() is True
    assert comparison.axes.filter(pl.col("verdict") != "gap")["attributable"].null_count() > 0


def test_a_control_that_departs_as_much_takes_it_away():
    comparison = thinned("thin", 0.5)
    axis = activity(comparison)
    assert axis["attributable"] is False
    assert "Not attributable to the simulation" in axis["sentence"]
    assert re.search(r"\(0\.[45]\d times\)", axis["sentence"].split("Not attributable")[1]), "its own effect is said"
    assert "gap, not attributable" in repr(comparison)
    assert "1 gap not attributable" in repr(comparison)


def test_a_control_that_departs_half_as_much_does_not():
    assert activity(thinned("thin", 0.8))["attributable"] is True


def test_a_control_that_departs_the_other_way_does_not():
    assert activity(thinned("inflate", 2.0))["attributable"] is True


def test_a_control_of_a_few_people_tells_nothing_and_says_so():
    axis = activity(thinned("copy", None, users=20))
    assert axis["attributable"] is None
    assert "The control cannot tell" in axis["sentence"]
    assert "too few users" in axis["sentence"]


def test_the_control_is_part_of_the_result_and_changes_none_of_its_numbers():
    with_control = thinned("thin", 0.5).result
    without = compare(real(), sim("thin", 0.5), score=False).result
    assert without["control"] is None
    assert with_control["control"]["sim"] == "control"
    assert with_control["control"]["axes"]["activity"]["verdict"] == "gap"
    assert with_control["comparisons"][0]["metrics"] == without["comparisons"][0]["metrics"]
    assert with_control["design"] == "paired", "equal ids do not make the control the same people"
    assert "paired" not in str(with_control["control"]["axes"])
    assert with_control["sides"]["control"]["users"] == 150


def test_distances_have_a_control_too():
    comparison = compare(real(), sim("flat-clock"), control=others("flat-clock"), score=False)
    clock = comparison.result["comparisons"][0]["axes"]["clock"]
    assert (clock["verdict"], clock["attributable"]) == ("gap", False)
    assert "bits" in clock["sentence"].split("Not attributable")[1]


@pytest.mark.parametrize(
    ("sim", "control", "expected"),
    [
        ((0.7, 0.6, 0.8), (0.3, 0.2, 0.4), True),
        ((0.7, 0.6, 0.8), (0.6, 0.5, 0.7), False),
        ((-0.7, -0.8, -0.6), (-0.3, -0.4, -0.2), True),
        ((-0.7, -0.8, -0.6), (0.9, 0.8, 1.0), True),
        ((0.7, 0.6, 0.8), (0.3, -0.4, 1.0), False),
    ],
)
def test_larger_means_larger_by_more_than_noise(sim, control, expected):
    def row(effect: float, low: float, high: float) -> Outcome:
        return Outcome(REGISTRY["H1"], {}, (100, 100), effect=effect, interval=(low, high), verdict=GAP)

    assert attributable(row(*sim), row(*control)) is expected


def test_what_has_no_bound_exceeds_what_has():
    endless = Outcome(REGISTRY["H3"], {}, (100, 100), infinite=True, sim=0.0, verdict=GAP)
    finite = Outcome(REGISTRY["H3"], {}, (100, 100), effect=-0.5, interval=(-0.6, -0.4), verdict=GAP)
    assert attributable(endless, finite) is True
    assert attributable(finite, endless) is False
    assert attributable(endless, endless) is False


def test_a_simulation_cannot_pass_for_the_control():
    with pytest.raises(TracelensError, match="cannot be named control"):
        compare(real(), {"control": sim("copy")})


def test_two_human_sets_of_recllmsim_differ_by_as_much_as_the_simulation(shared_data, run):
    """People of the second experiment took half again as many turns as those of the first: so did the simulation."""
    logs = shared_data / "recllmsim"
    options = {"mapping": "recllmsim", "score": False}
    sides = [logs / f"{name}.tar.xz" for name in ("real_human_user", "LLM_agent_user", "human_exp_V2")]
    comparison = compare(sides[0], {"llm": sides[1]}, control=sides[2], **options)
    axis = comparison.result["comparisons"][0]["axes"]["activity"]
    assert (axis["verdict"], axis["direction"], axis["attributable"]) == ("gap", "more", False)
    said = run("compare", sides[0], sides[1], "--control", sides[2], "--mapping", "recllmsim", "--no-score")
    assert said.exit_code == 0, said.stderr
    assert "gap, not attributable" in said.stdout
    assert "control: 115 users" in said.stdout
