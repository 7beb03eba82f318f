"""What users do in what order: what directly follows what, chains to conversions, grams, lifts, profiles, a funnel.

Any of them come from one parallel pass over the events of a log. They sum up a side as it is; comparing two sides, with
users resampled, is what :func:`tracelens.compare` is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa

from tracelens import _core
from tracelens.errors import TracelensError
from tracelens.traces import Traces, read_traces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tracelens.traces import Path

    Step = str | tuple[str | None, str | None]

Statistic = Literal["directly_follows", "chains", "grams", "lift", "profile", "funnel"]

STATISTICS: tuple[Statistic, ...] = ("directly_follows", "chains", "grams", "lift", "profile", "funnel")
"""All that may be asked for."""


@dataclass(frozen=True)
class ChainTotals:
    """What holds of the chains of all conversions.

    Attributes
    ----------
    conversions : int
        How many there are.
    paths : int
        How many distinct paths; that of a conversion before which the user did nothing is empty.
    scenarios : int
        Sum over conversions of the distinct scenarios on the path.
    span_us : int
        Sum over conversions of the time since the first event on the path, in microseconds.
    """

    conversions: int
    paths: int
    scenarios: int
    span_us: int

    @property
    def mean_scenarios(self) -> float | None:
        """Distinct scenarios on a path, on average; None without a conversion."""
        return self.scenarios / self.conversions if self.conversions else None

    @property
    def mean_span(self) -> timedelta | None:
        """Time from the first event on a path to the conversion, on average; None without a conversion."""
        return timedelta(microseconds=self.span_us / self.conversions) if self.conversions else None


@dataclass(frozen=True)
class Sequences:
    """What :func:`sequences` found; None for what was not asked for.

    Attributes
    ----------
    directly_follows : DataFrame
        ``scenario``, ``action``, ``next_scenario``, ``next_action``, ``count``: how often a user did the one right
        after the other. Most frequent first, then by name.
    chains : DataFrame
        ``path``, "search>video>shop", the scenarios before a conversion, runs of one collapsed; ``path_scenarios``, the
        same as a list; ``conversions`` with it and their ``share`` of all. Most frequent first, then by name.
    chain_totals : ChainTotals
        What holds of all chains, also of those whose path is not told.
    grams : DataFrame
        ``first_scenario``, ``first_action``, ``second_scenario``, ... ``third_action``: three steps in a row; ``users``
        who did them, and ``count``, how often. Most frequent first, then by name.
    lift : DataFrame
        ``scenario``, ``then``, ``users`` with events in both, ``lift``: of those users the mean of p(then | scenario) /
        p(then), the share of events in the one soon after which the other comes, over the other's share of all events.
    profile : DataFrame
        ``user``; ``entropy_bits`` and ``gini`` of the counts of the user's actions; ``active_days``, local;
        ``burstiness`` of the gaps between events, (sd - mean) / (sd + mean). Null is what the log cannot tell.
    funnel : DataFrame
        ``level``, from 0 to the number of steps, and the ``users`` who got that far and no further.
    """

    directly_follows: pl.DataFrame | None = None
    chains: pl.DataFrame | None = None
    chain_totals: ChainTotals | None = None
    grams: pl.DataFrame | None = None
    lift: pl.DataFrame | None = None
    profile: pl.DataFrame | None = None
    funnel: pl.DataFrame | None = None


def sequences(
    of: Traces | Path | Iterable[Path],
    *statistics: Statistic,
    conversion: str | None = None,
    look_back: timedelta = timedelta(days=7),
    paths: int = 1000,
    span: timedelta = timedelta(hours=24),
    follow: timedelta = timedelta(hours=1),
    steps: Sequence[Step | list[Step]] | None = None,
    window: timedelta = timedelta(days=7),
    mapping: str | None = None,
    jobs: int | None = None,
) -> Sequences:
    """Sum up what the users of a side do in what order, in one parallel pass over its events.

    Events that are listed and did not happen are left out. So are, of all but the actions and days of ``profile``,
    those without a time of day: dates, and events of a log without a clock. What stands at one time has the order of
    the log (``seq``), else that of the names.

    Parameters
    ----------
    of : Traces, path or iterable of paths
        A side as read, or its logs.
    *statistics : {"directly_follows", "chains", "grams", "lift", "profile", "funnel"}
        What is wanted; if nothing is said all, "funnel" only if there are ``steps``.
    conversion : str, optional
        "chains": the action that is the conversion. If missing: all events of the role conversion.
    look_back : timedelta
        "chains": how long before the conversion its path begins. The conversion itself is not on it.
    paths : int
        "chains": how many of the most frequent paths are told; of equally frequent ones the shorter.
    span : timedelta
        "grams": the longest time from the first of the three to the last.
    follow : timedelta
        "lift": how soon the second scenario has to follow.
    steps : sequence, optional
        "funnel": its 1 to 32 steps. Each is an action; or a tuple (scenario, action), in which None stands for any; or
        a list of such, any of which is the step. How far a user gets is the longest beginning of the steps that was
        done in order within ``window``; what happens at one time counts in the order of the steps, and one event may be
        several.
    window : timedelta
        "funnel": the longest time from the first step to the last.
    mapping : str, optional
        Of logs: as in :func:`tracelens.traces.read_traces`.
    jobs : int, optional
        Number of threads; never changes the result.

    Returns
    -------
    Sequences
        A frame for each statistic.

    Raises
    ------
    TracelensError
        TL110 for an option with an impossible value; of logs TL1xx for the mapping, TL2xx for the data.

    Examples
    --------
    >>> import polars as pl
    >>> from tracelens import Traces, sequences
    >>> times = [f"2025-09-01T10:00:0{second}Z" for second in range(4)]
    >>> acts = {"action": ["search", "click", "search", "click"], "time": times}
    >>> traces = Traces.from_frame(pl.DataFrame({"user": ["u1"] * 4, **acts}))
    >>> sequences(traces, "directly_follows").directly_follows.select("action", "next_action", "count").rows()
    [('search', 'click', 2), ('click', 'search', 1)]
    """
    wanted = _wanted(statistics, steps)
    if paths < 0:
        raise TracelensError.new(110, f"{paths} paths cannot be told")
    traces = of if isinstance(of, Traces) else read_traces(of, mapping, jobs=jobs)
    found = _core.sequences(
        traces.core,
        directly_follows="directly_follows" in wanted,
        chains=(_microseconds(look_back), conversion, paths) if "chains" in wanted else None,
        grams=_microseconds(span) if "grams" in wanted else None,
        lift=_microseconds(follow) if "lift" in wanted else None,
        profile="profile" in wanted,
        funnel=(_microseconds(window), [_any(step) for step in steps or []]) if "funnel" in wanted else None,
        jobs=jobs,
    )
    scenarios, actions = (pl.Series(traces.names(column), dtype=pl.String) for column in ("scenario", "action"))
    names = {"scenario": scenarios, "then": scenarios, "action": actions}
    chains = found["chains"]
    return Sequences(
        directly_follows=_named(found["directly_follows"], names),
        chains=None if chains is None else _paths(chains, scenarios),
        chain_totals=None if chains is None else _totals(chains),
        grams=_named(found["grams"], names),
        lift=_named(found["lift"], names),
        profile=None if found["profile"] is None else _profile(found["profile"], traces.users),
        funnel=None if found["funnel"] is None else _levels(found["funnel"]),
    )


def _wanted(statistics: tuple[Statistic, ...], steps: object) -> set[str]:
    if unknown := set(statistics) - set(STATISTICS):
        known = ", ".join(STATISTICS)
        raise TracelensError.new(110, f"no statistic is called {', '.join(sorted(unknown))}", help=f"there are {known}")
    if "funnel" in statistics and steps is None:
        raise TracelensError.new(110, "a funnel was asked for and no steps were given", help="say steps=[...]")
    if statistics:
        return set(statistics)
    return {name for name in STATISTICS if name != "funnel" or steps is not None}


def _microseconds(time: timedelta) -> int:
    return time // timedelta(microseconds=1)


def _any(step: Step | list[Step]) -> list[tuple[str | None, str | None]]:
    """List what counts as a step, as scenario and action."""
    steps = step if isinstance(step, list) else [step]
    return [(None, one) if isinstance(one, str) else one for one in steps]


def _named(columns: dict[str, NDArray[Any]] | None, names: dict[str, pl.Series]) -> pl.DataFrame | None:
    """Put names in place of codes; which ones, the last word of a column says."""
    if columns is None:
        return None
    series = {name: pl.Series(values) for name, values in columns.items()}
    kinds = {name: names.get(name.rpartition("_")[2]) for name in series}
    return pl.DataFrame(
        {
            name: codes if (known := kinds[name]) is None else known.gather(codes.set(codes >= len(known), None))
            for name, codes in series.items()
        }
    )


def _paths(chains: dict[str, Any], scenarios: pl.Series) -> pl.DataFrame:
    counts = chains["counts"].astype(np.int64)
    # All names at once: a series for each path takes longer than counting the paths.
    ends = np.cumsum([0, *map(len, chains["paths"])], dtype=np.int64)
    codes = np.fromiter(chain.from_iterable(chains["paths"]), dtype=np.int64, count=ends[-1])
    path = pl.Series(pa.LargeListArray.from_arrays(ends, scenarios.gather(codes).to_arrow()))
    return pl.DataFrame(
        {
            "path": path.list.join(">"),
            "path_scenarios": path,
            "conversions": counts,
            "share": counts / max(chains["conversions"], 1),
        }
    )


def _totals(chains: dict[str, Any]) -> ChainTotals:
    return ChainTotals(chains["conversions"], chains["distinct"], chains["scenarios"], chains["span"])


def _profile(columns: dict[str, NDArray[Any]], users: list[str]) -> pl.DataFrame:
    days = pl.Series(columns["active_days"])
    known = {**columns, "active_days": days.set(days < 0, None)}
    return pl.DataFrame({"user": pl.Series(users, dtype=pl.String), **known}).fill_nan(None)


def _levels(users: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"level": np.arange(len(users)), "users": np.array(users, dtype=np.int64)})
