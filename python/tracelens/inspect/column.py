"""A column of a sample: the values that one path has in each row, and what they look like."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from tracelens.inspect.clock import Clock, read_clock

PLACEHOLDERS = {"NULL", "null", "\\N", "NaN", "nan", "N/A", "NA", "None", "none", "<NA>"}
"""Texts by which tables say that there is nothing."""

NOT_A_NUMBER = {"NaN", "nan", "null", "NA"}
"""Those that the core knows where it expects a number."""

_FLAGS = {"0", "1", "true", "false", "yes", "no", "t", "f", "y", "n", "0.0", "1.0"}
_FALSE = {"", "0", "0.0", "false", "no", "n", "f"}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_UNIT = re.compile(r"([^\w\s+-]{0,2})\s*([+-]?\d+(?:\.\d+)?)\s*(\D{0,6})")

Field = dict[str, Any]
"""A field as the mapping language has it: ``{"path": "a.b"}``, ``{"key": 0}``, ``{"first": [...]}``."""


@dataclass(frozen=True)
class Column:
    """The values of one field, a row each."""

    field: Field
    """Where a mapping finds it."""
    name: str
    """The part of the path that says what it is."""
    values: tuple[Any, ...]
    """None where there is none."""
    up: int = 0
    """How many levels above the row it stands."""
    list_of: str | None = None
    """The list whose first element alone is seen, where the path goes into one."""

    @property
    def label(self) -> str:
        """What to call it in a report."""
        if "path" in self.field:
            return str(self.field["path"])
        if "column" in self.field:
            return self.name or f"column {self.field['column']}"
        return f"key of level {self.field['key']}" if "key" in self.field else str(self.field)

    @cached_property
    def texts(self) -> list[str]:
        """All values that there are, as the core would take them for text."""
        return [as_text(v) for v in self.values if not is_missing(v)]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value occurs."""
        return Counter(self.texts)

    @property
    def distinct(self) -> int:
        """Number of different values."""
        return len(self.counts)

    @property
    def share(self) -> float:
        """Share of the rows that have a value."""
        return len(self.texts) / max(len(self.values), 1)

    @cached_property
    def placeholders(self) -> set[str]:
        """Texts among the values that stand for nothing."""
        return PLACEHOLDERS & self.counts.keys()

    @cached_property
    def numbers(self) -> list[float] | None:
        """All values as numbers, if they are; placeholders left out."""
        told = [t for t in self.texts if t not in self.placeholders]
        if not told or not all(_NUMBER.fullmatch(t) for t in told) or self.is_truth:
            return None
        return [float(t) for t in told]

    @cached_property
    def unit(self) -> tuple[str, ...]:
        """What stands around every number (``12秒``, ``$4.99``), where something does."""
        if self.numbers is not None or not self.texts:
            return ()
        found = [_UNIT.fullmatch(t) for t in self.texts]
        affixes = {text for match in found if match for text in (match[1], match[3]) if text}
        return tuple(sorted(affixes)) if all(found) and len(affixes) in (1, 2) else ()

    @cached_property
    def is_truth(self) -> bool:
        """Whether the values are written as truths: true and false, not 1 and 0."""
        return bool(self.texts) and all(t.lower() in _FLAGS and not t[0].isdigit() for t in self.texts)

    @cached_property
    def is_flag(self) -> bool:
        """Whether every value is a yes or a no."""
        return bool(self.texts) and all(t.lower() in _FLAGS for t in self.texts)

    @cached_property
    def is_whole(self) -> bool:
        """Whether the values are whole numbers."""
        return self.numbers is not None and all(n.is_integer() for n in self.numbers)

    @cached_property
    def length(self) -> float:
        """Mean number of characters."""
        return sum(map(len, self.texts)) / max(len(self.texts), 1)

    @cached_property
    def runs(self) -> int:
        """Number of runs of one value, down the rows."""
        return sum(1 for _ in groupby(self.texts))

    @cached_property
    def clock(self) -> Clock | None:
        """The values as times, if they are."""
        return None if self.is_truth else read_clock(self.values)

    @property
    def is_dated(self) -> bool:
        """Whether the values are dates, rather than numbers that could count seconds since some beginning."""
        return self.clock is not None and not self.clock.relative

    @cached_property
    def kind(self) -> str:
        """What the values are, in a word or two."""
        if not self.texts:
            return "empty"
        if self.is_truth:
            return "true/false"
        if self.numbers is not None:
            return "0/1" if self.is_flag else "whole number" if self.is_whole else "number"
        return "time" if self.is_dated else "number, unit" if self.unit else "text"

    def examples(self, number: int = 3) -> list[str]:
        """The first different values."""
        return list(self.counts)[:number]

    def truth(self, row: int) -> bool:
        """Whether the value of a row is true, as the core has it."""
        return is_true(self.values[row])


def is_missing(value: Any) -> bool:
    """Whether there is no value."""
    return value is None or value == "" or isinstance(value, (dict, list))


def as_text(value: Any) -> str:
    """A value as the core would take it for text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def is_true(value: Any) -> bool:
    """Whether a flag is set: true, a number above 0, or a text that says so."""
    if is_missing(value):
        return False
    if isinstance(value, bool | int | float):
        return value > 0
    text = value.strip()
    if text.lower() in _FALSE:
        return False
    return float(text) > 0 if _NUMBER.fullmatch(text) else True
