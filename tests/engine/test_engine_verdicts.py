"""What may be said, and when nothing may be."""

import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.engine import population
from tests.engine.fixtures import comparison, log, row, side, subset, summarise, verdicts
from tracelens.axes import AXES, METRICS, REGISTRY
from tracelens.pairwise import compare_statistics

METRICS_MD = Path(__file__).parents[3] / "shared" / "metrics.md"


FEW = 60
"""Enough for a verdict, few enough to be quick."""


def against_real(frame, design="paired", **options):
    return compare_statistics(side(users=FEW), summarise(frame), name="sim", design=design, seed=0, **options)


def test_other_real_people_are_no_gap():
    order = np.random.default_rng(1).permutation(200)
    real, sim = (subset(side(), half) for half in (order[:100], order[100:]))
    result = compare_statistics(real, sim, name="other half", design="population", seed=0)
    assert "gap" not in verdicts(result).values()
    assert result["weakest_axis"] is None
    assert result["evidence"]["users"] == []


def test_false_alarms_are_as_rare_as_promised():
    alarms = 0
    for draw in range(12):
        order = np.random.default_rng(100 + draw).permutation(200)
        real, sim = (subset(side(), half) for half in (order[:100], order[100:]))
        result = compare_statistics(real, sim, name="", design="population", seed=draw)
        alarms += "gap" in verdicts(result).values()
    assert alarms <= 2, "family-wise at most 5 % of splits; 3 or more of 12 has a chance of 2 %"


def test_items_seen_too_rarely_rule_no_gap_out():
    whole = side(users=FEW)
    verdict = {}
    for every in (1, 20):
        items = {column: values[::every] for column, values in whole.tables["items"].items()}
        some = replace(whole, tables={**whole.tables, "items": items})
        verdict[every] = verdicts(compare_statistics(some, some, name="copy", design="paired", seed=0))["tail"]
    assert verdict == {1: "within noise", 20: "too few users to tell"}


def test_result_has_every_key_and_is_json():
    result = comparison("inflate")
    assert set(result) == {"sim", "axes", "metrics", "evidence", "weakest_axis"}
    assert tuple(result["axes"]) == AXES
    keys = {
        "verdict", "reason_missing", "attributable", "direction", "sentence", "score", "score_interval",
        "score_unclipped", "score_missing", "scores", "primary", "rules_out",
    }  # fmt: skip
    assert all(set(axis) == keys for axis in result["axes"].values())
    assert {metric["id"] for metric in result["metrics"]} == set(REGISTRY)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    numbers = [metric["p"] for metric in result["metrics"] if metric["p"] is not None]
    assert min(numbers) >= 0.001


def test_sentences_speak_plainly():
    for surgery in ("inflate", "thin", "utopia", "drop_tail", "average_person", "flat_clock"):
        for axis in comparison(surgery)["axes"].values():
            assert axis["sentence"].endswith(".")
            assert "significant" not in axis["sentence"]
            assert "None" not in axis["sentence"]
            assert "nan" not in axis["sentence"]
    assert "does 1.49 times as much" in comparison("inflate")["axes"]["activity"]["sentence"]
    assert comparison("inflate")["axes"]["activity"]["direction"] == "more"
    assert comparison("thin")["axes"]["activity"]["direction"] == "less"


def test_rules_out_is_the_largest_effect_of_the_interval():
    result = comparison("inflate")
    low, high = row(result, "H1")["interval"]
    assert row(result, "H1")["effect"] < result["axes"]["activity"]["rules_out"] <= max(abs(low), abs(high))


def test_given_columns_are_not_tested_but_shown():
    frame = population.flat_clock(log(FEW))
    result = against_real(frame, given={"time", "scenario"})
    for axis in ("clock", "chains"):
        expected = {"clock": "given, not tested", "chains": "within noise"}[axis]
        assert result["axes"][axis]["verdict"] == expected
    hours = row(result, "H6")
    assert hours["reason_missing"] == "given"
    assert hours["effect"] > 0.01
    assert hours["p_adjusted"] is None
    assert row(result, "C1")["reason_missing"] == "given"
    assert row(result, "C9")["reason_missing"] is None, "items were not given"


def test_a_mapping_declares_given_columns():
    statistics = summarise(log(FEW), given=["action", "item"])
    result = compare_statistics(side(users=FEW), statistics, name="", design="paired", seed=0)
    assert result["axes"]["tail"]["verdict"] == "given, not tested"
    assert result["axes"]["valence"]["verdict"] == "given, not tested"


