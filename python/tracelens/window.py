"""One observation window of the same length for all sides: never from the first to the last event of a user."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from tracelens.errors import TracelensError
from tracelens.plural import many

Align = Literal["calendar", "start", "entry"]

OVERLAP_FOR_CALENDAR = 0.8
"""Share of the longest log that all logs must have in common to be compared day by day."""


@dataclass(frozen=True)
class Windows:
    """Observation windows in local days since 1970-01-01, half open.

    Attributes
    ----------
    days : dict of (int, int)
        Side name -> window.
    entry : dict of int, optional
        User -> first day, in place of that of ``days``.
    align : {"calendar", "start", "entry"}
        How the windows were laid.
    warnings : list of str
        What the reader of the result has to know about them.
    """

    days: dict[str, tuple[int, int]]
    align: Align
    entry: dict[str, int] | None = None
    warnings: list[str] = field(default_factory=list)


def choose_windows(
    extents: Mapping[str, tuple[int, int]], *, align: Align | None = None, entry: Mapping[str, int] | None = None
) -> Windows:
    """Lay windows of one length over all sides.

    Parameters
    ----------
    extents : mapping of str to (int, int)
        Side name -> first and last local day with an event, both inside.
    align : {"calendar", "start", "entry"}, optional
        ``calendar`` clips all sides to the days they share; ``start`` counts from each side's own first day, clipped
        to the shortest; ``entry`` gives each user the same number of days from a roster's entry date. If missing:
        ``calendar`` where the sides share at least 80 % of the longest, else ``start``.
    entry : mapping of str to int, optional
        User -> local day of entry, for ``align="entry"``.

    Raises
    ------
    TracelensError
        TL110 for ``entry`` without entry dates, TL301 where the sides share no day but ``calendar`` was asked for.
    """
    first = max(a for a, _ in extents.values())
    last = min(b for _, b in extents.values())
    lengths = {name: b - a + 1 for name, (a, b) in extents.items()}
    shortest, longest = min(lengths.values()), max(lengths.values())
    common = last - first + 1
    if align is None:
        align = "calendar" if common >= OVERLAP_FOR_CALENDAR * longest else "start"
        if align == "start":
            spans = "; ".join(f"{name} {_span(*e)}" for name, e in extents.items())
            said = (
                f"the logs cover other days ({spans}): each is counted from its own first day, {many(shortest, 'day')}"
            )
            return Windows({n: (a, a + shortest) for n, (a, _) in extents.items()}, "start", warnings=[said])
    if align == "calendar":
        if common < 1:
            notes = tuple(f"{name}: {_span(*e)}" for name, e in extents.items())
            help = "use --align start to count from each side's own first day"
            raise TracelensError.new(301, "the logs have no day in common", notes=notes, help=help)
        clipped = [f"only the days that all logs share are compared, {many(common, 'day')}"] if common < longest else []
        return Windows(dict.fromkeys(extents, (first, last + 1)), "calendar", warnings=clipped)
    if align == "start":
        said = f"each log is counted from its own first day, {many(shortest, 'day')}"
        return Windows({n: (a, a + shortest) for n, (a, _) in extents.items()}, "start", warnings=[said])
    if not entry:
        help = "give a roster file with the columns user and entry (a date): --roster roster.csv"
        raise TracelensError.new(110, "--align entry needs the date on which each user entered", help=help)
    return _entry_windows(extents, entry, max(1, shortest // 2))


def _entry_windows(extents: Mapping[str, tuple[int, int]], entry: Mapping[str, int], length: int) -> Windows:
    end = min(b for _, b in extents.values()) + 1
    kept = {user: day for user, day in entry.items() if day + length <= end}
    said = f"each user is observed for the first {many(length, 'day')} after entry"
    if late := len(entry) - len(kept):
        said += f"; left out: {many(late, 'user')} who entered less than {many(length, 'day')} before the end"
    if not kept:
        raise TracelensError.new(301, f"nobody entered at least {many(length, 'day')} before the end of the logs")
    return Windows({name: (a, a + length) for name, (a, _) in extents.items()}, "entry", kept, [said])


def _span(first: int, last: int) -> str:
    epoch = date(1970, 1, 1)
    return f"{epoch + timedelta(days=first)} to {epoch + timedelta(days=last)}"
