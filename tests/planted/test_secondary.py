"""Each planted change moves the secondary metrics that speak of it, in the direction that it should, and not others."""

import math
from typing import Any

import pytest

from tests.planted.population import verdicts

PAIRED, POPULATION = "paired", "population"
CROSS_FITTED = ("L1", "L8", "G6")
"""Half of the real users is held against the other; a copy under other ids knows both halves, as no other people do."""
FAR = 3.0
"""Floor standard deviations."""


def rows(name: str, strength: float | None = None, design: str = PAIRED) -> list[dict[str, Any]]:
    return list(verdicts("demo", name, strength, design)["metrics"])


def asked(scope: dict[str, str]) -> dict[str, str]:
    """A scope without what the data chose."""
    return {key: value for key, value in scope.items() if key not in ("sample", "x_min")}


def row(metric: str, name: str, strength: float | None = None, design: str = PAIRED, **scope: str) -> dict[str, Any]:
    (found,) = [r for r in rows(name, strength, design) if r["id"] == metric and asked(r["scope"]) == scope]
    assert found["reason_missing"] is None, found
    return found


ITEM = {"of": "item"}
MOVED = [
    # planted, strength, metric, scope, sign
    ("inflate", 1.5, "H7", {}, 1),
    ("inflate", 1.5, "H5", {}, 1),
    ("thin", 0.5, "H7", {}, -1),
    ("eager", 2.0, "U2", {}, 1),
    ("utopia", 0.7, "U2", {}, 1),
    ("utopia", 0.7, "U4", {}, 1),
    ("drop-tail", 0.2, "L1", ITEM, -1),
    ("drop-tail", 0.2, "L5", ITEM, -1),
    ("drop-tail", 0.2, "L5u", ITEM, -1),
    ("drop-tail", 0.2, "L6", {**ITEM, "part": "tail"}, 1),
    ("drop-tail", 0.2, "L8g", ITEM, 1),
    ("average-person", None, "G2", {}, -1),
    ("average-person", None, "G3", {}, -1),
    ("average-person", None, "G4", {}, -1),
    ("average-person", None, "G5", {}, -1),
    ("average-person", None, "G6", {"statistic": "recall"}, -1),
    ("average-person", None, "G6", {"statistic": "density"}, 1),
    ("average-person", None, "G7", {}, 1),
    ("average-person", None, "G9", {}, 1),
    ("average-person-days", None, "G3", {}, -1),
    ("average-person", None, "P1", {}, 1),
    ("average-person", None, "P2", {}, 1),
    ("relabel", None, "P2", {}, 1),
    ("relabel", None, "P3", {}, 1),
    ("relabel", None, "P4", {}, -1),
    ("shuffle-order", None, "C0", {"of": "action"}, 1),
    ("shuffle-order", None, "C0", {"of": "scenario"}, 1),
    ("shuffle-order", None, "C1r", {}, 1),
    ("shuffle-order", None, "C5", {}, 1),
    ("shuffle-order", None, "D1", {}, -1),
    ("shuffle-days", None, "D2", {"days": "1"}, -1),
    ("flat-clock", None, "H6", {"profile": "weekday and hour"}, 1),
    ("flat-clock", None, "H6a", {}, -1),
]


@pytest.mark.parametrize(
    ("name", "strength", "metric", "scope", "sign"), MOVED, ids=[f"{m[2]}-{m[0]}-{len(m[3])}" for m in MOVED]
)
def test_what_is_planted_is_seen(
    name: str, strength: float | None, metric: str, scope: dict[str, str], sign: int
) -> None:
    found = row(metric, name, strength, **scope)
    assert sign * found["effect"] > 0
    if "excess" not in found["unit"]:  # where paired, half of the real users is no floor for a distance of the same ids
        assert sign * found["z"] > FAR
    assert found["p_adjusted"] < 0.05


@pytest.mark.parametrize("design", [PAIRED, POPULATION])
def test_a_copy_differs_in_nothing(design: str) -> None:
    for found in rows("copy", None, design):
        if found["effect"] is None or (found["id"] in CROSS_FITTED and design == POPULATION):
            continue
        if "excess" not in found["unit"]:
            assert found["effect"] == pytest.approx(0, abs=1e-9), (found["id"], found["scope"])
        assert found["p"] > 0.05, (found["id"], found["scope"])


def test_doubling_every_record_changes_what_is_done_and_by_whom_in_nothing() -> None:
    for metric, scope in (
        ("H4", {}), ("L1", ITEM), ("L5", ITEM), ("L5u", ITEM), ("L7", ITEM), ("L8", ITEM),
        ("L8g", ITEM), ("D1", {}), ("D2", {"days": "7"}), ("G4", {}),
    ):  # fmt: skip
        assert row(metric, "inflate", 2.0, **scope)["effect"] == pytest.approx(0, abs=1e-9), metric
    assert row("H7", "inflate", 2.0)["effect"] == pytest.approx(math.log(2), abs=0.01)
    assert row("H7", "inflate", 2.0, statistic="sessions per user")["effect"] == pytest.approx(0, abs=0.01)


def test_twice_as_eager_is_twice_the_net_valence() -> None:
    net = row("U2", "eager", 2.0)
    assert net["sim"] == pytest.approx(2 * net["real"], abs=1e-9)


def test_without_negatives_everyone_is_never_negative() -> None:
    assert row("U4", "utopia", 1.0)["sim"] == 1
    spread = row("U4", "utopia", 1.0, statistic="variance between users")
    assert spread["sim"] == 0
    assert spread["effect"] < 0


def test_reversing_days_leaves_what_lies_within_them() -> None:
    for metric, scope in (("C0", {"of": "action"}), ("H6a", {}), ("L8g", ITEM), ("D2", {"days": "1"})):
        assert abs(row(metric, "reverse-days", **scope)["z"]) < 1, metric


def test_average_people_are_found_by_nobody_and_told_from_nobody() -> None:
    assert row("G3", "average-person")["real"] > 0.9
    assert row("G3", "average-person", group="category")["sim"] == pytest.approx(0.5, abs=0.08)
    assert row("G6", "average-person", statistic="recall")["sim"] < 0.2
    assert row("G6", "average-person", statistic="precision")["sim"] > 0.9
    assert row("G5", "average-person")["sim"] < row("G5", "average-person")["real"] / 2
    assert row("G7", "average-person")["sim"] > 0.45
    assert abs(row("G4", "average-person")["sim"]) < 0.1


def test_twins_need_the_same_people() -> None:
    found = {r["id"]: r for r in rows("copy", None, POPULATION)}
    for metric in ("P1", "P2", "P3", "P4"):
        assert found[metric]["reason_missing"] == "the sides do not hold the same users"
    assert row("P4", "relabel")["sim"] == pytest.approx(0, abs=0.2)
    assert row("P4", "relabel")["real"] > 0.7
