"""tracelens inside polars: three expressions, and logs of any format as a lazy frame."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from os import PathLike, fspath
from pathlib import Path
from typing import Literal, TypeAlias

import polars as pl
from polars.io.plugins import register_io_source
from polars.plugins import register_plugin_function

from tracelens import _core
from tracelens.errors import TracelensError

IntoColumn: TypeAlias = str | pl.Expr | pl.Series

_LIBRARY = Path(_core.__file__)
_MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 10**6,
    "m": 60 * 10**6,
    "h": 3600 * 10**6,
    "d": 86400 * 10**6,
    "w": 7 * 86400 * 10**6,
}


def burstiness(time: IntoColumn) -> pl.Expr:
    """Burstiness of a sequence of times, in the form of Kim and Jo that is fair to short sequences.

    B_n = (sqrt(n + 1) r - sqrt(n - 1)) / ((sqrt(n + 1) - 2) r + sqrt(n - 1)), with r the coefficient of variation
    (standard deviation over mean) of the n gaps.

    Parameters
    ----------
    time : str, Expr or Series
        Datetime column of any unit and zone, in any order. Null times are left out.

    Returns
    -------
    Expr
        One Float64 a group, in [-1, 1]: -1 for a metronome, about 0 for pure chance, 1 for a single burst. Null for
        fewer than two gaps or if all times are the same.

    Raises
    ------
    polars.exceptions.ComputeError
        If the column is not a Datetime.

    References
    ----------
    E.-K. Kim and H.-H. Jo, Phys. Rev. E 94, 032311 (2016).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, timedelta
    >>> from tracelens.polars import burstiness
    >>> minutes = [0, 10, 20, 30, 0, 1, 2, 90]
    >>> events = pl.DataFrame(
    ...     {
    ...         "user": ["clock"] * 4 + ["person"] * 4,
    ...         "time": [datetime(2025, 9, 1) + timedelta(minutes=m) for m in minutes],
    ...     }
    ... )
    >>> events.group_by("user", maintain_order=True).agg(burstiness("time").round(3)).rows()
    [('clock', -1.0), ('person', 0.933)]
    """
    return register_plugin_function(plugin_path=_LIBRARY, function_name="burstiness", args=[time], returns_scalar=True)


def conversion_chains(
    time: IntoColumn, scenario: IntoColumn, conversion: IntoColumn, *, window: str | timedelta = "7d"
) -> pl.Expr:
    """What led to each conversion: the scenarios before it, within a look-back, with repetitions collapsed.

    A chain ends where two events are more than three days apart. Here any event counts as linked to the conversion;
    ``tracelens compare`` links by item or category where the log knows them.

    Parameters
    ----------
    time : str, Expr or Series
        Datetime column of any unit and zone, in any order within the group.
    scenario : str, Expr or Series
        String, Categorical or Enum.
    conversion : str, Expr or Series
        Boolean: which events are conversions. Null counts as false. Rows with a null time or scenario are left out.
    window : str or timedelta
        The look-back: ``"7d"``, ``"36h"``, ``"90m"`` (units w, d, h, m, s, ms, us).

    Returns
    -------
    Expr
        One list a group, with a struct for each conversion in the order of time: ``time`` (Datetime in us), ``depth``
        (UInt32, number of runs of one scenario, the conversion's own included), ``span`` (Duration from the first event
        of the chain), ``scenarios`` (UInt32, number of distinct ones) and ``path`` ("search>video>shop").

    Raises
    ------
    polars.exceptions.ComputeError
        If a column has the wrong type.
    TracelensError
        TL110 if the window is not a length of time.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> from tracelens.polars import conversion_chains
    >>> events = pl.DataFrame(
    ...     {
    ...         "user": ["u1"] * 4,
    ...         "time": [datetime(2025, 9, day) for day in (1, 2, 3, 5)],
    ...         "scenario": ["search", "video", "video", "shop"],
    ...         "action": ["query", "watch", "like", "purchase"],
    ...     }
    ... )
    >>> chains = events.group_by("user").agg(
    ...     chain=conversion_chains("time", "scenario", pl.col("action") == "purchase")
    ... )
    >>> chains.explode("chain").unnest("chain").select("depth", "span", "path").rows()
    [(3, datetime.timedelta(days=4), 'search>video>shop')]
    """
    return register_plugin_function(
        plugin_path=_LIBRARY,
        function_name="conversion_chains",
        args=[time, scenario, conversion],
        kwargs={"look_back": _microseconds(window)},
        returns_scalar=True,
    )


def funnel(
    time: IntoColumn,
    steps: Sequence[IntoColumn],
    *,
    window: str | timedelta = "7d",
    strict_order: bool = False,
    strict_deduplication: bool = False,
    strict_increase: bool = False,
) -> pl.Expr:
    """How far a sequence of events got in a funnel: steps done in their order within a window.

    The level is the length of the longest prefix of the steps for which some chain of events exists whose times never
    fall and whose last is at most a window after its first. Events at one time count in the order of their steps, and
    one event may be several steps at once. As ClickHouse's ``windowFunnel`` counts it.

    Parameters
    ----------
    time : str, Expr or Series
        Datetime column of any unit and zone, in any order. Rows with a null time are left out.
    steps : sequence of str, Expr or Series
        1 to 32 Boolean columns, the first step first: which events are it. Null counts as false.
    window : str or timedelta
        The longest time from the first step to the last, inclusive: ``"7d"``, ``"36h"``, ``"90m"`` (units w, d, h, m,
        s, ms, us).
    strict_order : bool
        Once the first step was done, an event that is no step, or a step too early, ends it all.
    strict_deduplication : bool
        A step done again ends it all; the first may be repeated.
    strict_increase : bool
        A step counts only if it is later than the step before it.

    Returns
    -------
    Expr
        One UInt32 a group: the level reached, 0 if even the first step was not done.

    Raises
    ------
    polars.exceptions.ComputeError
        If a column has the wrong type, or there are no steps or too many.
    TracelensError
        TL110 if the window is not a length of time.

    References
    ----------
    ClickHouse, parametric aggregate function ``windowFunnel``.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> from tracelens.polars import funnel
    >>> events = pl.DataFrame(
    ...     {
    ...         "user": ["u1", "u1", "u1", "u2", "u2"],
    ...         "time": [datetime(2025, 9, day) for day in (1, 2, 3, 1, 20)],
    ...         "action": ["view", "cart", "purchase", "view", "cart"],
    ...     }
    ... )
    >>> steps = [pl.col("action") == step for step in ("view", "cart", "purchase")]
    >>> events.group_by("user", maintain_order=True).agg(level=funnel("time", steps, window="7d")).rows()
    [('u1', 3), ('u2', 1)]
    """
    return register_plugin_function(
        plugin_path=_LIBRARY,
        function_name="funnel",
        args=[time, *steps],
        kwargs={
            "window": _microseconds(window),
            "strict_order": strict_order,
            "strict_deduplication": strict_deduplication,
            "strict_increase": strict_increase,
        },
        returns_scalar=True,
    )


def scan_traces(
    path: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    mapping: str | PathLike[str] | None = None,
    side: str | None = None,
    on_bad_row: Literal["error", "drop"] = "error",
) -> pl.LazyFrame:
    """Logs of any format as a lazy frame of canonical events, read in parallel when the query runs.

    Only the columns that the query needs are made, and reading stops when it has enough rows. Each collect reads
    afresh.

    Parameters
    ----------
    path : path or iterable of paths
        Files, directories or glob patterns.
    mapping : str or path, optional
        Name of a built-in mapping or path of a mapping file. If missing: the ``tracelens.toml`` in the directory or
        the ``LOG.toml`` beside the file, else the built-in mapping that fits.
    side : str, optional
        Which side to read where the mapping says that one log holds several.
    on_bad_row : {"error", "drop"}
        Stop at a row that cannot be read, or leave it out.

    Returns
    -------
    LazyFrame
        Columns user, time, time_precision, seq, scenario, action, role, valence, occurred, item, category, value,
        count, text, record.

    Raises
    ------
    TracelensError
        When the query runs: TL1xx for the mapping, TL2xx for the data.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tracelens.polars import scan_traces
    >>> log = pathlib.Path(tempfile.mkdtemp(), "events.ndjson")
    >>> _ = log.write_text('{"user":"u1","time":"2025-09-01T10:00:00Z","action":"like"}\\n' * 2)
    >>> scan_traces(log, mapping="events").select("user", "action").head(1).collect().rows()
    [('u1', 'like')]
    """
    paths = [fspath(p) for p in ([path] if isinstance(path, str | PathLike) else path)]
    plan = None if mapping is None else fspath(mapping)

    def read(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        # The groups of the reader are the batches: it knows best what it can parse at once.
        columns = _needed(with_columns, predicate)
        for group in _core.EventReader(paths, plan, columns, on_bad_row, side):
            frame = pl.DataFrame(group)
            # A limit that comes with a predicate stood before it in the query. One that stood after it polars keeps.
            if n_rows is not None:
                frame = frame.head(n_rows)
                n_rows -= frame.height
            if predicate is not None:
                frame = frame.filter(predicate)
            yield frame if with_columns is None else frame.select(with_columns)
            if n_rows == 0:
                return

    # Mistakes in the call are told now, not when the query runs.
    schema = pl.DataFrame(_core.ArrowStream.empty()).schema
    _core.EventReader(paths, plan, None, on_bad_row, side)
    return register_io_source(read, schema=schema, validate_schema=True, explain_name="TRACES")


def _needed(with_columns: list[str] | None, predicate: pl.Expr | None) -> list[str] | None:
    """Columns of the output and of the predicate; at least one, since a frame without columns has no height."""
    if with_columns is None:
        return None
    names = [*with_columns, *(predicate.meta.root_names() if predicate is not None else [])]
    return list(dict.fromkeys(names)) or ["record"]


def _microseconds(window: str | timedelta) -> int:
    if isinstance(window, timedelta):
        return window // timedelta(microseconds=1)
    parts = re.findall(r"(\d+)(us|ms|s|m|h|d|w)", window)
    if not parts or "".join(n + unit for n, unit in parts) != window:
        raise TracelensError.new(110, f"window is not a length of time: {window!r}", help='write it like "7d" or "36h"')
    return sum(int(n) * _MICROSECONDS[unit] for n, unit in parts)
