"""User statistics and conversions as plain tables, for a notebook or another tool: one row a user, one a conversion.

What a log cannot tell is null, never 0: times and days without a clock, valence where nothing has one, and so on.
"""

from __future__ import annotations

from contextlib import ExitStack
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from tracelens.atomic import require_free, whole
from tracelens.errors import TracelensError
from tracelens.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tracelens.traces import Progress, Traces

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Form = Literal["parquet", "csv", "ndjson"]

SUFFIXES: dict[str, Form] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
"""By which the format of a table is chosen."""

SCENARIO_COLUMNS = 50
"""Of more scenarios than these the users table has no column each."""

NIGHT = 6
"""The hour at which the night ends that begins at midnight."""

LINKS = ("item", "category", "any", "none")
"""What ties the events of a path to their conversion, by the level of ``conversions``."""

_UNLINKED = LINKS.index("none")
"""The block of categories in ``halves``."""
_DAY = 86_400_000_000


def user_table(of: Traces | Statistics, *, jobs: int | None = None) -> pl.DataFrame:
    """One row per user, sorted by id.

    Parameters
    ----------
    of : Traces or Statistics
        A side as read; or its statistics, within whatever window they were made.
    jobs : int, optional
        Number of threads; never changes the result.

    Returns
    -------
    DataFrame
        ``user``; ``first_event`` and ``last_event`` (UTC; of a date the start of its day); ``window_days``, the length
        of the observation, one for all users; ``active_days``, local days with an event; ``events`` that happened and
        ``listed_not_done``, those that the log lists and that did not; ``records``, groups of events logged together;
        ``exposures``; ``actions``, of role active or conversion; ``conversions``, ``conversions_with_path``, those to
        which an earlier event leads, and ``conversions_cross_scenario``, those with more than one scenario on the path;
        ``positive`` and ``negative`` events; ``distinct_scenarios``, ``distinct_items``, ``distinct_categories``;
        ``switches`` from one scenario to another; ``top_scenario``, the first by name of equals, and
        ``top_scenario_share`` of events; ``night_share`` of events with a time of day, 0 to 6 h local;
        ``events_in_<scenario>`` for every scenario if there are at most 50.

        Null is what the log cannot tell: without a clock all of time and order; exposures, conversions, valence, items
        and categories where nothing in the log has any.

    Examples
    --------
    >>> import polars as pl
    >>> from tracelens import Traces, user_table
    >>> events = pl.DataFrame({"user": ["u1", "u1", "u2"], "action": ["see", "like", "like"]})
    >>> user_table(Traces.from_frame(events)).select("user", "events", "active_days").rows()
    [('u1', 2, None), ('u2', 1, None)]
    """
    statistics = _statistics(of, jobs)
    tables, meta, size = statistics.tables, statistics.meta, len(statistics.users)
    users = tables["users"]
    extents = tables["extents"]
    timed = np.zeros(size, dtype=bool)
    timed[extents["user"]] = True
    # Of users without an event it is known that they were never active, if the log has a clock to tell.
    clock = timed | ((users["events"] == 0) & bool(meta["has_clock"]))

    def has(what: str) -> Mask:
        return np.full(size, bool(meta[f"has_{what}"]))

    def rows(table: dict[str, Ints], kept: Mask | None = None) -> Ints:
        return np.bincount(table["user"] if kept is None else table["user"][kept], minlength=size)

    chains, hours = tables["conversions"], tables["clock"]
    led = clock & has("conversions")
    in_night = np.bincount(hours["user"], hours["count"] * (hours["hour"] < NIGHT), minlength=size)
    with_hour = np.bincount(hours["user"], hours["count"], minlength=size)
    top, top_events = _top(tables["scenarios"], size)
    columns = {
        "user": pl.Series(statistics.users.tolist(), dtype=pl.String),
        "first_event": _moments(_spread(extents["first"], extents["user"], size), timed),
        "last_event": _moments(_spread(extents["last"], extents["user"], size), timed),
        "window_days": pl.repeat(meta["days"], size, dtype=pl.Int64, eager=True),
        "active_days": _known(users["days"], clock),
        "events": pl.Series(users["events"]),
        "listed_not_done": pl.Series(users["listed"]),
        "records": pl.Series(users["records"]),
        "exposures": _known(users["exposures"], has("exposures")),
        "actions": pl.Series(users["actions"]),
        "conversions": _known(users["conversions"], has("conversions")),
        "conversions_with_path": _known(rows(chains, chains["level"] < _UNLINKED), led),
        "conversions_cross_scenario": _known(rows(chains, chains["scenarios"] > 1), led),
        "positive": _known(users["positive"], has("valence")),
        "negative": _known(users["negative"], has("valence")),
        "distinct_scenarios": pl.Series(rows(tables["scenarios"])),
        "distinct_items": _known(rows(tables["items"]), has("items")),
        "distinct_categories": _known(rows(tables["categories"]), has("categories")),
        "switches": _known(users["switches"], clock),
        "top_scenario": _named(statistics.names["scenario"], top),
        "top_scenario_share": _share(top_events, users["events"]),
        "night_share": _share(in_night, with_hour),
    }
    return pl.DataFrame({**columns, **_by_scenario(statistics)})


