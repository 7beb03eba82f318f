"""Users drawn again and again from one log, and what the primaries say of them: what the benchmarks of verdicts share.

A log is read once and folded into user statistics; a draw is then some of their rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tracelens.align import Design, align
from tracelens.axes import METRICS
from tracelens.demo import demo_events
from tracelens.pairwise import judge
from tracelens.statistics import Statistics
from tracelens.traces import Traces, read_traces
from tracelens.verdict import GAP, SERIOUSNESS, Outcome, Verdict

PRIMARIES = tuple(metric.id for metric in METRICS if metric.primary)
DEMO_USERS = 2000


@dataclass(frozen=True)
class Log:
    """A real log to draw users from.

    Attributes
    ----------
    events : DataFrame
        Canonical events of all users that may be drawn.
    options : dict
        What its mapping says: the options of `Traces.from_frame`.
    days : (int, int) or None
        Its observation window; None without a clock.
    """

    events: pl.DataFrame
    options: dict[str, Any]
    days: tuple[int, int] | None

    @classmethod
    def read(cls, path: str, mapping: str | None = None, least: int = 0, last: int | None = None) -> "Log":
        """The log at a path, or the ``demo`` population.

        ``least``: events of a user that may be drawn. ``last``: days to keep, counted from the end.
        """
        if path == "demo":
            options: dict[str, Any] = {"zone": "Asia/Shanghai", "exposure_by_record": True}
            traces = Traces.from_frame(demo_events(users=DEMO_USERS, days=30, seed=0), **options)
        else:
            traces = read_traces(path, mapping)
            options = {"zone": traces.zone, "exposure_by_record": traces.exposure_by_record}
        about = traces.about
        days = (about["first_day"], about["last_day"] + 1) if about["has_clock"] else None
        events = traces.to_polars()
        if days and last:
            days = (days[1] - last, days[1])
            local = pl.col("time").dt.convert_time_zone(options["zone"] or "UTC").dt.date()
            events = events.filter(local.is_between(*(pl.lit(day).cast(pl.Date) for day in days), closed="left"))
        return cls(events.filter(pl.len().over("user") >= least), options, days)

    def statistics(self, events: pl.DataFrame, like: Statistics | None = None) -> Statistics:
        """User statistics of events in the log's own window; ``like``: those of the real side, for a simulation."""
        traces = Traces.from_frame(events, **self.options, jobs=1)
        conversions = None if like is None else like.meta["conversion_scenario"]
        summary = traces.statistics(days=self.days, conversion_scenario=conversions, jobs=1)
        return summary if like is None else summary.with_users(like.users)


def take(statistics: Statistics, chosen: Any) -> Statistics:
    """The users at these places."""
    mask = np.zeros(len(statistics.users), dtype=bool)
    mask[chosen] = True
    return statistics.only(mask)


def primaries(real: Statistics, sim: Statistics, design: Design, seed: int, jobs: int = 1) -> dict[str, Outcome]:
    """The rows of the primaries by their ids, with their verdicts."""
    return {row.metric.id: row for row in judge(align(real, sim, design), seed, jobs=jobs, primaries=True)}


def said(rows: dict[str, Outcome]) -> dict[str, Verdict]:
    """The verdict of each axis: the most serious of its primaries'."""
    heard: dict[str, Verdict] = {}
    for row in sorted(rows.values(), key=lambda row: -SERIOUSNESS.index(row.verdict) if row.verdict else 0):
        if row.verdict:
            heard[row.metric.axis] = row.verdict
    return heard


def gaps(rows: dict[str, Outcome]) -> set[str]:
    """Axes that say "gap"."""
    return {axis for axis, verdict in said(rows).items() if verdict == GAP}


def binomial(found: int, of: int) -> tuple[float, float]:
    """The exact 95 % interval of a share (Clopper and Pearson 1934)."""
    from scipy.stats import binomtest

    interval = binomtest(found, of).proportion_ci()
    return interval.low, interval.high
