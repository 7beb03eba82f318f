"""From logs to a result: windows, rosters, designs, given columns; then one comparison for each simulation."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any, Literal

from tracelens import _core
from tracelens.errors import TracelensError
from tracelens.pairwise import compare_statistics
from tracelens.plural import many
from tracelens.profile import Profile
from tracelens.roster import Roster, read_roster
from tracelens.sides import sides_in
from tracelens.states import SUFFIX, State, read_state
from tracelens.statistics import Statistics
from tracelens.traces import Path, Traces, read_traces
from tracelens.window import Align, Windows, choose_windows

Design = Literal["auto", "paired", "population"]

SHARED_IDS_FOR_PAIRED = 0.9
"""Share of the smaller side's ids that must be in the other side for the two to be the same people."""

LOST = 0.01
"""Share of dropped rows above which a reader of the result is warned."""

REPLAYED = 0.95
"""Share of records, on either side, that are the other side's too: above it the columns were given, not simulated."""


def compare(
    real: Path | Traces | State,
    sim: Path | Traces | State | Mapping[str, Path | Traces | State],
    *,
    mapping: str | Mapping[str, str] | None = None,
    design: Design = "auto",
    align: Align | None = None,
    roster: Path | None = None,
    seed: int = 0,
    jobs: int | None = None,
    on_bad_row: Literal["error", "drop"] = "error",
    max_bad: float | None = None,
    memory: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    profile: Profile | None = None,
) -> dict[str, Any]:
    """Compare simulated behaviour logs with real ones.

    Parameters
    ----------
    real : path, Traces or State
        Logs of real people, or the state that was made of them.
    sim : path, Traces, State, or mapping of str to these
        Logs of one simulation, or of several by name.
    mapping : str or mapping of str to str, optional
        Mapping name or file for all sides, or by side (``"real"``, and ``"sim"`` or the simulation's name).
    design : {"auto", "paired", "population"}
        Whether both sides hold the same users. ``auto``: paired where they share 90 % of the smaller side's ids.
    align : {"calendar", "start", "entry"}, optional
        How the observation windows are laid, see :func:`tracelens.window.choose_windows`.
    roster : path, optional
        Users without events, see :func:`tracelens.roster.read_roster`.
    seed : int
        Seed of all resampling; the same input and seed give the same result to the byte.
    jobs : int, optional
        Threads that read, summarise and compare; all cores if missing. Never changes the result.
    on_bad_row : {"error", "drop"}
        Stop at a row that cannot be read, or count it and go on.
    max_bad : float, optional
        Share of rows in [0, 1] that may be dropped.
    memory : int, optional
        Bytes that may be used, about, by all sides together; events beyond that wait on disk. Never changes the result.
    progress : callable, optional
        Called while a side is read, with its bytes that are done and all there are.
    profile : Profile, optional
        To be told where the time goes.

    Returns
    -------
    dict
        What ``result.json`` holds (see ``result.schema.json``), less ``provenance``.

    Raises
    ------
    TracelensError
        TL1xx for a mistake in the asking, TL2xx in the data, TL301 for sides that cannot be compared.
    """
    sims: Mapping[str, Path | Traces | State]
    sims = sim if isinstance(sim, Mapping) else {"sim" if isinstance(sim, Traces | State) else _name(sim): sim}
    if design not in ("auto", "paired", "population") or seed < 0 or not sims:
        help = "design is auto, paired or population; seed is 0 or more; sim is at least one"
        raise TracelensError.new(
            110, f"cannot compare {many(len(sims), 'simulation')} with {design=}, {seed=}", help=help
        )
    sources = {"real": real, **sims}
    if len(sources) != len(sims) + 1:
        raise TracelensError.new(110, "a simulation cannot be named real", help="rename its directory")
    asked = {"--on-bad-row": on_bad_row if on_bad_row != "error" else None, "--max-bad": max_bad}
    _refuse_without_effect(sources, mapping, align, [option for option, value in asked.items() if value is not None])
    profile = profile or Profile()
    reading: dict[str, Any] = {"on_bad_row": on_bad_row, "max_bad": max_bad, "jobs": jobs, "progress": progress}
    reading["memory"] = None if memory is None else memory // len(sources)
    sides: dict[str, Traces | State] = {}
    for name, source in sources.items():
        if isinstance(source, Traces | State):
            sides[name] = source
            continue
        sides[name] = read = _read_side(name, source, mapping, reading)
        if isinstance(read, Traces):
            for stage, seconds in zip(("read", "scatter"), read.core.seconds, strict=True):
                profile.add(stage, seconds)
    return _compare_sides(sides, design, align, None if roster is None else read_roster(roster), seed, jobs, profile)


