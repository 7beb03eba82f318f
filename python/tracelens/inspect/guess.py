"""From the columns of a sample to a mapping: each part of an event gets the likeliest column, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tracelens.inspect.clock import read_time_of_day
from tracelens.inspect.flags import find_melt, happened
from tracelens.inspect.paths import columns_of
from tracelens.inspect.roles import ENOUGH, PARTS, Candidate, candidates
from tracelens.inspect.rows import is_conversation
from tracelens.inspect.vocabulary import SURE, likeness, plain, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracelens.inspect.clock import Clock
    from tracelens.inspect.column import Column, Field
    from tracelens.inspect.doubts import Doubt
    from tracelens.inspect.flags import Happened, Melt
    from tracelens.inspect.kinds import Kind
    from tracelens.inspect.rows import Rows

_ALSO = 0.2
"""Score from which a column fills the gaps of another."""

_IN_PATH = r"(?i)\b((?:user|participant|subject|person|student|uid|u|p)[-_]?\d+)"
"""Ids of people in paths of files."""


@dataclass(frozen=True)
class Choice:
    """What one part of an event is read from."""

    field: Field
    why: str
    columns: tuple[Column, ...] = ()
    others: tuple[Candidate, ...] = ()
    """Columns that it could have been."""
    guessed: bool = False
    """Nothing in the log says so: something had to be written."""
    score: float = 0.0
    """How likely it is."""


@dataclass(frozen=True)
class Guess:
    """A mapping in the making, with the evidence for each part."""

    kind: Kind
    rows: Rows
    columns: tuple[Column, ...]
    event: dict[str, Choice] = field(default_factory=dict)
    clock: Clock | None = None
    keep: tuple[Field, ...] = ()
    exposure_by_record: bool = False
    happened: tuple[Happened, ...] = ()
    melt: Melt | None = None
    speakers: tuple[str, ...] = ()
    """Of a conversation: who was left out because they are no users."""
    sides: Column | None = None
    """A column that tells people from their simulations."""
    include: tuple[str, ...] = ()
    """Patterns of the files, where their suffix does not say it."""
    actions: tuple[str, ...] = ()
    """What is done in the log, as far as it was read."""
    mended: tuple[Doubt, ...] = ()
    """What the whole log showed and the sample did not."""
    users: int = 0
    """Users of the whole log, once it was read."""
    events: int = 0
    """Its events."""

    def with_choice(self, part: str, choice: Choice) -> Guess:
        """The same with one part read from elsewhere."""
        return replace(self, event={**self.event, part: choice})


def make_guess(kind: Kind, *, names: Sequence[str] = ()) -> Guess:
    """Guess how files of a kind become events.

    Parameters
    ----------
    kind : Kind
        With the sample.
    names : sequence of str
        Paths of its files as far as they are known: where no column says whose events they are or what was done, the
        names of files may.
    """
    rows = kind.find_rows()
    columns = columns_of(rows, names=kind.columns, numbered=kind.header is False)
    guess = Guess(kind, rows, tuple(columns))
    guess = _conversation(guess)
    guess = replace(guess, sides=_sides(guess.columns))
    found = {part: candidates(part, guess.columns) for part in PARTS}
    guess = _time(guess, found["time"])
    guess = _user(guess, found["user"], names)
    guess = _action(guess, found["action"], names)
    for part in ("scenario", "item", "category", "value", "count", "text", "seq", "valence", "occurred", "role"):
        guess = _optional(guess, part, found[part])
    guess = _length(_nameless(guess))
    guess = _record(guess)
    return _happened(guess)


def _used(guess: Guess) -> set[int]:
    return {id(c) for choice in guess.event.values() for c in choice.columns}


def _conversation(guess: Guess) -> Guess:
    """Of a list of messages keep what users say."""
    for column in guess.columns:
        speaks = column.up == 0 and column.list_of is None and is_conversation(column.counts)
        if not speaks or not any(
            likeness("text", c.name) >= SURE["likely"] or c.name == "value" for c in guess.columns if c.up == 0
        ):
            continue
        speakers = words("values", "speakers")
        users = [t for t in column.counts if t.lower() in speakers]
        others = tuple(t for t in column.counts if t.lower() not in speakers)
        kept = [n for n, v in enumerate(column.values) if v in users]
        if not others:
            return guess
        rows = replace(guess.rows, rows=tuple(guess.rows.rows[n] for n in kept))
        columns = (replace(c, values=tuple(c.values[n] for n in kept)) for c in guess.columns if c is not column)
        keep = ({**column.field, "is": users},)
        return replace(guess, rows=rows, columns=tuple(columns), keep=keep, speakers=others)
    return guess


def _sides(columns: Sequence[Column]) -> Column | None:
    """A column that says of people and simulations, or by its name could."""
    humans, machines = words("values", "humans"), words("values", "machines")
    for column in columns:
        said = {plain(t) for t in column.counts}
        if not said or not said <= humans | machines:
            continue
        if (said & humans and said & machines) or re.fullmatch(
            r"(?:respondent|participant|subject)_?(?:type|kind)|side", plain(column.name)
        ):
            return column
    return None


def _time(guess: Guess, found: list[Candidate]) -> Guess:
    if not found or found[0].score < ENOUGH:
        return guess
    best = found[0]
    column, clock = best.column, best.column.clock
    if clock is None:
        return guess
    if clock.precision == "day":
        for other in guess.columns:
            of_day = read_time_of_day(other.values) if other.up == column.up else None
            if of_day is not None and len(clock.formats) == 1:
                joined = {
                    "join": [_short(column.field), _short(other.field)],
                    "format": [f"{clock.formats[0]} {of_day}"],
                }
                why = f"{best.why}; {other.label} has the time of day"
                values = [
                    None if v is None else f"{v} {w or ''}".strip()
                    for v, w in zip(column.values, other.values, strict=True)
                ]
                whole = replace(column, values=tuple(values)).clock
                choice = Choice(joined, why, (column, other), tuple(found[1:4]))
                return replace(guess, clock=whole or clock).with_choice("time", choice)
    read: Field = {**column.field, "format": list(clock.formats)}
    if (zone := clock.zone()) is not None or not clock.says_zone:
        read["zone"] = zone or "UTC"
    if clock.declared is not None:
        read["precision"] = clock.declared
    if column.share < 1 or clock.share < 1:
        read["optional"] = True
    return replace(guess, clock=clock).with_choice(
        "time", Choice(read, best.why, (column,), tuple(found[1:4]), score=best.score)
    )


def _short(found: Field) -> str | Field:
    """A path alone is written as text."""
    return str(found["path"]) if list(found) == ["path"] else found


def _user(guess: Guess, found: list[Candidate], names: Sequence[str]) -> Guess:
    free = [c for c in found if id(c.column) not in _used(guess)]
    best = free[0] if free else None
    if best is not None and best.score >= 0.25:
        read = dict(best.column.field)
        if best.column.texts and all(re.fullmatch(r"\d+\.0", t) for t in best.column.texts):
            read["strip"] = [".0"]
        guess = guess.with_choice("user", Choice(read, best.why, (best.column,), tuple(free[1:4]), score=best.score))
        if best.column.share < 1:
            # Rows of nobody are no one's events.
            guess = replace(guess, keep=(*guess.keep, {**best.column.field, "present": True}))
        return guess
    file = _of_file(names)
    if guess.speakers and file is None:
        return guess.with_choice("user", _of_conversation(guess, free))
    read = file[0] if file else {"file": "stem"}
    told = file[1] if file else "no column says whose events: each file is taken for one user"
    return guess.with_choice("user", Choice(read, told, (), tuple(free[:3]), guessed=True))


def _of_conversation(guess: Guess, free: list[Candidate]) -> Choice:
    """Where nobody is named, each conversation is taken for one of somebody else."""
    above = [c for c in guess.columns if c.up == 1 and plain(c.name) in ("id", "uuid") and c.share == 1]
    read: Field = above[0].field if above else {"join": [{"file": "path"}, {"index": 0}], "separator": "#"}
    told = "no column says whose events: each conversation is taken for one user"
    return Choice(read, told, (), tuple(free[:3]), guessed=True)


def _of_file(names: Sequence[str]) -> tuple[Field, str] | None:
    """Where in the paths of files ids seem to stand: in a folder or in part of a name, several files a user."""
    found = [match[1] if (match := re.search(_IN_PATH, name)) else "" for name in names]
    if not all(found) or not 1 < len(set(found)) < len(found):
        return None
    return {"file": "path", "pattern": _IN_PATH}, f"no column says whose events, the files do: {found[0]} and the like"


def _action(guess: Guess, found: list[Candidate], names: Sequence[str]) -> Guess:
    free = [c for c in found if id(c.column) not in _used(guess)]
    best = free[0] if free else None
    if guess.speakers:
        intent = next((c for c in free if "intent" in plain(c.column.name)), None)
        if intent is not None:
            read = {**intent.column.field, "default": "user_turn"}
            return guess.with_choice("action", Choice(read, intent.why, (intent.column,), tuple(free[:3])))
        return guess.with_choice(
            "action", Choice({"const": "user_turn"}, "a turn of a conversation", (), tuple(free[:3]))
        )
    if best is None or best.score < 0.6:
        melt = find_melt([c for c in guess.columns if id(c) not in _used(guess)])
        if melt is not None:
            return replace(guess, melt=melt, exposure_by_record=True)
    if best is not None and best.score >= 0.45:
        read = dict(best.column.field)
        if best.column.share < 1:
            read["default"] = "unnamed"
        return guess.with_choice("action", Choice(read, best.why, (best.column,), tuple(free[1:4]), score=best.score))
    read, told = _action_of_files(names) or _what_rows_are(guess)
    return guess.with_choice("action", Choice(read, told, (), tuple(free[:3]), guessed=True))


def _action_of_files(names: Sequence[str]) -> tuple[Field, str] | None:
    """A few files of one kind may be one kind of action each."""
    stems = [re.split(r"[/\\]", name)[-1].split(".")[0] for name in names]
    ends = {re.split(r"[-_]", stem)[-1] for stem in stems}
    if 1 < len(stems) <= 12 and len(ends) == len(stems) and not any(re.search(r"\d{2,}$|^\d+$", e) for e in ends):
        return {
            "file": "stem",
            "pattern": "([^-_]+)$",
        }, f"no column says what was done, the files do: {', '.join(sorted(ends))}"
    return None


def _what_rows_are(guess: Guess) -> tuple[Field, str]:
    """One name for all rows, from what stands in them."""
    names = [plain(c.name) for c in guess.columns]
    kinds = (
        ("answer", r".*(?:question|variable|answer|response_value).*"),
        ("rate", r".*(?:rating|stars|score).*"),
        ("review", r".*review.*"),
        ("search", r"query|search_.*|keyword.*"),
        ("message", r"message|text|content|utterance"),
        ("visit", r"url|page.*|href"),
        ("purchase", r"order_id|invoice.*|unit_price"),
    )
    deed = next((deed for deed, words in kinds if any(re.fullmatch(words, n) for n in names)), "event")
    return {"const": deed}, f'no column says what was done: every row is called "{deed}"'


def _optional(guess: Guess, part: str, found: list[Candidate]) -> Guess:
    used = _used(guess)
    free = [c for c in found if id(c.column) not in used]
    if not free or free[0].score < ENOUGH:
        return guess
    if part == "seq" and guess.clock is not None and guess.clock.precision in ("us", "ms", "s"):
        return guess  # the clock tells the order
    group = [free[0]]
    if part in ("item", "category", "value", "text"):
        group = _fill_gaps(free)
    others = tuple(c for c in free[1:5] if c not in group)
    columns = tuple(c.column for c in group)
    fields = [_number_field(part, c.column) for c in group]
    read: Field = (
        fields[0] if len(fields) == 1 else {"join" if part == "text" else "first": [_short(f) for f in fields]}
    )
    if part in ("value", "count", "valence") and (strip := sorted({s for f in fields for s in f.get("strip", [])})):
        read = {**{k: v for k, v in read.items() if k != "strip"}, "strip": strip}
        if len(fields) > 1:
            read["first"] = [_short({k: v for k, v in f.items() if k != "strip"}) for f in fields]
    why = "; ".join(f"{c.column.label}: {c.why}" if len(group) > 1 else c.why for c in group)
    return guess.with_choice(part, Choice(read, why, columns, others, score=free[0].score))


def _number_field(part: str, column: Column) -> Field:
    """Numbers without their units and without the texts that stand for none."""
    from tracelens.inspect.column import NOT_A_NUMBER

    read = dict(column.field)
    if part in ("value", "count", "seq", "valence"):
        strip = [*column.unit, *sorted(column.placeholders - NOT_A_NUMBER)]
        read |= {"strip": strip} if strip else {}
    return read


def _fill_gaps(free: list[Candidate]) -> list[Candidate]:
    """The best column, and those that have a value where it has none."""
    group = [free[0]]
    covered = {n for n, v in enumerate(free[0].column.values) if v not in (None, "")}
    for candidate in free[1:]:
        rows = {n for n, v in enumerate(candidate.column.values) if v not in (None, "")}
        gain, overlap = len(rows - covered), len(rows & covered)
        if candidate.score >= _ALSO and gain >= 0.03 * len(candidate.column.values) and overlap <= 0.1 * len(rows):
            group.append(candidate)
            covered |= rows
        if len(group) == 4:
            break
    return group


def _nameless(guess: Guess) -> Guess:
    """Without a header: of the ids that are left the one with most values is the item, the next its category."""
    if guess.kind.header is not False or "item" in guess.event:
        return guess
    used = _used(guess)
    ids = [c for c in guess.columns if id(c) not in used and (c.is_whole or c.numbers is None) and c.distinct > 2]
    ids.sort(key=lambda c: -c.distinct)
    for part, column in zip(("item", "category"), ids, strict=False):
        if part == "category" and column.distinct > 0.8 * ids[0].distinct:
            break
        why = f"{column.distinct:,} distinct in {len(column.values):,} rows; by its place and values alone"
        guess = guess.with_choice(part, Choice(dict(column.field), why, (column,), guessed=True))
    return guess


def _length(guess: Guess) -> Guess:
    """How much was said, in a conversation that measures nothing else."""
    said = guess.event.get("text")
    if not guess.speakers or said is None or "value" in guess.event or len(said.columns) != 1:
        return guess
    read = {**said.columns[0].field, "measure": "chars"}
    return guess.with_choice("value", Choice(read, "the number of characters of what was said", said.columns))


def _record(guess: Guess) -> Guess:
    """Rows that share their parent's time were logged together."""
    levels = len(guess.rows.levels)
    if levels < 2:
        return guess
    time = guess.event.get("time")
    if time is None:
        record: Field = {"index": levels - 2}
        return guess.with_choice("record", Choice(record, "there is no clock: rows of one list are one record"))
    up = min((c.up for c in time.columns), default=0)
    if up == 0:
        return guess
    level = levels - 1 - up
    choice = Choice({"index": level}, "rows exploded from one element share its time")
    guess = guess.with_choice("record", choice)
    item = guess.event.get("item")
    seen = item is not None and all(c.up >= up for c in item.columns) and "time" in guess.event
    return replace(guess, exposure_by_record=bool(seen))


def _happened(guess: Guess) -> Guess:
    action = guess.event.get("action")
    if action is None or not action.columns or "occurred" in guess.event:
        return guess
    used = _used(guess)
    rules = happened(action.columns[0], [c for c in guess.columns if id(c) not in used])
    return replace(guess, happened=tuple(rules))
