"""What rows are as a whole: turns of a conversation, two sides in one log, things logged together, things not done."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tracelens.inspect.choice import Choice
from tracelens.inspect.flags import happened
from tracelens.inspect.rows import is_conversation
from tracelens.inspect.vocabulary import SURE, likeness, plain, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracelens.inspect.choice import Guess
    from tracelens.inspect.column import Column, Field

_PREDICTED = ("predicted", "prediction", "pred", "sim", "simulated", "model", "llm", "generated")


def conversation(guess: Guess) -> Guess:
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


def sides(columns: Sequence[Column]) -> Column | None:
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


def predicted(guess: Guess) -> Guess:
    """Columns called like another, but predicted: ``rating`` and ``predicted_rating``."""
    names = {plain(c.name): c for c in guess.left() if c.name}
    found = {}
    for part in ("action", "value", "item", "category", "text", "valence"):
        for column in guess.event[part].columns if part in guess.event else ():
            said = plain(column.name)
            twins = [f"{word}_{said}" for word in _PREDICTED] + [f"{said}_{word}" for word in _PREDICTED]
            if (twin := next((names[t] for t in twins if t in names), None)) is not None:
                found[part] = twin
    return replace(guess, predicted=found)


def record(guess: Guess) -> Guess:
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


def occurred(guess: Guess) -> Guess:
    """Actions that are listed also where they did not happen."""
    action = guess.event.get("action")
    if action is None or not action.columns or "occurred" in guess.event:
        return guess
    rules = happened(action.columns[0], guess.left())
    return replace(guess, happened=tuple(rules))
