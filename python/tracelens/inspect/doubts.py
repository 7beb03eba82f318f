"""What a guess is unsure of, and what each uncertainty would change."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from tracelens.inspect.clock import UNITS
from tracelens.inspect.toml import inline, written
from tracelens.inspect.vocabulary import SURE, likeness, plain, role_of, valence_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracelens.inspect.choice import Choice, Guess
    from tracelens.inspect.clock import Clock
    from tracelens.inspect.column import Column
    from tracelens.inspect.kinds import Kind

RATING = r"(?:.*_)?(?:rating|stars|overall|satisfaction|review_score|score)|评分.*|星级.*|满意度.*"
"""Names of columns whose middle is neither good nor bad."""


@dataclass(frozen=True)
class Doubt:
    """One thing that the log does not say for certain."""

    about: str
    """The part of the mapping: an event column, ``rows``, ``role``, ``occurred``, ``sides``, ``files`` and the like."""
    unsure: str
    """What is not known, and what was taken."""
    change: str
    """What it would change if it were otherwise."""
    instead: str | None = None
    """The line of the mapping that would say so."""


def doubts_of(guess: Guess, others: Sequence[Kind] = ()) -> list[Doubt]:
    """Return all uncertainties of a guess; `others` are kinds of files that it leaves out."""
    return [
        *_user(guess),
        *(_time(guess, guess.clock) if guess.clock is not None else _no_clock(guess)),
        *_action(guess),
        *_happened(guess),
        *_names(guess),
        *_rows(guess),
        *_parts(guess),
        *guess.mended,
        *_others(others),
    ]


def _user(guess: Guess) -> Iterator[Doubt]:
    choice = guess.event["user"]
    if not choice.columns:
        yield Doubt(
            "user",
            choice.why,
            "all that is said of people rests on it: diversity, tail and every interval count users",
            'user = "the column that says whose row it is"',
        )
        return
    column = choice.columns[0]
    if likeness("user", column.name) <= SURE["hardly"] and "key" not in column.field:
        unsure = f"no column is clearly the user: {column.label} was taken ({choice.why})"
        yield Doubt("user", unsure, "a person with several of these counts as several people, or several people as one")
    if len(column.texts) >= 20 and column.distinct == len(column.texts) and guess.events < 2 * max(guess.users, 1):
        yield Doubt(
            "user",
            f"every row of the sample has a {column.label} of its own",
            "if it names rows rather than people, every user has one event and nothing can be said of order or rhythm",
        )
    if "strip" in choice.field:
        unsure = f"{column.label} is written {column.examples(1)[0]}, and the .0 is taken off"
        yield Doubt("user", unsure, "with it the ids would not be those of a file that has whole numbers")
    if column.share < 1:
        unsure = f"{100 * (1 - column.share):.0f} % of rows do not say whose they are and are left out"
        yield Doubt("user", unsure, "their events are missing from every count")
    yield from _runner_up("user", choice, "other people: every number about users")


def _runner_up(part: str, choice: Choice, change: str) -> Iterator[Doubt]:
    close = [c for c in choice.others if choice.columns and c.score >= max(0.5, 0.75 * choice.score)][:2]
    for other in close:
        unsure = f"{other.column.label} could be the {part} as well ({other.why}); {choice.columns[0].label} was taken"
        instead = f"{part} = {written(other.column.field)}" if part != "time" else None
        yield Doubt(part, unsure, change, instead)


def _no_clock(guess: Guess) -> Iterator[Doubt]:
    yield Doubt(
        "time",
        "no column looks like a time: events are in the order of files and rows",
        "with one, the clock axis, sessions and chains over days could be compared",
        'time = { path = "...", format = ["%Y-%m-%d %H:%M:%S"], zone = "UTC" }',
    )


def _time(guess: Guess, clock: Clock) -> Iterator[Doubt]:
    choice = guess.event["time"]
    column, form = choice.columns[0], clock.formats[0]
    if clock.relative:
        unsure = f"{column.label} starts near 0: seconds since some beginning, not since 1970"
        yield Doubt("time", unsure, "order and gaps hold; dates, hours of the day and weekdays mean nothing")
    elif form in UNITS:
        yield _unit(column, form)
    if clock.order is not None:
        yield _day_and_month(column, clock)
    yield from _zone(clock)
    days = sum("%H" not in f and "%I" not in f and f not in UNITS and f != "rfc3339" for f in clock.formats)
    if clock.precision == "day":
        yield Doubt(
            "time",
            "dates only, no time of day: the order within a day is unknown",
            "events of one day precede nothing, and hours of the day are not compared",
        )
    elif days:
        unsure = f"some of {column.label} are dates without a time of day ({', '.join(clock.formats)})"
        yield Doubt("time", unsure, "these are known to the day only and precede nothing within it")
    elif clock.declared in ("min", "s", "ms"):
        whole = {"min": "minutes", "s": "seconds", "ms": "milliseconds"}[clock.declared]
        unsure = f"all times of the sample are whole {whole}: the clock is taken to be no finer"
        yield Doubt("time", unsure, f"were it finer, events within {whole[:-1]}s would have an order")
    if clock.astray:
        unsure = f"{clock.astray:,} of {len(clock.instants):,} times of the sample lie before 1990 or after 2080"
        yield Doubt("time", unsure, "they are read as they stand, and stretch the days that are compared")
    if choice.field.get("optional") and column.share * clock.share < 1:
        unsure = f"{100 * (1 - column.share * clock.share):.0f} % of rows of the sample have no time that can be read"
        yield Doubt("time", unsure, "they are kept without a time and left out of order and rhythm")
    yield from _runner_up("time", choice, "when things happened: every number about order, rhythm and days")


def _unit(column: Column, form: str) -> Doubt:
    number = float(column.texts[0])
    told = _instant(number, UNITS[form])
    other = next(name for name in ("epoch_s", "epoch_ms") if name != form)
    unsure = (
        f"{column.label} could be {form} or {other}: {column.texts[0]} is {told} as {form[6:]} "
        f"and {_instant(number, UNITS[other])} as {other[6:]}; {form} was taken"
    )
    return Doubt("time", unsure, "all dates", f'format = ["{other}"]')


def _instant(number: float, unit: int) -> str:
    from datetime import UTC, datetime

    seconds = number / unit
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"the year {1970 + seconds / 31_556_952:,.0f}".replace(",", "")
    return f"{at:%Y-%m-%d}"


def _day_and_month(column: Column, clock: Clock) -> Doubt:
    days_first = clock.formats[0].startswith("%d")
    taken = "day before month" if days_first else "month before day"
    if clock.order == "decided":
        unsure = f"{column.label}: {taken}, as {clock.witness} can only be read so"
        return Doubt("time", unsure, "read the other way, days and months would be swapped and some dates not exist")
    unsure = (
        f"{column.label}: {clock.witness} can begin with the day or the month, and no row decides; {taken} was taken"
    )
    swapped = clock.formats[0].translate(str.maketrans("dm", "md"))
    return Doubt("time", unsure, "days and months would be swapped: other days, other gaps", f'format = ["{swapped}"]')


def _zone(clock: Clock) -> Iterator[Doubt]:
    if clock.precision == "day" or clock.relative or clock.first is None:
        return
    if not clock.says_zone:
        yield Doubt(
            "time",
            "times without zone were read as UTC",
            "hours and days stay as they are written; beside a log in another zone the instants would be off (with "
            "Asia/Shanghai all are 8 hours earlier)",
            'zone = "Asia/Shanghai"',
        )
        return
    if clock.zone() is not None:
        minutes = clock.offset or 0
        unsure = (
            f"all times have the offset {minutes // 60:+03d}:{minutes % 60:02d}: days are counted in {clock.zone()}"
        )
        yield Doubt("time", unsure, "with another zone of this offset summer time would differ", 'zone = "..."')
        return
    yield Doubt(
        "time",
        f"times are instants, and hours and days are counted in UTC{_night(clock)}",
        f"with Asia/Shanghai every hour moves by 8 and days change for {100 * clock.moved(8):.0f} % of events; with "
        f"America/New_York by 4 or 5 and for {100 * clock.moved(-5):.0f} %",
        'zone = "Asia/Shanghai"',
    )


def _night(clock: Clock) -> str:
    """Where people would be asleep if the log were in UTC."""
    hours = Counter((t + timedelta()).hour for t in clock.instants if t is not None)
    total = sum(hours.values())
    quiet = min(range(24), key=lambda h: sum(hours[(h + i) % 24] for i in range(5)))
    few = sum(hours[(quiet + i) % 24] for i in range(5))
    if total < 200 or few > 0.06 * total or max(hours.values()) > 0.5 * total:
        return ""
    # People are quietest from about 2 to 7 in the morning.
    offset = (2 - quiet + 12) % 24 - 12
    return f"; the quietest hours are {quiet:02d} to {(quiet + 5) % 24:02d} UTC, night in a zone near UTC{offset:+d}"


def _action(guess: Guess) -> Iterator[Doubt]:
    if guess.melt is not None:
        left = [c.label for c in guess.melt.left]
        unsure = f"columns of 0 and 1 were taken for actions of their row: {', '.join(guess.melt.actions)}"
        yield Doubt(
            "action",
            unsure,
            "each that is set is one event; all of a row share its record, and a row without any was seen only",
        )
        if left:
            yield Doubt(
                "action",
                f"yes-or-no columns that do not sound like actions: {', '.join(left[:8])}",
                "in [melt] each would be one",
            )
        return
    choice = guess.event["action"]
    if guess.speakers:
        unsure = f"a conversation: only what users say is kept; turns of {', '.join(guess.speakers)} are left out"
        yield Doubt("action", unsure, "without [rows] keep they would count as behaviour of the user")
    elif choice.guessed:
        yield Doubt("action", choice.why, "shares of actions, valence and conversions cannot differ", 'action = "..."')
    kinds = guess.actions
    if kinds and all(re.fullmatch(r"-?\d+|.", a) for a in kinds) and choice.columns:
        unsure = f"{choice.columns[0].label} holds codes: {', '.join(kinds[:8])}; nothing says what they mean"
        change = "named in a map they could be exposures, conversions, positive or negative"
        yield Doubt("action", unsure, change, 'action = { path = "...", map = "action" }')
    if len(kinds) > 60:
        unsure = f"{len(kinds):,} different actions: perhaps names of things rather than of deeds"
        yield Doubt("action", unsure, "with few kinds of actions shares and chains are easier to read")
    yield from _runner_up("action", choice, "what was done: valence, conversions and chains")


def _happened(guess: Guess) -> Iterator[Doubt]:
    for rule in guess.happened:
        names = " and ".join(c.label for c in rule.flags)
        verb = "is" if len(rule.flags) == 1 else "are"
        unsure = f"{names} {verb} false in {100 * rule.share:.0f} % of rows whose action is {rule.action}"
        yield Doubt("occurred", unsure, f"without [occurred] these count as {rule.action}")


def _names(guess: Guess) -> Iterator[Doubt]:
    """What was read off the names of actions."""
    kinds = [a for a in guess.actions if a not in ("unnamed", "exposure")]
    said = guess.melt is not None or bool(guess.event["action"].columns)
    if not kinds or not said or guess.speakers or all(re.fullmatch(r"-?\d+|.", a) for a in kinds):
        return
    exposures, conversions = ([a for a in kinds if role_of(a) == role] for role in ("exposure", "conversion"))
    if exposures:
        change = "as active ones they would count as things done; activity per exposure needs them"
        yield Doubt("role", f"exposures by name: {', '.join(exposures[:8])}", change)
    if conversions:
        change = "chains end in them: others lead elsewhere, and none means no chains"
        yield Doubt("role", f"conversions by name: {', '.join(conversions[:8])}", change)
    else:
        yield Doubt(
            "role",
            "no action sounds like a conversion",
            "with one, chains that lead to it could be compared",
            'conversion = ["..."]',
        )
    negative = [a for a in kinds if valence_of(a) < 0]
    if negative:
        yield Doubt(
            "valence",
            f"negative by name: {', '.join(negative[:8])}",
            "the share of negative actions is the valence axis",
        )
    elif "valence" not in guess.event:
        yield Doubt(
            "valence",
            "no action sounds like dislike",
            "with one, the share of negative actions could be compared",
            'negative = ["..."]',
        )
    unknown = [a for a in kinds if role_of(a) is None and valence_of(a) == 0]
    if unknown and len(unknown) < len(kinds):
        unsure = (
            f"{len(unknown)} of {len(kinds)} names say nothing known and were taken as active: {', '.join(unknown[:6])}"
        )
        yield Doubt("role", unsure, "any of them could be an exposure, passive or a conversion")


def _rows(guess: Guess) -> Iterator[Doubt]:
    if guess.exposure_by_record and guess.melt is None:
        unsure = "each record was taken for one exposure, its actions for what was done about it"
        yield Doubt("rows", unsure, "without it there are no exposures, and activity per exposure cannot be told")
    yield from _twice(guess)
    for part, column in guess.predicted.items():
        unsure = f"{column.label} looks like what was predicted of the {part}, and is not read"
        change = "with [sides.real] and [sides.sim] what was done and what was predicted can be compared"
        yield Doubt("sides", unsure, change)
    if guess.sides is not None:
        said = ", ".join(guess.sides.examples(4))
        unsure = f"{guess.sides.label} tells people from simulations (in the sample: {said}): all are read as one side"
        yield Doubt("sides", unsure, "with [sides.real] and [sides.sim] the file can be compared with itself")


def _twice(guess: Guess) -> Iterator[Doubt]:
    """Rows that are the same in all that they say."""
    if len(guess.rows.levels) > 1 or guess.keep:
        return
    rows = len(guess.rows.rows)
    again = rows - len({orjson.dumps(row.value, default=str) for row in guess.rows.rows})
    if again:
        unsure = f"{again:,} of {rows:,} rows of the sample stand there before, the same in every column"
        event = (guess.event[part].field for part in ("user", "time", "action", "item") if part in guess.event)
        own = [field["path"] for field in event if "path" in field]
        instead = f"unique = {inline(own)}" if own else None
        yield Doubt("rows", unsure, "logged twice they would count once with unique", instead)


def _parts(guess: Guess) -> Iterator[Doubt]:
    if "scenario" not in guess.event:
        yield Doubt(
            "scenario",
            "no column looks like a scenario: all is one",
            "with one, chains between scenarios could be compared",
        )
    else:
        yield from _runner_up("scenario", guess.event["scenario"], "the contexts between which people switch")
    for part, choice in guess.event.items():
        for column in choice.columns:
            if column.list_of is not None:
                unsure = f"{column.list_of} is a list, and only its first element is read as {part}"
                yield Doubt(part, unsure, "with explode each element would be a row of its own")
        if choice.guessed and choice.columns and part in ("item", "category"):
            unsure = f"columns have no names: {choice.columns[0].label} was taken for the {part} ({choice.why})"
            yield Doubt(part, unsure, "what items people share, and how long the tail is")
    if "count" in guess.event:
        unsure = f"{guess.event['count'].columns[0].label} was taken for the number of acts that a row stands for"
        yield Doubt("count", unsure, "without it each row is one act")
    if "valence" not in guess.event:
        yield from _ratings(guess)


def _ratings(guess: Guess) -> Iterator[Doubt]:
    for column in guess.columns:
        numbers = column.numbers or [0.0]
        low, high = min(numbers), max(numbers)
        if re.fullmatch(RATING, plain(column.name)) and 0 <= low < high <= 10 and column.distinct <= 11:
            unsure = f"{column.label} runs from {low:g} to {high:g} and could be a valence"
            change = "ratings below the middle would be negative acts, those above positive ones"
            offset = -(low + high) / 2
            yield Doubt("valence", unsure, change, f"valence = {inline({**column.field, 'offset': offset})}")
            return


def _others(others: Sequence[Kind]) -> Iterator[Doubt]:
    for kind in others[:5]:
        where = f"{kind.path}" + (f", table {kind.table}" if kind.table else "")
        also = f" and {kind.files - 1} more like it" if kind.files > 1 else ""
        names = ", ".join((kind.columns or tuple(_keys(kind)))[:6])
        yield Doubt(
            "files",
            f"not read: {where}{also} ({kind.format}: {names})",
            "a second mapping and [[source]] would read both",
        )


def _keys(kind: Kind) -> list[str]:
    first = kind.documents[0]
    return list(first) if isinstance(first, dict) else []