def compare_paths(
    real: str, sims: Sequence[str], *, mapping: str | Mapping[str, str] | None = None, **options: Any
) -> dict[str, Any]:
    """Compare as the command line does: simulations are named by the last part of their path."""
    named: dict[str, Path | Traces | State] = {}
    for path in sims:
        name = base = _name(path)
        number = 2
        while name in named or name == "real":
            name, number = f"{base}-{number}", number + 1
        named[name] = path
    return compare(real, named, mapping=mapping, **options)


def _compare_sides(
    sides: dict[str, Traces | State],
    design: Design,
    align: Align | None,
    roster: Roster | None,
    seed: int,
    jobs: int | None,
    profile: Profile,
) -> dict[str, Any]:
    real = sides["real"]
    warnings: list[str] = []
    extents = {n: (t.about["first_day"], t.about["last_day"]) for n, t in sides.items() if t.about["has_clock"]}
    timed = len(extents) == len(sides)
    for why in dict.fromkeys(t.about["why"] for t in sides.values() if t.about["why"]):
        guessed = [name for name, t in sides.items() if t.about["why"] == why]
        mapping = sides[guessed[0]].about["mapping"]
        warnings.append(f"{', '.join(guessed)}: read with the built-in mapping {mapping}, recognised as {why}")
    if timed:
        windows = choose_windows(extents, align=align, entry=roster.entry if roster else None)
        warnings += windows.warnings
        warnings += [
            f"{n}: the mapping declares no zone, days are counted in UTC"
            for n, t in sides.items()
            if not t.about["zone"]
        ]
    else:
        windows = Windows({}, "start")
        without = ", ".join(n for n in sides if n not in extents)
        warnings.append(f"no clock in {without}: nothing that needs the time is compared, and logs are taken whole")
    summaries: dict[str, Statistics] = {}
    for name, traces in sides.items():
        scenario = None if name == "real" else summaries["real"].meta["conversion_scenario"]
        with profile.stage("fold"):
            days = windows.days.get(name)
            summary = traces.statistics(days=days, entry=windows.entry, conversion_scenario=scenario, jobs=jobs)
        if roster is not None:
            summary = summary.with_users(windows.entry or roster.users["real" if name == "real" else "sim"])
        summaries[name] = summary if timed else _without_clock(summary)

    warnings += [said for name in sides for said in _losses(name, sides[name], summaries[name])]
    if states := [name for name, side in sides.items() if isinstance(side, State)]:
        said = "whether columns were copied from the real log cannot be seen from a state"
        warnings.append(f"{', '.join(states)}: {said}")
    comparisons, used = [], set()
    for name in list(sides)[1:]:
        _require_shared_scenario(name, sides)
        chosen = _design(real, sides[name], design)
        used.add(chosen)
        if chosen == "paired":
            warnings += _without_counterpart(real, sides[name], name)
        with profile.stage("match"):
            given = _given(real, sides[name], windows, ("real", name))
        with profile.stage("resample"):
            pair = summaries["real"], summaries[name]
            comparison = compare_statistics(
                *pair, name=name, design=chosen, seed=seed, roster=roster is not None, given=given, jobs=jobs
            )
        comparisons.append(comparison)
    if len(used) > 1:
        warnings.append("the simulations do not all hold the same users: some are compared paired, some as populations")
    return {
        "schema": "tracelens/result/1",
        "seed": seed,
        "design": "paired" if used == {"paired"} else "population",
        "sides": {name: _side(traces, summaries[name]) for name, traces in sides.items()},
        "comparisons": comparisons,
        "warnings": warnings + [f"{n}: {note}" for n, t in sides.items() for note in t.reading()["notes"]],
    }


