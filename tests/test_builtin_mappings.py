"""Every built-in mapping: recognised by itself, and read to the events written down, by hand, beside its fixture."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import FIXTURES, ROOT
from tracelens import _core
from tracelens.polars import scan_traces
from tracelens.traces import read_traces

TOML = ROOT / "rust" / "tracelens-core" / "src" / "mapping" / "builtin"
NAMES = sorted(_core.mappings())
TEXTS = ["user", "time_precision", "scenario", "action", "role", "item", "category"]
COLUMNS = [
    *("user", "time", "time_precision", "scenario", "action", "role", "valence", "occurred"),
    *("item", "category", "value", "count", "record"),
]
MET = {"omnibehavior", "recllmsim", "snap", "tau-bench", "twin2k", "events"}
"""Mappings that have read a real file of their format; the others say that they have not."""


def logs(name: str) -> list[Path]:
    """The files of a fixture, without what is expected of them."""
    files = (FIXTURES / name).rglob("*")
    return sorted(f for f in files if f.is_file() and not f.name.startswith("expected"))


def expectations(name: str) -> list[tuple[str | None, Path]]:
    """Expected events: of the log, or of each side where one log holds both."""
    files = sorted((FIXTURES / name).glob("expected*.csv"))
    return [(None if f.name == "expected.csv" else f.name.split(".")[1], f) for f in files]


CASES = [
    pytest.param(name, side, file, id=file.stem.replace("expected", name))
    for name in NAMES
    for side, file in expectations(name)
]


def expected(file: Path) -> pl.DataFrame:
    # As texts first: times have a fraction or none, ids are larger than any number.
    frame = pl.read_csv(file, infer_schema=False)
    assert frame.columns == COLUMNS, file
    times = [None if t is None else datetime.fromisoformat(t) for t in frame["time"]]
    return frame.with_columns(
        pl.Series("time", times, dtype=pl.Datetime("us", "UTC")),
        pl.col("occurred").replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean),
        pl.col("valence", "count", "record").cast(pl.Int64),
        pl.col("value").cast(pl.Float64),
    )


def read(name: str, side: str | None) -> pl.DataFrame:
    frame = scan_traces(logs(name), mapping=name, **sided(side)).select(COLUMNS).collect()
    # What a record is called does not matter: which events share one does.
    records = {record: i for i, record in enumerate(frame["record"].unique(maintain_order=True))}
    return frame.with_columns(
        pl.col(TEXTS).cast(pl.String),
        pl.col("valence", "count").cast(pl.Int64),
        pl.col("value").fill_nan(None),
        pl.Series("record", [records[r] for r in frame["record"]], dtype=pl.Int64),
    )


def sided(side: str | None) -> dict[str, str]:
    return {} if side is None else {"side": side}


@pytest.mark.parametrize(("name", "side", "file"), CASES)
def test_a_log_is_read_to_the_events_that_it_means(name, side, file):
    want, got = expected(file), read(name, side)
    for column in COLUMNS:
        values = got[column].to_list()
        wanted = want[column].to_list()
        assert values == (pytest.approx(wanted) if column == "value" else wanted), f"{name}: {column}"


# Taobao's file has no header: it is known by the look of its first line.
@pytest.mark.parametrize("name", NAMES)
def test_a_log_is_recognised_without_being_told(name):
    sides = [side for side, _ in expectations(name)]
    assert read_traces(logs(name), **sided(sides[0])).about["mapping"] == name


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_has_a_fixture_with_expected_events(name):
    sides = [side for side, _ in expectations(name)]
    assert sides in ([None], ["real", "sim"]), (
        f"write the events that fixtures/{name} means into expected.csv beside it"
    )
    assert logs(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_says_where_it_comes_from_and_what_its_traps_are(name):
    header = (TOML / f"{name}.toml").read_text(encoding="utf-8").split("version = 1")[0]
    assert "# Source: " in header
    assert "\n# trap: " in header
    assert ("from documentation, not yet met in the wild" in header) == (name not in MET)


def test_every_mapping_file_is_built_in():
    assert sorted(f.stem for f in TOML.glob("*.toml")) == NAMES
