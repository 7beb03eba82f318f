"""From the columns of a sample to a mapping: each part of an event gets the likeliest column, or none."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tracelens.inspect.choice import Choice, Guess, short
from tracelens.inspect.clock import read_time_of_day
from tracelens.inspect.flags import find_melt
from tracelens.inspect.layout import conversation, occurred, predicted, record, sides
from tracelens.inspect.parts import length, nameless, optional
from tracelens.inspect.paths import columns_of
from tracelens.inspect.roles import ENOUGH, PARTS, Candidate, candidates
from tracelens.inspect.vocabulary import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracelens.inspect.clock import Clock
    from tracelens.inspect.column import Field
    from tracelens.inspect.kinds import Kind

_IN_PATH = r"(?i)\b((?:user|participant|subject|person|student|uid|u|p)[-_]?\d+)"
"""Ids of people in paths of files."""

_DEEDS, _SURE_OF_DEEDS = 0.45, 0.6
"""Scores from which a column says what was done, and from which it is asked before columns of 0 and 1."""


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
    delimited = kind.format == "delimited"
    columns = columns_of(rows, names=kind.columns, numbered=kind.header is False, delimited=delimited)
    guess = Guess(kind, rows, tuple(columns))
    guess = conversation(guess)
    guess = replace(guess, sides=sides(guess.columns))
    found = {part: candidates(part, guess.columns) for part in PARTS}
    guess = _time(guess, found["time"])
    guess = _user(guess, found["user"], names)
    guess = _action(guess, found["action"], names)
    for part in ("scenario", "item", "category", "value", "count", "text", "seq", "valence", "occurred", "role"):
        guess = optional(guess, part, found[part])
    guess = length(nameless(guess))
    guess = record(guess)
    return occurred(predicted(guess))


def _time(guess: Guess, found: list[Candidate]) -> Guess:
    clock = found[0].column.clock if found and found[0].score >= ENOUGH else None
    if clock is None:
        return guess
    best, others = found[0], tuple(found[1:4])
    column = best.column
    if clock.precision == "day" and (joined := _with_time_of_day(guess, best, clock)) is not None:
        return joined
    read: Field = {**column.field, "format": list(clock.formats)}
    if (zone := clock.zone()) is not None or not clock.says_zone:
        read["zone"] = zone or "UTC"
    if clock.declared is not None:
        read["precision"] = clock.declared
    if column.share < 1 or clock.share < 1:
        read["optional"] = True
    choice = Choice(read, best.why, (column,), others, score=best.score)
    return replace(guess, clock=clock).with_choice("time", choice)


def _with_time_of_day(guess: Guess, best: Candidate, clock: Clock) -> Guess | None:
    """A date, and beside it a column that has the time of day."""
    column = best.column
    for other in guess.columns:
        of_day = read_time_of_day(other.values) if other.up == column.up else None
        if of_day is None or len(clock.formats) > 1:
            continue
        form = f"{clock.formats[0]} {of_day}"
        values = zip(column.values, other.values, strict=True)
        whole = replace(column, values=tuple(f"{day or ''} {time or ''}".strip() for day, time in values)).clock
        read: Field = {"join": [short(column.field), short(other.field)], "format": [form], "zone": "UTC"}
        choice = Choice(read, f"{best.why}; {other.label} has the time of day", (column, other), score=best.score)
        return replace(guess, clock=whole or clock).with_choice("time", choice)
    return None


def _user(guess: Guess, found: list[Candidate], names: Sequence[str]) -> Guess:
    free = guess.free(found)
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
    case = next(
        (c for c in guess.columns if guess.kind.format == "xes" and c.up and plain(c.name) == "concept_name"), None
    )
    if case is not None:
        told = "a case is what a log of processes follows"
        return guess.with_choice("user", Choice(_attribute(guess, case.field), told, (case,)))
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
    free = guess.free(found)
    best = free[0] if free else None
    if guess.speakers:
        return guess.with_choice("action", _turn(free))
    if best is None or best.score < _SURE_OF_DEEDS:
        melt = find_melt(guess.left())
        if melt is not None:
            return replace(guess, melt=melt, exposure_by_record=True)
    if best is not None and best.score >= _DEEDS:
        read = _attribute(guess, best.column.field)
        if best.column.share < 1:
            read["default"] = "unnamed"
        return guess.with_choice("action", Choice(read, best.why, (best.column,), tuple(free[1:4]), score=best.score))
    read, told = _action_of_files(names) or _what_rows_are(guess)
    return guess.with_choice("action", Choice(read, told, (), tuple(free[:3]), guessed=True))


def _attribute(guess: Guess, found: Field) -> Field:
    """An attribute of XES that has attributes of its own holds its value one step further down."""
    if guess.kind.format != "xes":
        return dict(found)
    return {"first": [found["path"], f"{found['path']}.value"]}


def _turn(free: list[Candidate]) -> Choice:
    """What a user does who says something: what was meant, where that is known."""
    others = tuple(free[:3])
    intent = next((c for c in free if "intent" in plain(c.column.name)), None)
    if intent is None:
        return Choice({"const": "user_turn"}, "a turn of a conversation", (), others)
    return Choice({**intent.column.field, "default": "user_turn"}, intent.why, (intent.column,), others)


def _action_of_files(names: Sequence[str]) -> tuple[Field, str] | None:
    """A few files of one kind may be one kind of action each."""
    stems = [re.split(r"[/\\]", name)[-1].split(".")[0] for name in names]
    ends = {re.split(r"[-_]", stem)[-1] for stem in stems}
    numbered = any(re.search(r"\d{2,}$|^\d+$", end) for end in ends)
    if not 1 < len(stems) <= 12 or len(ends) < len(stems) or numbered:
        return None
    told = f"no column says what was done, the files do: {', '.join(sorted(ends))}"
    return {"file": "stem", "pattern": "([^-_]+)$"}, told


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