def _design(real: Traces | State, sim: Traces | State, design: Design) -> Literal["paired", "population"]:
    if design != "auto":
        return design
    a, b = set(real.users), set(sim.users)
    return "paired" if len(a & b) >= SHARED_IDS_FOR_PAIRED * min(len(a), len(b)) else "population"


def _losses(name: str, traces: Traces | State, summary: Statistics) -> list[str]:
    """What of a side was lost on the way, where that is much; nothing left is an error."""
    reading, outside = traces.reading(), int(summary.meta["outside"])
    used = reading["events_used"] - outside
    if used == 0:
        help = "look for stray timestamps, or lay the windows otherwise with --align"
        raise TracelensError.new(301, f"no event of {name} lies inside the observation window", help=help)
    said = []
    if outside > used:
        said.append(
            f"{name}: inside the observation window lie only {used:,} of {many(reading['events_used'], 'event')}; "
            "a few stray timestamps can do that"
        )
    dropped = sum(reading["dropped"].values())
    if dropped > LOST * reading["events_in"]:
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in reading["dropped"].items())
        said.append(f"{name}: dropped {dropped:,} of {many(reading['events_in'], 'row')} ({reasons})")
    return said


def _without_counterpart(real: Traces | State, sim: Traces | State, name: str) -> list[str]:
    here, there = set(real.users), set(sim.users)
    alone = {"real": len(here - there), name: len(there - here)}
    return [
        f"{many(n, 'user')} of {side} without a counterpart, counted on the other side as doing nothing"
        for side, n in alone.items()
        if n
    ]


def _given(real: Traces | State, sim: Traces | State, windows: Windows, names: tuple[str, str]) -> frozenset[str]:
    """Columns that the simulation was handed, seen from the records: a replay copies all of them.

    The match must hold from both sides: a thinned log stands in the real one, yet its volume is its own. Items and
    categories count as handed over only if every record has them alike: the tail is in the last few.
    """
    if isinstance(real, State) or isinstance(sim, State):
        return frozenset()  # it takes the events to see it
    days = (windows.days.get(name) for name in names)
    here, there, alike, with_item, events, others, as_many = real.core.overlap(sim.core, *days)
    given: set[str] = set()
    if here and alike >= REPLAYED * max(here, there):
        given |= {"time", "scenario"}
        if as_many >= REPLAYED * max(events, others):
            given.add("volume")
        if with_item == here == there:
            given |= {"item", "category"}
    return frozenset(given)


def _require_shared_scenario(name: str, sides: dict[str, Traces | State]) -> None:
    seen = {n: sides[n].names("scenario") for n in ("real", name)}
    if not set(seen["real"]) & set(seen[name]):
        notes = tuple(f"{n}: {', '.join(s[:8])}" for n, s in seen.items())
        help = "map the scenarios of both sides to the same names: [map.scenario] in a mapping file"
        raise TracelensError.new(301, f"real and {name} have no scenario in common", notes=notes, help=help)


def _without_clock(summary: Statistics) -> Statistics:
    """Where one side has no clock, the other's is of no use."""
    return Statistics(summary.users, summary.names, summary.tables, {**summary.meta, "has_clock": False, "days": None})


