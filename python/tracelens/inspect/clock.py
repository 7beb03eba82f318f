"""Times as logs write them: which formats a column is written in, how fine its clock is, and what remains open."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_STAMP = re.compile(
    r"""(?P<week>[A-Z][a-z]{2},?\ )?
    (?: (?P<Y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})
      | (?P<Yc>\d{4})年(?P<mc>\d{1,2})月(?P<dc>\d{1,2})日
      | (?P<one>\d{1,2})(?P<t>[-/.])(?P<two>\d{1,2})(?P=t)(?P<Yl>\d{4}|\d{2})
      | (?P<dn>\d{1,2})(?P<u>[-\ /])(?P<mn>[A-Za-z]{3,9})(?P=u)(?P<Yn>\d{4})
      | (?P<ms>[A-Z][a-z]{2,8})\ (?P<ds>\d{1,2}),\ (?P<Ys>\d{4})
      | (?P<Yk>(?:19|20)\d{2})(?P<mk>[01]\d)(?P<dk>[0-3]\d)
    )
    (?P<between>[T:]|,?\ +)?
    (?: (?P<H>\d{1,2})(?P<Hs>:)(?P<M>\d{2})(?: :(?P<S>\d{2})(?P<f>\.\d+)? )? (?P<half>\ ?[AaPp][Mm])?
      | (?P<Hk>\d{2})(?P<Mk>\d{2})(?P<Sk>\d{2}) )?
    (?P<zone>\ ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?""",
    re.VERBOSE,
)
_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?")
UNITS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
PRECISIONS = ("us", "ms", "s", "min", "day")
"""From the finest to the coarsest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp(), datetime(2080, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Clock:
    """How a column of times is read."""

    formats: tuple[str, ...]
    """As a mapping writes them, the most common first."""
    instants: tuple[datetime | None, ...]
    """One a row; local where no zone is said. None: there is none, or it cannot be read."""
    precision: str
    """How fine the times are: us, ms, s, min or day."""
    declared: str | None
    """The same where the formats alone would say finer."""
    share: float
    """Of the values, how many can be read."""
    says_zone: bool
    """Whether the values are instants (epoch, offsets) rather than what a clock on the wall showed."""
    offset: int | None = None
    """The one offset in minutes that all values have, if it is not 0."""
    order: str | None = None
    """Of day and month in 03/04/2025: ``decided`` by a value such as 25/04/2025, or ``guessed``."""
    witness: str | None = None
    """The value that decided, or one that did not."""
    relative: bool = False
    """Numbers that start near 0: since some beginning, not since 1970."""

    @property
    def astray(self) -> int:
        """Number of times that lie far from our days."""
        far = (t for t in self.instants if t is not None and not 1990 <= t.year < 2080)
        return 0 if self.relative else sum(1 for _ in far)

    @property
    def first(self) -> datetime | None:
        """The earliest."""
        return min((t for t in self.instants if t is not None), default=None)

    @property
    def last(self) -> datetime | None:
        """The latest."""
        return max((t for t in self.instants if t is not None), default=None)

    def zone(self) -> str | None:
        """An IANA zone of the one offset that all values have."""
        if not self.offset or self.offset % 60:
            return None
        hours = self.offset // 60
        return "Asia/Shanghai" if hours == 8 else f"Etc/GMT{-hours:+d}"

    def moved(self, hours: int) -> float:
        """Share of the times that are on another day so many hours later."""
        known = [t for t in self.instants if t is not None]
        return sum((t + timedelta(hours=hours)).date() != t.date() for t in known) / max(len(known), 1)


def read_clock(values: Sequence[object]) -> Clock | None:
    """How a column is read as times; None for one that holds no times.

    Parameters
    ----------
    values : sequence
        One a row; None and empty text where there is none.
    """
    texts = [None if v is None or v == "" or isinstance(v, bool) else str(v).strip() for v in values]
    known = [t for t in texts if t]
    if not known:
        return None
    numbers = [_number(t) for t in known]
    if all(n is not None for n in numbers):
        return _epoch(texts, known) or (_text_clock(texts, known) if len(known[0]) in (8, 14) else None)
    return _text_clock(texts, known)


def read_time_of_day(values: Sequence[object]) -> str | None:
    """The format of a column that holds times of day without a date."""
    found = [_OF_DAY.fullmatch(str(v).strip()) for v in values if v not in (None, "")]
    if not found or not all(found):
        return None
    seconds = {match[3] is not None for match in found if match}
    if len(seconds) > 1:
        return None
    return "%H:%M:%S" if seconds.pop() else "%H:%M"


def _number(text: str) -> float | None:
    try:
        return float(text) if re.fullmatch(r"-?\d+(\.\d+)?(e\+?\d+)?", text) else None
    except ValueError:  # pragma: no cover
        return None


def _epoch(texts: list[str | None], known: list[str]) -> Clock | None:
    numbers = sorted(float(t) for t in known)
    # A few broken times do not make a column another thing.
    cut = len(numbers) // 20 + (len(numbers) >= 10)
    low, high = numbers[cut], numbers[-1 - cut]
    fits = [name for name, unit in UNITS.items() if low / unit >= _EARLIEST and high / unit <= _LATEST]
    relative = not fits and 0 <= low < 10**6 and low < high < 10**8
    if not fits and not relative:
        return None
    name = fits[0] if fits else "epoch_s"
    unit = UNITS[name]
    instants = tuple(_instant(t, unit) for t in texts)
    finest = _decimals(known) if name == "epoch_s" else "ms" if name == "epoch_ms" else "us"
    precision = _fineness(instants, finest)
    return Clock(
        (name,), instants, precision, precision if precision != finest else None, 1.0, says_zone=True, relative=relative
    )


def _instant(text: str | None, unit: int) -> datetime | None:
    """The time of a number, where it is one of our days or near them."""
    seconds = float(text) / unit if text else None
    return None if seconds is None or abs(seconds) > 2 * _LATEST else _EPOCH + timedelta(seconds=seconds)


def _text_clock(texts: list[str | None], known: list[str]) -> Clock | None:
    sample = known[:50]
    if sum(_STAMP.fullmatch(t) is not None for t in sample) < 0.5 * len(sample):
        return None
    order, witness, day_first = _order(known)
    forms: Counter[str] = Counter()
    instants: list[datetime | None] = []
    offsets: set[int | None] = set()
    for text in texts:
        found = None if not text else _read(text, day_first=day_first)
        instants.append(None if found is None else found[1])
        if found is not None:
            forms[found[0]] += 1
            offsets.add(found[2])
    read = sum(t is not None for t in instants)
    if read < 0.5 * len(known):
        return None
    finest = min((_precision(form, known) for form in forms), key=PRECISIONS.index)
    precision = _fineness(instants, finest)
    one = next(iter(offsets)) if len(offsets) == 1 else None
    return Clock(
        tuple(form for form, _ in forms.most_common()),
        tuple(instants),
        precision,
        # A list of formats says by itself that dates without a time of day are days.
        precision if precision != finest else None,
        read / len(known),
        says_zone=None not in offsets,
        offset=one or None,
        order=order,
        witness=witness,
    )


def _order(known: list[str]) -> tuple[str | None, str | None, bool]:
    """Whether days stand before months, who says so, and whether it is certain."""
    pairs = [(int(m["one"]), int(m["two"]), t) for t in known if (m := _STAMP.fullmatch(t)) and m["one"]]
    if not pairs:
        return None, None, True
    for first, second, text in pairs:
        if first > 12 or second > 12:
            return "decided", text, first > 12
    # Dots are written where days come first, am and pm where months do. Else the reading in which the log spans fewer
    # days is the likelier.
    if re.search(r"\d\.\d+\.\d|[AaPp][Mm]$", pairs[0][2]):
        return "guessed", pairs[0][2], pairs[0][2][-1] not in "Mm"
    spans = {}
    for day_first in (True, False):
        times = [found[1] for _, _, text in pairs if (found := _read(text, day_first=day_first))]
        spans[day_first] = (max(times) - min(times)) if times else timedelta.max
    return "guessed", pairs[0][2], spans[True] <= spans[False]


def _read(text: str, *, day_first: bool) -> tuple[str, datetime, int | None] | None:
    """Format, instant (as written, less its offset) and offset in minutes of one time."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    part = match.groupdict()
    year, month, day, date = _date(part, day_first=day_first)
    if not 1 <= month <= 12:
        return None
    clock, hour, minute, second, micro = _time_of_day(part)
    zone, offset = _zone(part["zone"])
    if (clock is None) != (part["between"] is None and part["Hk"] is None) or (zone and clock is None):
        return None
    try:
        instant = datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        return None
    form = (f"%a{part['week'][3:]}" if part["week"] else "") + date + (part["between"] or "") + (clock or "") + zone
    plain_date = part["Y"] is not None and part["s"] == "-" and not part["week"]
    if plain_date and offset is not None and part["S"] and "UTC" not in zone and "GMT" not in zone:
        form = "rfc3339"
    if offset is not None:
        instant -= timedelta(minutes=offset)
    return form, instant.replace(tzinfo=UTC), offset


def _date(part: dict[str, str | None], *, day_first: bool) -> tuple[int, int, int, str]:
    """Year, month, day and format of the date in a time."""
    if part["Y"]:
        names, form = ("Y", "m", "d"), f"%Y{part['s']}%m{part['s']}%d"
    elif part["Yc"]:
        names, form = ("Yc", "mc", "dc"), "%Y年%m月%d日"
    elif part["Yk"]:
        names, form = ("Yk", "mk", "dk"), "%Y%m%d"
    elif part["one"]:
        names = ("Yl", "two", "one") if day_first else ("Yl", "one", "two")
        first, second = ("%d", "%m") if day_first else ("%m", "%d")
        form = part["t"].join((first, second, "%y" if len(part["Yl"] or "") == 2 else "%Y")) if part["t"] else ""
    else:
        named = part["mn"] or part["ms"] or ""
        written = "%b" if len(named) == 3 else "%B"
        if part["mn"]:
            names, form = ("Yn", "mn", "dn"), f"%d{part['u']}{written}{part['u']}%Y"
        else:
            names, form = ("Ys", "ms", "ds"), f"{written} %d, %Y"
    text = [part[name] or "0" for name in names]
    named_month = text[1][:3].lower()
    month = int(text[1]) if text[1].isdigit() else _MONTHS.index(named_month) + 1 if named_month in _MONTHS else 0
    year = int(text[0])
    return year + (2000 if len(text[0]) == 2 else 0), month, int(text[2]), form


def _time_of_day(part: dict[str, str | None]) -> tuple[str | None, int, int, int, int]:
    if part["Hk"]:
        return "%H%M%S", int(part["Hk"]), int(part["Mk"] or 0), int(part["Sk"] or 0), 0
    if part["H"] is None:
        return None, 0, 0, 0, 0
    hour, half = int(part["H"]), (part["half"] or "").strip().lower()
    form = "%I:%M" if half else "%H:%M"
    if part["S"]:
        form += ":%S"
    if part["f"]:
        form += "%.f"
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
        form += f"{' ' if (part['half'] or '')[0] == ' ' else ''}%p"
    micro = int(float(part["f"] or 0) * 1e6)
    return form, hour, int(part["M"] or 0), int(part["S"] or 0), micro


def _zone(text: str | None) -> tuple[str, int | None]:
    """The zone as a format writes it, and its minutes; None where none is said."""
    if text is None:
        return "", None
    space, name = text[: -len(text.strip())], text.strip()
    if name in ("Z", "UTC", "GMT"):
        return space + name, 0
    minutes = (1 if name[0] == "+" else -1) * (int(name[1:3]) * 60 + int(name[-2:]))
    return space + ("%:z" if ":" in name else "%z"), minutes


def _precision(form: str, known: list[str]) -> str:
    """How fine the format alone makes a time."""
    if form == "rfc3339" or "%.f" in form:
        return _decimals(known)
    return "s" if "%S" in form else "min" if "%M" in form else "day"


def _decimals(known: list[str]) -> str:
    """How fine the decimals of seconds are."""
    digits = max(len(match[1]) if (match := re.search(r"\.(\d+)\D*[\d:]*$", t)) else 0 for t in known)
    return "s" if digits == 0 else "ms" if digits <= 3 else "us"


def _fineness(instants: Sequence[datetime | None], finest: str) -> str:
    """The coarsest step that all times are whole numbers of, at least as coarse as the format can say."""
    known = [t for t in instants if t is not None]
    finer = PRECISIONS.index(finest)
    # Few times are round by chance.
    enough, many = len(known) >= 20, len(known) >= 100
    steps: tuple[tuple[str, bool], ...] = (
        ("day", len(known) > 1 and all(t.hour == t.minute == t.second == t.microsecond == 0 for t in known)),
        ("min", many and all(t.second == t.microsecond == 0 for t in known)),
        ("s", enough and all(t.microsecond == 0 for t in known)),
        ("ms", enough and all(t.microsecond % 1000 == 0 for t in known)),
    )
    return next((name for name, fits in steps if fits and PRECISIONS.index(name) > finer), finest)