def chain_table(of: Traces | Statistics, *, jobs: int | None = None) -> pl.DataFrame:
    """One row per conversion with what led to it, by user and time.

    Parameters
    ----------
    of : Traces or Statistics
        A side as read; or its statistics, within whatever window they were made.
    jobs : int, optional
        Number of threads; never changes the result.

    Returns
    -------
    DataFrame
        ``user``, ``time`` (UTC; of a date the start of its day), ``scenario``, ``action``, ``item``, ``category`` of
        the conversion; ``link``: what the events of the path have in common with it, "item", "category", "any" where
        the log knows neither, or "none" where no earlier event has; ``path``, "search>video>shop", runs of one scenario
        collapsed, the conversion's own last, and ``path_scenarios``, the same as a list; ``depth``, runs on the path;
        ``span_days`` from its first event to the conversion; ``distinct_scenarios`` on it; ``cross_scenario``, whether
        more than one. A path reaches back 7 days and breaks at a pause of more than 3; of one with more than 8 runs
        ``path`` tells the last 8, ``depth`` counts all.

        Without a clock nothing is known of time, link and path: null.
    """
    statistics = _statistics(of, jobs)
    names = statistics.names
    timed, untimed = statistics.tables["conversions"], statistics.tables["untimed"]
    order = np.argsort(np.concatenate([timed["user"], untimed["user"]]), kind="stable")
    clock = order < len(timed["user"])

    def column(name: str) -> Ints:
        rest = untimed.get(name, np.full(len(untimed["user"]), -1))
        values: Ints = np.concatenate([timed[name], rest])[order]
        return values

    scenarios = pl.Series(names["scenario"], dtype=pl.String)
    steps = pl.Series([scenarios.gather(path) for path in statistics.steps], dtype=pl.List(pl.String))
    path = column("path")
    return pl.DataFrame(
        {
            "user": pl.Series(statistics.users.tolist(), dtype=pl.String).gather(column("user")),
            "time": _moments(column("time"), clock),
            "scenario": _named(names["scenario"], column("scenario")),
            "action": _named(names["action"], column("action")),
            "item": _named(names["item"], column("item")),
            "category": _named(names["category"], column("category")),
            "link": _named(LINKS, column("level")),
            "path": _named(names["path"], path),
            "path_scenarios": steps.gather(_or_null(path)),
            "depth": _known(column("depth"), clock),
            "span_days": _known(column("span") / _DAY, clock),
            "distinct_scenarios": _known(column("scenarios"), clock),
            "cross_scenario": _known(column("scenarios") > 1, clock),
        }
    )