def test_twenty_users_are_too_few_whatever_they_do():
    few = log(FEW).filter(pl.col("user") < "u0020")
    result = compare_statistics(
        summarise(few), summarise(population.inflate(few, share=1.0)), name="", design="paired", seed=0
    )
    activity = result["axes"]["activity"]
    assert activity["verdict"] == "too few users to tell"
    assert row(result, "H1")["p_adjusted"] is None, "outside Holm's correction"
    assert row(result, "H1")["effect"] > 0.6


def test_too_few_users_names_how_many_would_do():
    frame = log(80)
    first, second = (frame.filter((pl.col("user") < "u0040") == low) for low in (True, False))
    result = compare_statistics(summarise(first), summarise(second), name="", design="population", seed=0)
    assert result["axes"]["activity"]["verdict"] == "too few users to tell"
    assert "a side would do" in result["axes"]["activity"]["sentence"]


def test_no_actions_at_all_is_a_gap_without_an_effect():
    views = log(FEW).filter(pl.col("action").is_in(list(population.VIEWS.values())))
    result = against_real(views, design="paired")
    rate = row(result, "H3")
    assert rate["effect"] is None
    assert rate["sim"] == 0
    assert rate["p"] == 0.001
    assert result["axes"]["activity"]["verdict"] == "gap"
    assert result["axes"]["activity"]["primary"] == "H3"
    assert "no action at all" in result["axes"]["activity"]["sentence"]


def test_nobody_acts_on_either_side():
    views = summarise(log(FEW).filter(pl.col("action").is_in(list(population.VIEWS.values()))))
    result = compare_statistics(views, views, name="", design="paired", seed=0)
    assert row(result, "H3")["reason_missing"] == "nothing to compare"
    assert result["axes"]["valence"]["reason_missing"] == "no valence in the mapping"


def test_one_scenario_has_no_order():
    one = log(FEW).with_columns(scenario=pl.lit("video"))
    statistics = summarise(one, conversion_scenario="video")
    result = compare_statistics(statistics, statistics, name="", design="paired", seed=0)
    assert result["axes"]["chains"]["verdict"] is None
    assert row(result, "C1")["reason_missing"] == "one scenario"
    assert result["axes"]["activity"]["verdict"] == "within noise"


@pytest.mark.parametrize(
    ("column", "reasons"),
    [
        ("time", {"H6": "no clock", "H2": "no clock", "C9": "no clock"}),
        ("item", {"L2": "no items"}),
        ("valence", {"U1": "no valence in the mapping"}),
        ("role", {"H3": "no exposures in the mapping"}),
    ],
)
def test_what_a_log_lacks_is_named(column, reasons):
    from tests.engine.tables import tabulate

    frame = population.finish(log(FEW)).drop(column)
    statistics = tabulate(frame, start=population.START, days=population.DAYS, conversion_scenario="shop")
    result = compare_statistics(statistics, statistics, name="", design="paired", seed=0)
    for metric, reason in reasons.items():
        found = [m for m in result["metrics"] if m["id"] == metric]
        assert {m["reason_missing"] for m in found} == {reason}
        assert found[0]["effect"] is None
    assert row(result, "H1")["effect"] == 0


def test_a_lead_that_is_not_there_cannot_be_lost():
    result = compare_statistics(side("unlink"), side("reverse_days"), name="", design="paired", seed=0)
    if (lead := row(result, "C9"))["reason_missing"]:
        assert lead["reason_missing"] == "no lead in the real log to lose"
        assert lead["effect"] is None
        assert "multi-day links not tested" in result["axes"]["chains"]["sentence"]


def test_without_a_roster_a_population_has_no_idle_users():
    quiet = summarise(log(FEW), users=[f"z{i:03d}" for i in range(30)])
    known = compare_statistics(side(users=FEW), quiet, name="", design="population", seed=0, roster=True)
    unknown = compare_statistics(side(users=FEW), quiet, name="", design="population", seed=0)
    assert row(known, "H1r")["effect"] == pytest.approx(math.log(2 / 3), abs=1e-8)
    assert row(unknown, "H1r")["effect"] == pytest.approx(0, abs=1e-8)
    assert "among users with at least one event" in unknown["axes"]["activity"]["sentence"]
    assert "among users" not in known["axes"]["activity"]["sentence"]


