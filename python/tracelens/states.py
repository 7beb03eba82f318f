"""States: the user statistics of a part of one side, small enough to be kept and to be joined with others.

A state knows its users' statistics within one window and nothing of their events. States of other users of the same
side merge into the state that all their logs together would have given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, reduce
from os import fspath
from typing import Any, Literal, NoReturn

import numpy as np
import orjson

from tracelens import _core
from tracelens.align import align_side
from tracelens.atomic import whole
from tracelens.errors import TracelensError
from tracelens.plural import many
from tracelens.statistics import Statistics
from tracelens.traces import Path, Progress, read_traces

FORMAT = "tracelens/state/1"
SUFFIX = ".tls"
NAMES = ("scenario", "action", "item", "category", "path")
LOOK_BACKS = ("look_backs", "first_touches")
EPOCH = date(1970, 1, 1)

ALIKE = {
    "version": "version of tracelens",
    "mapping": "mapping",
    "mapping_hash": "text of the mapping",
    "zone": "zone",
    "exposure_by_record": "meaning of a record",
    "given": "given columns",
    "window": "observation window",
    "conversion_scenario": "conversion scenario",
    "look_backs": "choice of look-backs",
}
"""What states have to have in common to be of one side, in words."""


@dataclass(frozen=True)
class State:
    """Statistics of some users of one side within one window.

    Attributes
    ----------
    summary : Statistics
        With the tables ``spans`` and ``starts`` in place of ``asymmetry``, which depends on all users of the side; with
        ``look_backs`` and ``first_touches`` if they were asked for.
    about : dict
        What the mapping and the events say about them, as in `Traces`.
    window : (int, int), optional
        Local days since 1970-01-01, half open; None without a clock.
    report : dict
        Events in, used and dropped by reason, as `Traces.reading` says them.
    """

    summary: Statistics
    about: dict[str, Any]
    window: tuple[int, int] | None
    report: dict[str, Any]

    @cached_property
    def users(self) -> list[str]:
        """Sorted ids."""
        return [str(user) for user in self.summary.users]

    def names(self, column: str) -> list[str]:
        """Sorted distinct values of ``scenario``, ``action``, ``item`` or ``category``."""
        return self.summary.names[column]

    def reading(self) -> dict[str, Any]:
        """Events in, used and dropped by reason."""
        return self.report

    def statistics(
        self,
        *,
        days: tuple[int, int] | None = None,
        entry: Mapping[str, int] | None = None,
        conversion_scenario: str | None = None,
        jobs: int | None = None,
        look_backs: bool = False,
    ) -> Statistics:
        """Return the statistics, if they are those that are asked for: a state cannot be cut anew.

        Raises
        ------
        TracelensError
            TL301 for another window, windows by entry, another conversion scenario, or look-backs that it has not.
        """
        del jobs
        own = self.summary.meta["conversion_scenario"]
        if entry is not None:
            _refuse("a state has one window for all users", "--align entry needs the logs themselves")
        if days is not None and days != self.window:
            again = f"sketch the logs with --window {span(days)}"
            _refuse(f"a state holds the days {span(self.window)}, but {span(days)} are to be compared", again)
        if conversion_scenario not in (None, own):
            again = f"sketch the logs with --conversion-scenario {conversion_scenario}"
            _refuse(f"a state took {own} for the conversion scenario, the other side {conversion_scenario}", again)
        if look_backs and not _looks_back(self):
            _refuse("a state has no events left to look back to", "sketch the logs with look_backs=True")
        left_out = ("spans", "starts", *(() if look_backs else LOOK_BACKS))
        tables = {name: table for name, table in self.summary.tables.items() if name not in left_out}
        spans, starts = ([*self.summary.tables[name].values()] for name in ("spans", "starts"))
        tables["asymmetry"] = _core.asymmetry(spans, starts)
        return Statistics(self.summary.users, self.summary.names, tables, self.summary.meta)


def sketch(
    logs: Path | Iterable[Path],
    *,
    window: tuple[date, date] | None = None,
    conversion_scenario: str | None = None,
    look_backs: bool = False,
    mapping: str | None = None,
    side: str | None = None,
    on_bad_row: Literal["error", "drop"] = "error",
    max_bad: float | None = None,
    jobs: int | None = None,
    memory: int | None = None,
    progress: Progress | None = None,
) -> State:
    """Summarise logs that hold all events of some users of one side.

    Parameters
    ----------
    logs : path or iterable of paths
    window : (date, date), optional
        First and last local day to be observed, both inside; from the first to the last event if missing. States are
        merged and compared only if they have the same.
    conversion_scenario : str, optional
        Scenario whose runs count as conversions of the linked lead; the one with most conversions if missing.
    look_backs : bool
        Also keep the tables ``look_backs`` and ``first_touches``, as in :meth:`tracelens.Traces.statistics`.
    mapping, side, on_bad_row, max_bad, jobs, memory, progress
        As in :func:`tracelens.read_traces`.

    Raises
    ------
    TracelensError
        TL1xx for the mapping or the window, TL2xx for the data.
    """
    days = None
    if window is not None:
        days = ((window[0] - EPOCH).days, (window[1] - EPOCH).days + 1)
        if days[0] >= days[1]:
            raise TracelensError.new(110, f"a window from {window[0]} to {window[1]} is empty", help="turn it round")
    reading: dict[str, Any] = {"on_bad_row": on_bad_row, "max_bad": max_bad, "side": side, "memory": memory}
    traces = read_traces(logs, mapping, jobs=jobs, progress=progress, **reading)
    about = dict(traces.about)
    if not about["has_clock"]:
        days = None
    elif days is None:
        days = (about["first_day"], about["last_day"] + 1)
    else:
        about["first_day"], about["last_day"] = days[0], days[1] - 1
    if conversion_scenario is not None and conversion_scenario not in (known := traces.names("scenario")):
        help = f"name one of them: {', '.join(known[:8])}"
        raise TracelensError.new(110, f"there is no scenario {conversion_scenario!r} in these logs", help=help)
    wanted: dict[str, Any] = {"conversion_scenario": conversion_scenario, "look_backs": look_backs}
    summary = traces.statistics(days=days, jobs=jobs, starts=True, **wanted)
    if summary.meta["outside"] == len(traces):
        message = f"no event lies inside the window {span(days)}"
        first, last = (EPOCH + timedelta(days=traces.about[key]) for key in ("first_day", "last_day"))
        raise TracelensError.new(301, message, help=f"the logs reach from {first} to {last}")
    del summary.tables["asymmetry"]
    for name, columns in {"spans": ("user", "first", "last"), "starts": ("user", "scenario", "time", "day")}.items():
        summary.tables.setdefault(name, {column: np.zeros(0, dtype=np.int64) for column in columns})
    report = {key: value for key, value in traces.reading().items() if key not in ("files", "skipped")}
    return _with_names(State(summary, about, days, report), summary.names)


def merge(states: Sequence[State]) -> State:
    """Join states of different users of one side; the order does not matter.

    Raises
    ------
    TracelensError
        TL110 for no state at all; TL301 for states with users in common, or that differ in window, mapping, version or
        conversion scenario.
    """
    if not states:
        raise TracelensError.new(110, "no state to be merged", help="name at least one .tls file")
    facts = [_facts(state) for state in states]
    for key, words in ALIKE.items():
        different = sorted({str(fact[key]) for fact in facts})
        if len(different) > 1:
            help = "sketch all parts alike: the same mapping, --window and --conversion-scenario"
            raise TracelensError.new(301, f"states with another {words}: {' and '.join(different[:3])}", help=help)
    users, counts = np.unique(np.concatenate([np.asarray(state.users) for state in states]), return_counts=True)
    if (twice := users[counts > 1]).size:
        some = ", ".join(map(str, twice[:3]))
        help = "each user's events have to be in one state: split the logs by user, or leave a state out"
        raise TracelensError.new(301, f"{many(len(twice), 'user')} in more than one state ({some})", help=help)
    names = {key: sorted(set().union(*(state.summary.names[key] for state in states))) for key in NAMES}
    sides = [align_side(state.summary, users, names) for state in states]
    tables: dict[str, dict[str, Any]] = {}
    for name in sides[0].tables:
        parts = [side.tables[name] for side in sides]
        if name == "users":
            tables[name] = {column: np.sum([part[column] for part in parts], axis=0) for column in parts[0]}
            continue
        joined = {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
        order = np.argsort(joined["user"], kind="stable")
        tables[name] = {column: values[order] for column, values in joined.items()}
    abouts = [state.about for state in states]
    about = dict(abouts[0]) | {
        "first": _extreme(min, [a["first"] for a in abouts]),
        "last": _extreme(max, [a["last"] for a in abouts]),
        "first_day": _extreme(min, [a["first_day"] for a in abouts]),
        "last_day": _extreme(max, [a["last_day"] for a in abouts]),
        "why": min((a["why"] for a in abouts if a["why"]), default=None),
    }
    about |= {key: any(a[key] for a in abouts) for key in about if key.startswith("has_")}
    meta = dict(states[0].summary.meta) | about
    meta["outside"] = sum(state.summary.meta["outside"] for state in states)
    summary = Statistics(users.astype(object), names, tables, meta)
    return State(summary, about, states[0].window, reduce(_add_reports, (state.report for state in states)))


def write_state(state: State, path: Path) -> None:
    """Write a state, whole or not at all, as an Arrow file: a row for each column of each table.

    Raises
    ------
    TracelensError
        TL211 where it cannot be written.
    """
    import pathlib

    import pyarrow as pa

    columns = {f"{t}.{c}": values for t, table in state.summary.tables.items() for c, values in table.items()}
    texts = {f"names.{key}": state.summary.names[key] for key in NAMES} | {"users": state.users}
    rows = [*columns, *texts]
    empty = np.zeros(0, dtype=np.int64)
    table = pa.table(
        {
            "name": rows,
            "integers": _lists(pa, [columns.get(row, empty) for row in rows], pa.int64()),
            "texts": _lists(pa, [texts.get(row, []) for row in rows], pa.string()),
        }
    )
    facts = {
        "format": FORMAT,
        "version": _core.__version__,
        "about": state.about,
        "meta": {key: state.summary.meta[key] for key in ("days", "conversion_scenario", "outside")},
        "window": state.window,
        "report": state.report,
    }
    said = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
    table = table.replace_schema_metadata({"tracelens": said, "sha256": _digest(said, table)})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        whole(pathlib.Path(path)) as beside,
        pa.OSFile(fspath(beside), "wb") as sink,
        pa.ipc.new_file(sink, table.schema, options=options) as writer,
    ):
        writer.write_table(table)


def read_state(path: Path) -> State:
    """Read what `write_state` wrote.

    Raises
    ------
    TracelensError
        TL201 if there is no such file, TL203 if it is none of ours, of another version, or damaged.
    """
    import pyarrow as pa

    try:
        with pa.memory_map(fspath(path)) as source, pa.ipc.open_file(source) as reader:
            table = reader.read_all()
        table.validate(full=True)  # damage may lead anywhere
        metadata = table.schema.metadata or {}
        facts = orjson.loads(metadata[b"tracelens"])
        rows = dict(zip(table["name"].to_pylist(), range(table.num_rows), strict=True))
        integers, texts = table["integers"].combine_chunks(), table["texts"].combine_chunks()
        wrong = facts["format"] != FORMAT or facts["version"] != _core.__version__
    except FileNotFoundError as error:
        raise TracelensError.new(201, f"no such file: {fspath(path)}") from error
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(path, "not a state of tracelens, or cut off") from error
    if _digest(metadata[b"tracelens"], table) != metadata.get(b"sha256"):
        raise _damaged(path, "a damaged state: its contents are not those that were written")
    if wrong:
        raise _damaged(path, f"a state of tracelens {facts['version']}, this is {_core.__version__}")
    tables: dict[str, dict[str, Any]] = {}
    for row, i in rows.items():
        if not row.startswith("names.") and row != "users":
            name, column = row.split(".", 1)
            tables.setdefault(name, {})[column] = integers[i].values.to_numpy(zero_copy_only=False)
    names = {key: texts[rows[f"names.{key}"]].as_py() for key in NAMES}
    users = np.array(texts[rows["users"]].as_py(), dtype=object)
    window = None if facts["window"] is None else (facts["window"][0], facts["window"][1])
    summary = Statistics(users, names, tables, facts["about"] | facts["meta"])
    return State(summary, facts["about"], window, facts["report"])


def _digest(said: bytes, table: Any) -> bytes:
    """Sum up all that a state says: a number that was damaged looks like any other."""
    from hashlib import sha256

    digest = sha256(said)
    digest.update(orjson.dumps(table["name"].to_pylist()))
    for name in ("integers", "texts"):
        lists = table[name].combine_chunks()
        digest.update(lists.offsets.to_numpy().tobytes())
        values = lists.values
        digest.update(values.to_numpy().tobytes() if name == "integers" else orjson.dumps(values.to_pylist()))
    return digest.hexdigest().encode()


def _lists(pa: Any, rows: list[Any], kind: Any) -> Any:
    ends = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    values = [pa.array(row, type=kind) for row in rows]
    return pa.LargeListArray.from_arrays(pa.array(ends), pa.concat_arrays(values))


def _with_names(state: State, names: Mapping[str, list[str]]) -> State:
    """Number the paths by their names: the order in which they were met depends on the other users."""
    summary = state.summary
    common = {key: sorted(set(names[key])) for key in NAMES}
    ids = np.asarray(state.users, dtype=np.str_)
    tables = align_side(summary, ids, common).tables
    return State(Statistics(summary.users, common, tables, summary.meta), state.about, state.window, state.report)


def _facts(state: State) -> dict[str, Any]:
    own = {"version": _core.__version__, "window": span(state.window)}
    own |= {"look_backs": "with them" if _looks_back(state) else "without"}
    return state.about | own | {"conversion_scenario": state.summary.meta["conversion_scenario"]}


def _looks_back(state: State) -> bool:
    return LOOK_BACKS[0] in state.summary.tables


def _add_reports(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    reasons = sorted({*a["dropped"], *b["dropped"]})
    places = {**a["examples"], **b["examples"]}
    return {
        "events_in": a["events_in"] + b["events_in"],
        "events_used": a["events_used"] + b["events_used"],
        "dropped": {reason: a["dropped"].get(reason, 0) + b["dropped"].get(reason, 0) for reason in reasons},
        "examples": {r: sorted([*a["examples"].get(r, []), *b["examples"].get(r, [])])[:3] for r in sorted(places)},
        "notes": sorted({*a["notes"], *b["notes"]}),
    }


def _extreme(pick: Callable[[list[int]], int], values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return pick(known) if known else None


def span(days: tuple[int, int] | None) -> str:
    """Return the first and last day of a window as text."""
    if days is None:
        return "none"
    return f"{EPOCH + timedelta(days=days[0])}..{EPOCH + timedelta(days=days[1] - 1)}"


def _refuse(message: str, help: str) -> NoReturn:
    raise TracelensError.new(301, message, help=help)


def _damaged(path: Path, why: str) -> TracelensError:
    message = f"{why}\n  --> {fspath(path)}"
    return TracelensError.new(203, message, help="write it again with tracelens sketch")
