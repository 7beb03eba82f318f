"""What is to be compared, in whatever form it is handed over, and how it is read: logs, states, frames."""

import shlex
from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any, Protocol, TypeAlias

from tracelens import _core
from tracelens.errors import TracelensError
from tracelens.profile import Profile
from tracelens.sides import sides_in
from tracelens.states import SUFFIX, State, read_state
from tracelens.traces import Path, Traces, read_traces
from tracelens.window import Align


class ArrowStream(Protocol):
    """A frame, table or reader of any library that speaks the Arrow stream interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


class Lazy(Protocol):
    """A frame that is yet to be computed, as polars has it."""

    def collect(self) -> Any: ...


Source: TypeAlias = Path | Iterable[Path] | Traces | State | ArrowStream | Lazy
"""Paths of logs or of a state, what was read of them, or canonical events as a frame (see `Traces.from_frame`)."""

Mappings: TypeAlias = str | Mapping[str, str] | None

REAL, CONTROL = "real", "control"
PEOPLE = (REAL, CONTROL)
"""Sides that are no simulations."""


def by_name(paths: Iterable[str]) -> dict[str, Source]:
    """Name simulations by the last part of their path; of equal names the later ones get a number."""
    named: dict[str, Source] = {}
    for path in paths:
        name = base = name_of(path)
        number = 2
        while name in named or name in PEOPLE:
            name, number = f"{base}-{number}", number + 1
        named[name] = path
    return named


def name_of(source: Source) -> str:
    """Name a simulation by the last part of its (first) path; what has no path is called sim."""
    first = next(iter(paths_of(source)), "")
    return PurePath(fspath(first)).name or "sim"


def paths_of(source: Source) -> list[Path]:
    """Return the paths that a side is read from; none if it is at hand already."""
    if isinstance(source, str | PathLike):
        return [source]
    return [] if isinstance(source, Traces | State) or _is_frame(source) else [*source]  # type: ignore[misc]


def read_sources(
    sources: Mapping[str, Source],
    mapping: Mappings,
    *,
    profile: Profile,
    on_bad_row: str,
    max_bad: float | None,
    memory: int | None,
    **reading: Any,
) -> dict[str, Traces | State]:
    """Read all sides.

    Parameters
    ----------
    sources : mapping of str to Source
        The sides by name; ``real`` is one of them, ``control`` may be.
    mapping : str or mapping of str to str, optional
        One for all sides or one by side: its name, or ``sim`` for all simulations. A control without a mapping of its
        own has that of the real side.
    profile : Profile
        Is told how long reading took.
    on_bad_row, max_bad
        As in :func:`tracelens.read_traces`.
    memory : int, optional
        Bytes for all sides together.
    **reading
        ``jobs`` and ``progress`` of :func:`tracelens.read_traces`.

    Raises
    ------
    TracelensError
        TL110 for an option that no side could heed, or a path that holds two sides; TL1xx for the mapping, TL2xx for
        the data.
    """
    asked = {"--on-bad-row": on_bad_row if on_bad_row != "error" else None, "--max-bad": max_bad}
    _refuse_without_effect(sources, mapping, [option for option, value in asked.items() if value is not None])
    reading |= {"on_bad_row": on_bad_row, "max_bad": max_bad}
    reading["memory"] = None if memory is None else memory // len(sources)
    sides: dict[str, Traces | State] = {}
    for name, source in sources.items():
        sides[name] = read = _read(name, source, mapping, reading)
        if isinstance(read, Traces) and read is not source and not _is_frame(source):
            for stage, seconds in zip(("read", "scatter"), read.core.seconds, strict=True):
                profile.add(stage, seconds)
    return sides


def refuse_entry_of_states(sources: Mapping[str, Source], align: Align | None) -> None:
    """Refuse to count from each user's own entry where a side has one window for all of its users."""
    states = sorted(name for name, source in sources.items() if _is_state(source))
    if align == "entry" and states:
        message = f"--align entry can have no effect on {', '.join(states)}"
        notes = ("a state has one window for all its users",)
        raise TracelensError.new(110, message, notes=notes, help="compare the logs themselves, or leave it out")


def _refuse_without_effect(sources: Mapping[str, Source], mapping: Mappings, asked: list[str]) -> None:
    """Refuse what can change nothing, for all that it is asked of are states: their logs were read before."""
    states = {name for name, source in sources.items() if _is_state(source)}
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


def _is_state(source: Source) -> bool:
    return isinstance(source, State) or (isinstance(source, str | PathLike) and fspath(source).endswith(SUFFIX))


def _is_frame(source: Source) -> bool:
    return hasattr(source, "__arrow_c_stream__") or _is_lazy(source)


def _is_lazy(source: Source) -> bool:
    return hasattr(source, "collect")


def _read(name: str, source: Source, mapping: Mappings, reading: dict[str, Any]) -> Traces | State:
    """Where one log holds both sides, its mapping calls them real and sim."""
    if isinstance(source, Traces | State):
        return source
    if isinstance(source, str | PathLike) and _is_state(source):
        return read_state(source)
    if _is_frame(source):
        frame: Any = source
        return Traces.from_frame(frame.collect() if _is_lazy(source) else frame, jobs=reading["jobs"])
    paths = paths_of(source)
    for path in paths:
        _refuse_two_sides(fspath(path), _mapping_of(name, mapping))
    # Texts link events by what they are about; a mapping without them costs nothing.
    reading = {**reading, "side": "real" if name in PEOPLE else "sim", "text": True}
    return read_traces(paths, _mapping_of(name, mapping), **reading)


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


def _mapping_of(name: str, mapping: Mappings) -> str | None:
    if mapping is None or isinstance(mapping, str):
        return mapping
    return mapping.get(_key_of(name, mapping))


def _key_of(name: str, mapping: Mapping[str, str]) -> str:
    """Under which key a side's mapping stands: its own, or that of all people, or of all simulations."""
    if name in mapping:
        return name
    return REAL if name in PEOPLE else "sim"