def test_paired_rows_are_the_union_of_ids():
    half = log(FEW).filter(pl.col("user") < "u0030")
    result = against_real(half)
    assert row(result, "H1")["users"] == {"real": 60, "sim": 60}
    assert row(result, "H1")["effect"] < -2


def test_fewer_simulated_users_are_compared_at_their_number():
    small = log(FEW).filter(pl.col("user") < "u0040")
    result = against_real(small, design="population")
    assert row(result, "L2")["users"] == {"real": 60, "sim": 40}
    assert result["axes"]["tail"]["verdict"] != "gap", "fewer people are not a shorter tail"


def test_an_empty_simulation_is_no_match():
    statistics = side(users=FEW)
    empty = summarise(log(FEW).filter(pl.lit(value=False)))
    result = compare_statistics(statistics, empty, name="", design="population", seed=0)
    assert set(verdicts(result).values()) <= {None, "too few users to tell"}


def test_a_simulation_that_never_changes_scenario_is_no_match():
    still = log(FEW).with_columns(scenario=pl.lit("shop"))
    result = against_real(still)
    assert row(result, "C1")["reason_missing"] == "too few users"
    assert result["axes"]["chains"]["verdict"] == "too few users to tell"


def test_evidence_shows_what_is_behind_the_sentences():
    tail = comparison("drop_tail")["evidence"]["items"]
    assert len(tail) == 20
    assert [item["events"] for item in tail] == sorted((item["events"] for item in tail), reverse=True)
    assert all(item["users"] <= item["events"] for item in tail)
    paths = comparison("shuffle_order")["evidence"]["paths"]
    assert {path["change"] for path in paths} == {"lost", "added"}
    assert all((path["real"] > path["sim"]) == (path["change"] == "lost") for path in paths)
    users = comparison("thin")["evidence"]["users"]
    assert len(users) == 20
    assert abs(users[0]["ln_ratio"]) >= abs(users[-1]["ln_ratio"])


def test_the_order_of_names_and_rows_changes_nothing():
    statistics = side("inflate")
    shuffled = {
        name: table
        if name == "users"
        else {c: v[np.random.default_rng(3).permutation(len(v))] for c, v in table.items()}
        for name, table in statistics.tables.items()
    }
    same_order = {name: {c: shuffled[name][c] for c in table} for name, table in statistics.tables.items()}
    result = compare_statistics(side(), replace(statistics, tables=same_order), name="inflate", design="paired", seed=0)
    assert json.dumps(result) == json.dumps(comparison("inflate"))


def test_another_seed_changes_resamples_only():
    other = compare_statistics(side(), side("inflate"), name="inflate", design="paired", seed=1)
    first = comparison("inflate")
    assert row(other, "H1")["effect"] == row(first, "H1")["effect"]
    assert row(other, "H1")["interval"] != row(first, "H1")["interval"]
    assert verdicts(other) == verdicts(first)


SCRIPT = """
import hashlib, json
from tests.engine.fixtures import log, summarise
from tests.engine import population
from tracelens.pairwise import compare_statistics
frame = log(60)
real, sim = summarise(frame), summarise(population.thin(frame))
results = [compare_statistics(real, sim, name="", design=d, seed=0) for d in ("paired", "population")]
print(hashlib.sha256(json.dumps(results).encode()).hexdigest())
"""


def test_threads_change_no_byte():
    root = Path(__file__).parents[2]
    found = set()
    for threads in ("1", "2"):
        path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_every_metric_is_in_the_catalogue():
    if not METRICS_MD.is_file():
        pytest.skip(f"needs the catalogue at {METRICS_MD}")
    known: set[str] = set()
    for cell in re.findall(r"^\| ([A-Z]\d[^|]*) \|", METRICS_MD.read_text(encoding="utf-8"), re.MULTILINE):
        ids = re.findall(r"[A-Z]\d", cell)
        first, last = int(ids[0][1]), int(ids[-1][1])
        known |= {f"{ids[0][0]}{n}" for n in range(first, last + 1)} if "-" in cell[:6] else set(ids)
    # A small letter marks another form of what the row of the catalogue says.
    assert {metric.id[:2] for metric in METRICS} <= known


def test_primaries_are_the_eight_of_the_catalogue():
    assert [metric.id for metric in METRICS if metric.primary] == ["H1", "H3", "H6", "G1", "U1", "L2", "C1", "C9"]
