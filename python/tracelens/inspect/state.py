"""What a state says of itself: it is no log, and has no rows that could be looked at."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from tracelens.errors import TracelensError
from tracelens.inspect.toml import clean
from tracelens.plural import many
from tracelens.states import SUFFIX, read_state, span

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "tracelens/inspect-state/1"


def is_state(path: str) -> bool:
    """Whether a path is that of a state, by its name as everywhere."""
    return path.endswith(SUFFIX)


def refuse_state(path: str) -> None:
    """Refuse to look for rows in a state.

    Raises
    ------
    TracelensError
        TL110.
    """
    if is_state(path):
        help = "name the logs that it was made of; tracelens inspect says which users, days and mapping it has"
        raise TracelensError.new(110, f"{path} is a state, not a log: it holds statistics and no events", help=help)


def inspect_state(path: str) -> dict[str, Any]:
    """Return whose statistics a state holds and what has to agree with it, as plain data.

    Raises
    ------
    TracelensError
        TL201, TL203 where it is none.
    """
    state = read_state(path)
    about, report = state.about, state.report
    return {
        "schema": SCHEMA,
        "path": path,
        "users": len(state.users),
        "window": None if state.window is None else span(state.window),
        "mapping": about["mapping"],
        "zone": about["zone"],
        "conversion_scenario": state.summary.meta["conversion_scenario"],
        "events_in": report["events_in"],
        "events_used": report["events_used"],
        "dropped": report["dropped"],
        "outside": state.summary.meta["outside"],
        "notes": report["notes"],
    }


def render_state(found: dict[str, Any]) -> str:
    """Return the same in words."""
    return "\n".join(map(clean, _lines(found))) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    path = shlex.quote(found["path"])
    yield f"{found['path']}: a state, not a log: the statistics of {many(found['users'], 'user')}, and no events"
    yield ""
    yield f"  window    {found['window'] or 'none, as there is no clock'}"
    yield f"  mapping   {found['mapping']}"
    yield f"  zone      {found['zone'] or 'UTC, as the mapping declares none'}"
    yield f"  won in    {found['conversion_scenario'] or 'no scenario: nothing is a conversion'}"
    dropped = "".join(f" + {count:,} dropped ({reason})" for reason, count in found["dropped"].items())
    yield f"  events    {found['events_in']:,} in = {found['events_used']:,} used{dropped or ' + 0 dropped'}"
    if found["outside"]:
        yield f"            {found['outside']:,} of them outside the window"
    yield from (f"            {note}" for note in found["notes"])
    yield ""
    yield f"next: tracelens compare {path} SIM.tls"
    yield "      with logs, or with a state of the same window and conversion scenario"
    yield f"  or: tracelens merge {path} OTHER.tls -o ALL.tls"
    yield "      joins it with states of other users of the same side"
