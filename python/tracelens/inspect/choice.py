"""What a guess says so far: for each part of an event where it comes from, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracelens.inspect.clock import Clock
    from tracelens.inspect.column import Column, Field
    from tracelens.inspect.doubts import Doubt
    from tracelens.inspect.flags import Happened, Melt
    from tracelens.inspect.kinds import Kind
    from tracelens.inspect.roles import Candidate
    from tracelens.inspect.rows import Rows


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
    predicted: dict[str, Column] = field(default_factory=dict)
    """Parts of the event of which another column of the same row holds what was predicted."""
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

    def free(self, found: list[Candidate]) -> list[Candidate]:
        """Those of some candidates whose column is no part of the event yet."""
        used = {id(column) for choice in self.event.values() for column in choice.columns}
        return [candidate for candidate in found if id(candidate.column) not in used]

    def left(self) -> list[Column]:
        """Columns that are no part of the event yet."""
        used = {id(column) for choice in self.event.values() for column in choice.columns}
        return [column for column in self.columns if id(column) not in used]


def short(found: Field) -> str | Field:
    """A path alone is written as text."""
    return str(found["path"]) if list(found) == ["path"] else found