def write_users(
    logs: str | PathLike[str] | Iterable[str | PathLike[str]],
    output: str | PathLike[str],
    *,
    chains: str | PathLike[str] | None = None,
    mapping: str | None = None,
    side: str | None = None,
    on_bad_row: Literal["error", "drop"] = "error",
    max_bad: float | None = None,
    jobs: int | None = None,
    memory: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Read logs and write their users table, and their chains if need be: all of it or nothing.

    Parameters
    ----------
    logs : path or iterable of paths
        Files, directories or glob patterns.
    output : path
        The users, as .parquet, .csv or .ndjson. A file that is there is replaced.
    chains : path, optional
        The conversions, likewise. A csv has no lists: there the path is text alone.
    mapping, side, on_bad_row, max_bad, jobs, memory, progress
        As in :func:`tracelens.traces.read_traces`.

    Returns
    -------
    dict
        What was read: ``events_in``, ``events_used``, ``dropped`` by reason, ``examples``, ``notes``. What was written:
        ``tables``, for each its ``path``, ``bytes``, ``rows`` and ``columns``; ``users``, ``events``; ``listed`` and
        not done, and of these the ``seen``: records of which nothing was done, which are events all the same;
        ``conversions``, those ``with_path`` and those ``without_clock``; ``scenarios``, and whether each has a column.

    Raises
    ------
    TracelensError
        TL110 for a place that does not fit, TL1xx for the mapping, TL2xx for the data, TL211 where none can be written.
    """
    from tracelens.traces import read_traces

    paths = [fspath(p) for p in ([logs] if isinstance(logs, str | PathLike) else logs)]
    targets = [Path(output), *([] if chains is None else [Path(chains)])]
    forms = [_form(target) for target in targets]
    for target in targets:
        require_free(target, paths)
    if len(targets) == 2 and targets[0].resolve() == targets[1].resolve():
        raise TracelensError.new(110, f"users and chains are both to be {output}", help="give each a file of its own")
    reading: dict[str, Any] = {"mapping": mapping, "side": side, "on_bad_row": on_bad_row, "max_bad": max_bad}
    traces = read_traces(paths, jobs=jobs, memory=memory, progress=progress, **reading)
    statistics = traces.statistics(jobs=jobs)
    frames = [user_table(statistics), *([] if chains is None else [chain_table(statistics)])]
    with ExitStack() as stack:
        places = [stack.enter_context(whole(target)) for target in targets]
        for frame, place, form in zip(frames, places, forms, strict=True):
            _write(frame, place, form)
    levels, users = statistics.tables["conversions"]["level"], statistics.tables["users"]
    events, listed = int(users["events"].sum()), int(users["listed"].sum())
    report = traces.reading()
    return {
        **report,
        "tables": [
            {"path": str(t), "bytes": t.stat().st_size, "rows": f.height, "columns": f.width}
            for t, f in zip(targets, frames, strict=True)
        ],
        "users": len(statistics.users),
        "events": events,
        "listed": listed,
        "seen": events + listed - report["events_used"],
        "conversions": int(users["conversions"].sum()),
        "with_path": int((levels < _UNLINKED).sum()),
        "without_clock": len(statistics.tables["untimed"]["user"]),
        "scenarios": len(statistics.names["scenario"]),
        "scenario_columns": len(statistics.names["scenario"]) <= SCENARIO_COLUMNS,
    }


def _statistics(of: Traces | Statistics, jobs: int | None) -> Statistics:
    return of if isinstance(of, Statistics) else of.statistics(jobs=jobs)


def _form(target: Path) -> Form:
    form = SUFFIXES.get(target.suffix.lower())
    if form is None:
        why = "the end of its name says how a table is written"
        help = f"end it in one of {', '.join(SUFFIXES)}"
        raise TracelensError.new(110, f"{target} does not say its format", notes=(why,), help=help)
    return form


def _known(values: NDArray[Any], known: Mask) -> pl.Series:
    """Values, null where they are not known."""
    series = pl.Series(values)
    return series.zip_with(pl.Series(known), pl.repeat(None, len(series), dtype=series.dtype, eager=True))


def _or_null(codes: Ints) -> pl.Series:
    return _known(codes, codes >= 0)


def _named(names: Iterable[str], codes: Ints) -> pl.Series:
    """Names of codes, null for -1."""
    return pl.Series(names, dtype=pl.String).gather(_or_null(codes))


def _moments(times: Ints, known: Mask) -> pl.Series:
    return _known(times, known).cast(pl.Datetime("us", "UTC"))


def _share(part: NDArray[Any], of: NDArray[Any]) -> pl.Series:
    return _known(part / np.maximum(of, 1), of > 0)


def _spread(values: Ints, user: Ints, size: int) -> Ints:
    spread = np.zeros(size, dtype=np.int64)
    spread[user] = values
    return spread


def _top(table: dict[str, Ints], size: int) -> tuple[Ints, Ints]:
    """The scenario in which each user has most events, -1 for none, and how many: the first by name of equals."""
    order = np.lexsort((table["scenario"], -table["events"], table["user"]))
    user, first = np.unique(table["user"][order], return_index=True)
    best = order[first]
    return _spread(table["scenario"][best] + 1, user, size) - 1, _spread(table["events"][best], user, size)


def _by_scenario(statistics: Statistics) -> dict[str, pl.Series]:
    names, table, size = statistics.names["scenario"], statistics.tables["scenarios"], len(statistics.users)
    if len(names) > SCENARIO_COLUMNS:
        return {}
    counts = np.zeros((len(names), size), dtype=np.int64)
    counts[table["scenario"], table["user"]] = table["events"]
    return {f"events_in_{name}": pl.Series(row) for name, row in zip(names, counts, strict=True)}


def _write(table: pl.DataFrame, place: Path, form: Form) -> None:
    # Opened here: given a path, pyarrow takes away what it fails to write to, be it a device.
    with place.open("wb") as file:
        if form == "parquet":
            import pyarrow.parquet as pq

            pq.write_table(table.to_arrow(compat_level=pl.CompatLevel.oldest()), file, compression="zstd")
            return
        table = table.with_columns(pl.col(pl.Datetime("us", "UTC")).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
        if form == "ndjson":
            table.write_ndjson(file)
        else:
            table.drop(pl.selectors.list()).write_csv(file)
