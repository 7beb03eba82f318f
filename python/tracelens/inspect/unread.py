"""Columns whose values look like what they cannot be read as: a decimal comma, a time in no known format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracelens.inspect.doubts import Doubt
from tracelens.inspect.toml import inline
from tracelens.inspect.vocabulary import SURE, likeness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracelens.inspect.choice import Guess

_COMMA = re.compile(r"[+-]?\d+,\d+")
_WHOLE = re.compile(r"[+-]?\d+")


def unread(guess: Guess) -> Iterator[Doubt]:
    """Doubts about columns that are no part of the event because of how they are written."""
    for column in guess.left():
        if column.numbers is None and column.texts:
            commas = [t for t in column.texts if _COMMA.fullmatch(t)]
            if commas and all(_COMMA.fullmatch(t) or _WHOLE.fullmatch(t) for t in column.texts):
                unsure = f"column {column.label} holds numbers with a comma ({commas[0]}), and was not read as numbers"
                yield Doubt(
                    "value", unsure, "written with a point (3.5) it could be the value, and amounts be compared"
                )
            elif likeness("time", column.name) >= SURE["likely"] and column.clock is None:
                unsure = f"column {column.label} is called like a time and is in no known format: {column.texts[0]}"
                instead = f"time = {inline({**column.field, 'format': ['%Y-%m-%d %H:%M:%S']})}"
                yield Doubt("time", unsure, "with its format it could be the clock: order, rhythm and days", instead)
