"""Each planted bias must be found on its own axis and on no other (metrics 4.2), at the level of verdicts."""

import pytest

from tests.planted.population import verdicts

AXES = ("activity", "clock", "diversity", "valence", "tail", "chains")

# name, strength, axes that must say "gap", axes that may (structural couplings, named in metrics 4.2)
PLANTS = [
    ("copy", None, set(), set()),
    ("inflate", 1.5, {"activity"}, set()),
    ("thin", 0.5, {"activity"}, set()),
    ("eager", 2.0, {"activity"}, set()),
    ("average-person-days", None, {"diversity"}, {"activity", "tail", "chains"}),
    ("average-person", None, {"diversity", "chains"}, {"activity", "tail"}),
    ("drop-tail", 0.2, {"tail"}, set()),
    ("utopia", 0.7, {"valence"}, set()),
    ("shuffle-order", None, {"chains"}, {"diversity"}),
    ("circular-shift", None, {"chains"}, set()),
    ("flat-clock", None, {"clock"}, set()),
    ("reverse-days", None, {"chains"}, set()),
    ("shuffle-days", None, {"chains"}, set()),
    ("unlink", None, {"chains"}, set()),
    ("relabel", None, set(), set()),
]


def gaps(log: str, name: str, strength: float | None) -> set[str]:
    axes = verdicts(log, name, strength)["axes"]
    return {axis for axis in AXES if axes[axis]["verdict"] == "gap"}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "strength", "must", "may"), PLANTS, ids=[p[0] for p in PLANTS])
def test_demo_population(name: str, strength: float | None, must: set[str], may: set[str]) -> None:
    found = gaps("demo", name, strength)
    assert must <= found, f"missed: {must - found}"
    assert found <= must | may, f"false alarm: {found - must - may}"


UNSUPPORTED = {"eager", "utopia"}  # MathOverflow has neither exposures nor valence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "strength", "must", "may"),
    [p for p in PLANTS if p[0] not in UNSUPPORTED],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_mathoverflow(name: str, strength: float | None, must: set[str], may: set[str]) -> None:
    found = gaps("mathoverflow", name, strength)
    # Without categories, scenarios and actions alone carry G1: an average person may also level the tail.
    assert must <= found, f"missed: {must - found}"
    assert found <= must | may, f"false alarm: {found - must - may}"


@pytest.mark.slow
@pytest.mark.parametrize("log", ["demo", "mathoverflow"])
def test_a_replay_is_given_not_tested_on_clock_volume_and_order(log: str) -> None:
    comparison = verdicts(log, "replay", None)
    assert comparison["axes"]["clock"]["verdict"] == "given, not tested"
    words = {(m["id"]): m["reason_missing"] for m in comparison["metrics"] if m["id"] in {"H1", "H6", "C1"}}
    assert words == dict.fromkeys(words, "given"), words