def _side(traces: Traces | State, summary: Statistics) -> dict[str, Any]:
    from datetime import UTC, datetime, timedelta

    reading = traces.reading()
    dropped = dict(reading["dropped"])
    outside = int(summary.meta["outside"])
    if outside:
        dropped["outside the observation window"] = outside
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    def instant(us: int | None) -> str | None:
        return None if us is None else (epoch + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")

    about = traces.about
    return {
        "users": len(summary.users),
        "events_in": reading["events_in"],
        "events_used": reading["events_used"] - outside,
        "dropped": dropped,
        "first": instant(about["first"]),
        "last": instant(about["last"]),
        "mapping": about["mapping"],
        "given": sorted(about["given"]),
    }


def _refuse_without_effect(
    sources: Mapping[str, Path | Traces | State],
    mapping: str | Mapping[str, str] | None,
    align: Align | None,
    asked: list[str],
) -> None:
    """Refuse what can change nothing, for all that it is asked of are states: their logs were read before."""
    states = {name for name, source in sources.items() if _is_state(source)}
    if align == "entry" and states:
        message = f"--align entry can have no effect on {', '.join(sorted(states))}"
        notes = ("a state has one window for all its users",)
        raise TracelensError.new(110, message, notes=notes, help="compare the logs themselves, or leave it out")
    reach = {option: set(sources) for option in asked}
    if isinstance(mapping, str):
        reach[f"--mapping {mapping}"] = set(sources)
    elif mapping is not None:
        for key, named in mapping.items():
            reach[f"--mapping {key}={named}"] = {side for side in sources if _key_of(side, mapping) == key}
    for option, sides in reach.items():
        if sides and sides <= states:
            said = f"{', '.join(sorted(sides))}: {'a state' if len(sides) == 1 else 'states'}"
            raise TracelensError.new(
                110,
                f"{option} can have no effect on {said}",
                notes=("a state holds what was counted when its logs were read, not the logs",),
                help="leave it out, or give it to tracelens sketch and make the state again",
            )


def _is_state(source: Path | Traces | State) -> bool:
    return isinstance(source, State) or (isinstance(source, str | PathLike) and fspath(source).endswith(SUFFIX))


def _read_side(
    name: str, source: Path, mapping: str | Mapping[str, str] | None, reading: dict[str, Any]
) -> Traces | State:
    """Where one log holds both sides, its mapping calls them real and sim."""
    if isinstance(source, str | PathLike) and _is_state(source):
        return read_state(source)
    for path in [source] if isinstance(source, str | PathLike) else source:
        _refuse_two_sides(fspath(path), _mapping_of(name, mapping))
    # Texts link events by what they are about; a mapping without them costs nothing.
    reading = {**reading, "side": "real" if name == "real" else "sim", "text": True}
    return read_traces(source, _mapping_of(name, mapping), **reading)


def _refuse_two_sides(path: str, mapping: str | None) -> None:
    """Refuse a directory of people and their simulation, unless its mapping tells the two apart."""
    found = sides_in(path)
    if not found or _core.EventReader([path], mapping).description()["sides"]:
        return
    real, *sims = (shlex.quote(directory) for directory in found)
    raise TracelensError.new(
        110,
        f"{path} looks like two sides, and would be read as one: {', '.join(found)}",
        help=f"compare them: tracelens compare {real} {' '.join(sims)}; if it is one, name its files by a pattern",
    )


def _mapping_of(name: str, mapping: str | Mapping[str, str] | None) -> str | None:
    if mapping is None or isinstance(mapping, str):
        return mapping
    return mapping.get(_key_of(name, mapping))


def _key_of(name: str, mapping: Mapping[str, str]) -> str:
    """Under which key a side's mapping stands: its own, or that of all simulations."""
    return name if name in mapping or name == "real" else "sim"


def _name(path: Any) -> str:
    first = path if isinstance(path, str | PathLike) else next(iter(path))
    return PurePath(fspath(first)).name or "sim"
