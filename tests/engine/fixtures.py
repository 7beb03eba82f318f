"""Sides and comparisons that several tests look at, each computed once."""

import functools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tests.engine import population
from tests.engine.tables import tabulate
from tracelens.pairwise import compare_statistics
from tracelens.statistics import Statistics

GOLDEN = """user,time,scenario,action,item
a,2025-09-01 09:00:00,search,query,x
a,2025-09-01 09:06:00,video,view,x
a,2025-09-02 10:00:00,ad,impression,x
a,2025-09-03 20:00:00,live,enter,x
a,2025-09-03 20:12:00,shop,purchase,x
b,2025-09-01 08:00:00,video,view,y
b,2025-09-01 08:06:00,video,like,y
b,2025-09-04 08:00:00,video,view,z
b,2025-09-04 08:03:00,video,dislike,z
c,2025-09-02 12:00:00,shop,browse,x
c,2025-09-02 12:06:00,shop,purchase,x
c,2025-09-04 12:00:00,shop,refund,x
"""


@functools.cache
def golden() -> Statistics:
    """The hand-checked log of three users and four days."""
    frame = pl.read_csv(GOLDEN.encode()).with_columns(pl.col("time").str.to_datetime(time_zone="UTC"))
    exposure = pl.col("action").is_in(["query", "view", "impression", "enter", "browse"])
    negative, positive = pl.col("action").is_in(["dislike", "refund"]), pl.col("action").is_in(["purchase", "like"])
    frame = frame.with_columns(
        role=pl.when(exposure)
        .then(pl.lit("exposure"))
        .when(pl.col("action") == "purchase")
        .then(pl.lit("conversion"))
        .otherwise(pl.lit("active")),
        valence=pl.when(negative).then(-1).when(positive).then(1).otherwise(0),
    )
    return tabulate(frame, start=datetime(2025, 9, 1, tzinfo=UTC), days=4)


@functools.cache
def log(users: int = 200, seed: int = 0) -> pl.DataFrame:
    return population.generate(users, seed)


@functools.cache
def side(surgery: str = "copy", users: int = 200, seed: int = 0) -> Statistics:
    """The synthetic population after surgery, as statistics."""
    frame = log(users, seed)
    return summarise(frame if surgery == "copy" else population.SURGERY[surgery](frame))


def summarise(frame: pl.DataFrame, **options: Any) -> Statistics:
    settings: dict[str, Any] = {"start": population.START, "days": population.DAYS, "conversion_scenario": "shop"}
    return tabulate(population.finish(frame), **{**settings, **options})


@functools.cache
def comparison(surgery: str, design: Any = "paired") -> dict[str, Any]:
    return compare_statistics(side(), side(surgery), name=surgery, design=design, seed=0)


def subset(statistics: Statistics, rows: NDArray[Any]) -> Statistics:
    """Some users of a side; what a daily volume weighs is left as it was."""
    rows = np.sort(rows)
    place = np.full(len(statistics.users), -1)
    place[rows] = np.arange(len(rows))
    tables = {}
    for name, table in statistics.tables.items():
        if name == "users":
            tables[name] = {column: values[rows] for column, values in table.items()}
        else:
            kept = place[table["user"]] >= 0
            tables[name] = {column: values[kept] for column, values in table.items()}
            tables[name]["user"] = place[tables[name]["user"]]
    return replace(statistics, users=statistics.users[rows], tables=tables)


def row(result: dict[str, Any], metric: str, **scope: str) -> dict[str, Any]:
    """The one row of a metric with exactly this scope."""
    (found,) = [m for m in result["metrics"] if m["id"] == metric and m["scope"] == scope]
    return dict(found)


def verdicts(result: dict[str, Any]) -> dict[str, str | None]:
    return {axis: found["verdict"] for axis, found in result["axes"].items()}
