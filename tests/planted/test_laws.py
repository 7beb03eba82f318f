"""Exact laws: what a planted change must do to a number, through the whole path from events to result (metrics 4.3)."""

import math
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from tests.planted.population import demo, verdicts
from tracelens import Traces, compare


def effect(name: str, strength: float | None, metric: str, design: str = "paired", **scope: str) -> float:
    rows = verdicts("demo", name, strength, design)["metrics"]
    found = [row for row in rows if row["id"] == metric and row["scope"] == scope]
    assert len(found) == 1, (metric, scope)
    value = found[0]["effect"]
    assert value is not None, found[0]["reason_missing"]
    return float(value)


@pytest.mark.parametrize("k", [1.2, 1.5, 2.0])
def test_inflating_moves_volume_by_ln_k_and_nothing_else(k: float) -> None:
    assert effect("inflate", k, "H1r") == pytest.approx(math.log(k), abs=0.01)
    assert 0 < effect("inflate", k, "H1") < math.log(k) + 0.01
    assert effect("inflate", k, "L2") == 0
    assert effect("inflate", k, "H3") == pytest.approx(0, abs=0.01)
    assert effect("inflate", k, "U1") == pytest.approx(0, abs=0.05)


def test_doubling_every_record_is_exact() -> None:
    assert effect("inflate", 2.0, "H1r") == pytest.approx(math.log(2), abs=1e-6)
    assert effect("inflate", 2.0, "H3") == pytest.approx(0, abs=1e-9)


def test_thinning_by_half() -> None:
    assert effect("thin", 0.5, "H1r") == pytest.approx(-math.log(2), abs=0.01)
    assert effect("thin", 0.5, "H3") == pytest.approx(0, abs=0.02)


def test_twice_as_eager_is_ln_2_exactly() -> None:
    assert effect("eager", 2.0, "H3") == pytest.approx(math.log(2), abs=1e-6)
    assert effect("eager", 2.0, "U1") == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("p", [0.3, 0.7, 1.0])
def test_utopia_takes_its_share_of_the_negatives(p: float) -> None:
    rows = {row["id"]: row for row in verdicts("demo", "utopia", p)["metrics"] if not row["scope"]}
    assert rows["U1"]["sim"] == pytest.approx((1 - p) * rows["U1"]["real"], abs=1e-4)
    assert rows["H1r"]["effect"] == 0
    assert rows["H3"]["effect"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("q", [0.05, 0.2, 0.5])
def test_a_dropped_tail_is_missed_by_its_mass(q: float) -> None:
    rows = [row for row in verdicts("demo", "drop-tail", q)["metrics"] if row["id"] == "L4"]
    raw = {row["scope"]["statistic"]: row["sim"] for row in rows}
    assert raw["missed"] == pytest.approx(q, abs=0.01)
    assert raw["hallucinated"] == 0


def test_losing_more_of_the_tail_shows_more() -> None:
    for metric, scope in (("L2", {}), ("L3", {"q": "1"})):
        found = [effect("drop-tail", q, metric, **scope) for q in (0.05, 0.2, 0.5)]
        assert found == sorted(found, reverse=True)
        assert found[0] < 0


def test_wrong_ids_leave_populations_as_they_are() -> None:
    """Distances are means over random splits of users, who stand in another order: they agree but for that."""
    both = [verdicts("demo", name, None, "population")["metrics"] for name in ("relabel", "copy")]
    compared = 0
    for relabelled, copied in zip(*both, strict=True):
        if "excess" not in relabelled["unit"]:
            for key in ("real", "sim", "effect"):
                assert relabelled[key] == copied[key], (relabelled["id"], relabelled["scope"])
            compared += relabelled["effect"] is not None
    assert compared > 20


def shifted(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what has to differ: the dates of its sides."""
    sides = {
        name: {k: v for k, v in side.items() if k not in ("first", "last")} for name, side in result["sides"].items()
    }
    return {**result, "sides": sides}


def test_moving_both_sides_by_whole_days_changes_nothing() -> None:
    events, options = demo()
    thinned = events.filter(pl.col("record") % 3 != 0)
    later = [frame.with_columns(pl.col("time") + timedelta(days=100)) for frame in (events, thinned)]
    here, there = (
        compare(Traces.from_frame(real, **options), Traces.from_frame(sim, **options)).result
        for real, sim in ((events, thinned), later)
    )
    assert shifted(here) == shifted(there)
