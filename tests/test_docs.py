"""What the documents show is true: mappings compile and read, the Python of the README runs."""

import re
from pathlib import Path

import orjson
import polars as pl
import pytest

from tracelens.demo import write_demo
from tracelens.traces import read_traces

ROOT = Path(__file__).parents[1]


def block(document: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{document} has no {language}"
    return found[1]


def test_the_mapping_of_the_readme_reads_such_a_log(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(block("README.md", "toml"), encoding="utf-8")
    row = {"uid": "a", "ts": "2025-09-01 10:00:00", "page": "home", "event": "dislike", "product": {"id": 3}}
    (tmp_path / "log.ndjson").write_bytes(orjson.dumps(row))
    events = read_traces(tmp_path / "log.ndjson", str(tmp_path / "mine.toml")).to_polars()
    assert events.select(pl.col("scenario", "action", "item").cast(pl.String)).row(0) == ("home", "dislike", "3")
    assert events["valence"][0] == -1


def test_the_mapping_of_the_reference_reads_the_log_beside_it(tmp_path: Path) -> None:
    """What all its other examples read is tested beside the reference, in Rust."""
    (tmp_path / "tracelens.toml").write_text(block("docs/mapping.md", "toml"), encoding="utf-8")
    (tmp_path / "ann.json").write_text(block("docs/mapping.md", "json"), encoding="utf-8")
    traces = read_traces(tmp_path)
    events = traces.to_polars().with_columns(pl.col("scenario", "time_precision", "role").cast(pl.String))
    assert events.select("scenario", "item", "occurred", "time_precision", "role").rows() == [
        # Of one moment: where the mapping tells no order, content does, "buy" before "impression".
        ("home", "pot", False, "s", "conversion"),
        ("home", "7", True, "s", "exposure"),
        ("Suche", "7", True, "day", "conversion"),
    ]
    assert traces.about["given"] == ["time", "scenario"]
    assert traces.about["zone"] == "Europe/Berlin"
    assert not traces.exposure_by_record


def test_the_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_demo(tmp_path / "demo", users=40, days=8)
    monkeypatch.chdir(tmp_path)
    exec(compile(block("README.md", "python"), "README.md", "exec"), {})
    said = capsys.readouterr().out
    assert "different items" in said
    assert "shape: (3, 2)" in said
