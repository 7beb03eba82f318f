"""Populations to plant on: the demo's real side, and a dense slice of MathOverflow."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tracelens import compare
from tracelens.plant import plant
from tracelens.traces import Traces, read_traces

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@functools.cache
def demo() -> tuple[pl.DataFrame, dict[str, Any]]:
    """The demo's 150 users, with what its mapping says: events and options of `Traces.from_frame`."""
    from tracelens.demo import demo_events

    return demo_events(users=150, days=30, seed=0), {"zone": "Asia/Shanghai", "exposure_by_record": True}


@functools.cache
def mathoverflow() -> tuple[pl.DataFrame, dict[str, Any]]:
    """400 MathOverflow users with at least 7 events, drawn once."""
    path = SHARED / "sx_mathoverflow"
    if not path.is_dir():
        pytest.skip(f"needs the MathOverflow log in {path}")
    events = read_traces(path, "snap").to_polars()
    active = events.group_by("user").len().filter(pl.col("len") >= 7)["user"].sort()
    chosen = np.random.default_rng(0).choice(active.to_numpy(), 400, replace=False)
    return events.filter(pl.col("user").is_in(list(chosen))), {"zone": "UTC", "exposure_by_record": False}


@functools.cache
def verdicts(log: str, name: str, strength: float | None, design: str = "paired") -> dict[str, Any]:
    """The comparison of a log with itself after a plant."""
    events, options = {"demo": demo, "mathoverflow": mathoverflow}[log]()
    planted = plant(
        events, name, strength=strength, seed=1, exposure_by_record=options["exposure_by_record"], zone=options["zone"]
    )
    sim = {name: Traces.from_frame(planted, **options)}
    comparison = compare(Traces.from_frame(events, **options), sim, design=design, seed=0, score=False)
    return dict(comparison.result["comparisons"][0])
