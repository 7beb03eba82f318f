"""Public logs, read by their built-in mappings: counts as their publishers and our own counting have them."""

import polars as pl
import pytest

from tracelens.traces import read_traces


def test_the_public_omnibehavior_user(shared_data):
    traces = read_traces(shared_data / "omnibehavior_demo" / "demo.json")
    assert traces.about["mapping"] == "omnibehavior", "recognised without being told"
    events = traces.to_polars()
    assert events.height == 759
    assert events["record"].n_unique() == 415
    happened = events.group_by("action").agg(pl.col("occurred").sum(), n=pl.len())
    counts = {str(action): (n, total) for action, n, total in happened.iter_rows()}
    assert counts["cart"] == (0, 2)
    assert counts["purchase"] == (1, 2)
    dated = events.filter(pl.col("time_precision").cast(pl.String) == "day")
    assert dated["record"].n_unique() == 5
    statistics = traces.statistics()
    assert statistics.tables["users"]["records"].tolist() == [415]
    assert statistics.tables["exposures"]["count"].sum() == 415, "each record was seen once"
    ad = statistics.names["scenario"].index("ad")
    switches = statistics.tables["switches"]
    order = {*switches["source"].tolist(), *switches["target"].tolist()}
    assert ad not in order, "a date precedes nothing by itself"
    assert statistics.tables["clock"]["count"].sum() < statistics.tables["users"]["events"].sum()


def test_mathoverflow(shared_data):
    traces = read_traces(shared_data / "sx_mathoverflow")
    assert traces.about["mapping"] == "snap"
    assert len(traces) == 506_550
    assert len(traces.users) == 19_774
    by_action = dict(traces.to_polars(["action"]).group_by(pl.col("action").cast(pl.String)).len().iter_rows())
    assert by_action == {"a2q": 107_581, "c2q": 203_639, "c2a": 195_330}


@pytest.mark.parametrize(
    ("folder", "turns"), [("real_human_user", 1_343), ("human_exp_V2", 8_204), ("LLM_agent_user", 7_096)]
)
def test_recllmsim_as_it_is_packed(shared_data, folder, turns):
    traces = read_traces(shared_data / "recllmsim" / f"{folder}.tar.xz", "recllmsim")
    assert len(traces) == turns
    assert not traces.about["has_clock"]
    users = {"real_human_user": 31, "human_exp_V2": 115, "LLM_agent_user": 100}
    assert len(traces.users) == users[folder]


def test_tau_airline(shared_data):
    traces = read_traces(shared_data / "tau_airline")
    assert traces.about["mapping"] == "tau-bench", "recognised without being told"
    assert len(traces.users) == 34 * 4, "customers in trials"
    events = traces.to_polars()
    assert events["record"].n_unique() == 200
    counts = dict(events.group_by(pl.col("action").cast(pl.String)).len().iter_rows())
    assert counts.pop("user_turn") + counts.pop("stop") == 1_490, "what the customer said"
    assert counts == {
        # What the agent changed for the customer; its other 914 tool calls are its own.
        "book_reservation": 53,
        "cancel_reservation": 69,
        "send_certificate": 8,
        "update_reservation_baggages": 14,
        "update_reservation_flights": 104,
        "update_reservation_passengers": 2,
    }
    assert events["occurred"].not_().sum() == 73, "what the tool refused did not happen"


@pytest.mark.parametrize(("side", "answers"), [("real", 90_039 - 48), ("sim", 90_039)])
def test_twin2k(shared_data, side, answers):
    # 47 values of preference_redistribution and one of idea_generation are missing, all of people.
    traces = read_traces(shared_data / "twin2k_megastudy" / "individual_level", side=side)
    assert traces.about["mapping"] == "twin2k", "recognised without being told"
    assert len(traces) == answers
    assert len(traces.users) == 1_784, "123.0 is 123"
    events = traces.to_polars(["scenario", "item", "value"])
    assert events["scenario"].n_unique() == 18
    assert events["item"].n_unique() == 124
    assert events["value"].is_finite().all()


LLM_DEV_TEAMS = """
version = 1
name = "llm_dev_teams"
format = "parquet"

[event]
user = { join = ["run_dir", "agent"], separator = "/" }
time = { path = "ts", format = ["epoch_s"], zone = "UTC", optional = true }
action = "type"
item = "path"
value = { first = ["returncode", "seconds"] }
"""


def test_llm_dev_teams_by_a_mapping_of_ones_own(shared_data, tmp_path):
    mapping = tmp_path / "llm_dev_teams.toml"
    mapping.write_text(LLM_DEV_TEAMS, encoding="utf-8")
    traces = read_traces(shared_data / "llm_dev_teams" / "events.parquet", str(mapping))
    assert len(traces) == 422_758
    assert len(traces.users) == 1_413 + 4_240, "what no agent did, the run did"
    events = traces.to_polars(["time", "action"])
    assert events["time"].is_not_null().sum() == 321_506
    assert events["action"].n_unique() == 11
