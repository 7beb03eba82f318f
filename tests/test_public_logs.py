"""Public logs, read by their built-in mappings: counts as their publishers and our own counting have them."""

import tarfile

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
def test_recllmsim(shared_data, tmp_path, folder, turns):
    with tarfile.open(shared_data / "recllmsim" / f"{folder}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    traces = read_traces(tmp_path / folder, "recllmsim")
    assert len(traces) == turns
    assert not traces.about["has_clock"]
