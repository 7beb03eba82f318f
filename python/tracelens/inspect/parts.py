"""The parts of an event that it can do without: scenario, item, category, value and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracelens.inspect.choice import Choice, short
from tracelens.inspect.column import NOT_A_NUMBER
from tracelens.inspect.roles import ENOUGH
from tracelens.plural import many

if TYPE_CHECKING:
    from tracelens.inspect.choice import Guess
    from tracelens.inspect.column import Column, Field
    from tracelens.inspect.roles import Candidate

_ALSO = 0.2
"""Score from which a column fills the gaps of another."""


def optional(guess: Guess, part: str, found: list[Candidate]) -> Guess:
    """Choose what a part is read from, if any column is likely enough."""
    free = guess.free(found)
    if not free or free[0].score < ENOUGH or (part == "seq" and not _orders(guess, free[0].column)):
        return guess
    group = _fill_gaps(free) if part in ("item", "category", "value", "text") else free[:1]
    fields = [_field(part, candidate.column) for candidate in group]
    if len(group) == 1:
        read, why = fields[0], group[0].why
    else:
        read = {"join" if part == "text" else "first": [short(field) for field in fields]}
        why = "; ".join(f"{candidate.column.label}: {candidate.why}" for candidate in group)
    columns = tuple(candidate.column for candidate in group)
    others = tuple(candidate for candidate in free[1:5] if candidate not in group)
    return guess.with_choice(part, Choice(read, why, columns, others, score=free[0].score))


def _orders(guess: Guess, column: Column) -> bool:
    """Whether numbers tell an order that the clock does not: they hardly ever fall within a user."""
    if guess.clock is not None and guess.clock.precision in ("us", "ms", "s"):
        return False
    users = guess.event["user"].columns
    last: dict[object, float] = {}
    falls = 0
    for user, value in zip(users[0].values if users else column.values, column.values, strict=True):
        owner = user if users else None
        falls += float(value or 0) < last.get(owner, 0.0)
        last[owner] = float(value or 0)
    return falls <= 0.05 * len(column.values)


def _field(part: str, column: Column) -> Field:
    """Numbers come without their units, and without the texts that stand for none."""
    strip = [*column.unit, *sorted(column.placeholders - NOT_A_NUMBER)]
    numeric = part in ("value", "count", "seq", "valence")
    return {**column.field, "strip": strip} if strip and numeric else dict(column.field)


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


def nameless(guess: Guess) -> Guess:
    """Without a header: of the ids that are left the one with most values is the item, the next its category."""
    if guess.kind.header is not False or "item" in guess.event:
        return guess
    ids = [c for c in guess.left() if (c.is_whole or c.numbers is None) and c.distinct > 2]
    ids.sort(key=lambda c: -c.distinct)
    for part, column in zip(("item", "category"), ids, strict=False):
        if part == "category" and column.distinct > 0.8 * ids[0].distinct:
            break
        why = f"{column.distinct:,} distinct in {many(len(column.values), 'row')}; by its place and values alone"
        guess = guess.with_choice(part, Choice(dict(column.field), why, (column,), guessed=True))
    return guess


def length(guess: Guess) -> Guess:
    """How much was said, in a conversation that measures nothing else."""
    said = guess.event.get("text")
    if not guess.speakers or said is None or "value" in guess.event or len(said.columns) != 1:
        return guess
    read = {**said.columns[0].field, "measure": "chars"}
    return guess.with_choice("value", Choice(read, "the number of characters of what was said", said.columns))
