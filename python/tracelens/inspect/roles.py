"""Which column could be which part of an event: a score, and the evidence in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tracelens.inspect.vocabulary import SURE, likeness, role_of, valence_of
from tracelens.plural import many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracelens.inspect.column import Column

ENOUGH = 0.34
"""Score from which a column is taken for a part of an event."""

MOST_KINDS = 300
"""Different values above which a column is no list of kinds."""


@dataclass(frozen=True)
class Candidate:
    """A column that could be a part of an event."""

    column: Column
    score: float
    evidence: tuple[str, ...]

    @property
    def why(self) -> str:
        """The evidence in one line."""
        return "; ".join(self.evidence)


def candidates(part: str, columns: Sequence[Column]) -> list[Candidate]:
    """Columns that could be this part of an event, the likeliest first."""
    found = []
    for column in columns:
        if not column.texts:
            continue
        score, evidence = _SCORES[part](column)
        # What stands nearer to the row says more about it.
        score -= 0.1 * column.up if part != "user" else 0.0
        score -= 0.15 if column.list_of is not None else 0.0
        if score > 0:
            told = (_filled(column), *evidence) if column.share < 0.995 else evidence
            found.append(Candidate(column, round(score, 4), tuple(told)))
    return sorted(found, key=lambda c: -c.score)


def _filled(column: Column) -> str:
    return f"filled in {100 * column.share:.0f} % of rows"


def _distinct(column: Column) -> str:
    return f"{column.distinct:,} distinct in {many(len(column.values), 'row')}"


def _named(part: str, column: Column) -> tuple[float, list[str]]:
    name = likeness(part, column.name)
    return name, [f"the name says {part}"] if name >= SURE["likely"] else [
        f"the name could mean {part}"
    ] if name else []


def _user(column: Column) -> tuple[float, list[str]]:
    key = "key" in column.field
    name, evidence = _named("user", column)
    if column.is_truth or column.length > (200 if name else 64) or (column.is_dated and column.numbers is None):
        return 0.0, []
    # Ids are whole numbers, unless their column says that they are ids: 12.1600000000 in web analytics.
    if column.numbers is not None and not column.is_whole and name < SURE["likely"]:
        return 0.0, []
    told = [_distinct(column), *evidence]
    rows = len(column.texts)
    if key:
        return 0.75, [*told, "keys of a map"]
    if 1 < column.distinct < rows / 2 and column.runs <= 1.2 * column.distinct:
        told.append("constant in runs")
    if name:
        # An id that no two rows share is rather that of a row.
        unique = rows >= 20 and column.distinct == rows
        return max(name * column.share - 0.2 * unique, 0.05), told
    shaped = (
        (5 <= column.distinct <= rows / 2 or not column.name)
        and column.up == 0
        and not _speaks(column)
        and not column.is_dated
    )
    if shaped and (column.name == "" or column.runs <= 1.2 * column.distinct or column.name.lower().endswith("id")):
        return 0.35 * column.share, [*told, "ids that come back"]
    return 0.0, told


def _time(column: Column) -> tuple[float, list[str]]:
    clock = column.clock
    if clock is None or clock.first is None or clock.last is None:
        return 0.0, []
    name, evidence = _named("time", column)
    ordered = _in_order(column)
    number = clock.formats[0].startswith("epoch") or column.is_whole
    if clock.relative and name < SURE["likely"]:
        return 0.0, []
    if number and not name and column.name and not (ordered and column.distinct > 10):
        return 0.0, []
    span = f"{clock.first:%Y-%m-%d} to {clock.last:%Y-%m-%d}"
    told = [f"{', '.join(clock.formats)}: {span}", *evidence, *(["never goes back"] if ordered else [])]
    # Numbers could count anything, unless there are no names at all and these are dates of our days.
    score = (0.25 if number and column.name else 0.45) + 0.45 * name + (0.1 if ordered and column.distinct > 2 else 0.0)
    score += 0.05 * ("day", "min", "s", "ms", "us").index(clock.precision) ** 0.5
    return score * clock.share * (0.4 + 0.6 * column.share), told


def _in_order(column: Column) -> bool:
    times = [t for t in column.clock.instants if t is not None] if column.clock is not None else []
    return len(times) > 2 and all(a <= b for a, b in pairwise(times))


def _action(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("action", column)
    if not _is_kinds(column, named=name >= SURE["likely"]):
        return 0.0, []
    deeds = sum(n for t, n in column.counts.items() if role_of(t) or valence_of(t)) / len(column.texts)
    told = [_distinct(column), *evidence]
    if deeds > 0.2:
        known = [t for t in column.counts if role_of(t) or valence_of(t)][:3]
        told.append(f"values such as {', '.join(known)} say what was done")
    score = name + (0.4 * deeds if name else 0.55 * deeds)
    if column.distinct == 1 and len(column.texts) > 5 and deeds < 1:
        score -= 0.4
    if column.numbers is not None and name < SURE["likely"]:
        score -= 0.5
    return score * (0.3 + 0.7 * column.share), told


def _is_kinds(column: Column, *, named: bool = False) -> bool:
    """Whether a column says of which kind: few different short values, each again and again.

    A name that says so is believed as long as a short sample does not contradict it.
    """
    rows = len(column.texts)
    few = column.distinct <= min(MOST_KINDS, max(50 if named else 12, rows / 3))
    small = column.numbers is None or (column.is_whole and column.distinct <= 30)
    return few and small and column.length <= 40 and not column.is_dated and not column.is_truth


def _speaks(column: Column) -> bool:
    return any(role_of(t) or valence_of(t) for t in column.counts)


def _scenario(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("scenario", column)
    if not name or not _is_kinds(column) or (column.numbers is not None and name < SURE["sure"]):
        return 0.0, []
    told = [_distinct(column), *evidence]
    score = name * (0.5 + 0.5 * column.share)
    # One value in all rows separates nothing.
    return score - (0.45 if column.distinct == 1 and len(column.texts) >= 20 else 0.0), told


def _item(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("item", column)
    if not name or column.is_truth or (column.numbers is not None and not column.is_whole) or column.length > 300:
        return 0.0, []
    # Two things alone are rather two kinds of things.
    if column.distinct <= 2 and len(column.texts) > 20:
        name -= 0.3
    return name * (0.75 + 0.25 * column.share), [_distinct(column), *evidence]


def _category(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("category", column)
    few = column.distinct <= max(20, len(column.texts) * 0.8)
    if not name or not few or column.is_truth or (column.numbers is not None and not column.is_whole):
        return 0.0, []
    return name * (0.75 + 0.25 * column.share), [_distinct(column), *evidence]


def _value(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("value", column)
    if not name or (column.numbers is None and not column.unit) or column.is_flag:
        return 0.0, []
    told = list(evidence)
    if column.numbers is not None:
        told.insert(0, f"numbers from {min(column.numbers):g} to {max(column.numbers):g}")
    else:
        told.insert(0, f"numbers with {' and '.join(repr(u) for u in column.unit)}")
    if column.distinct == 1 and len(column.texts) > 20:
        name -= 0.3
    return name * (0.75 + 0.25 * column.share), told


def _count(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("count", column)
    whole = column.is_whole and column.numbers is not None and min(column.numbers) >= 0
    return (name if whole else 0.0), [*evidence, *([f"up to {max(column.numbers):g}"] if column.numbers else [])]


def _text(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("text", column)
    if not name or column.numbers is not None or column.is_truth or column.is_dated:
        return 0.0, []
    told = [f"{column.length:.0f} characters on average", *evidence]
    # Names of kinds are short and come back.
    return (name if column.length >= 4 and column.distinct > 1 else name / 2) * (0.75 + 0.25 * column.share), told


def _seq(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("seq", column)
    whole = column.is_whole and column.numbers is not None and min(column.numbers) >= 0 and max(column.numbers) < 2**32
    if not name or not whole or column.up:
        return 0.0, []
    return name * column.share, [f"whole numbers, {_distinct(column)}", *evidence]


def _valence(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("valence", column)
    signed = column.numbers is not None and min(column.numbers) < 0
    return (name if signed else 0.0), [*evidence, "numbers on both sides of 0"]


def _occurred(column: Column) -> tuple[float, list[str]]:
    name, evidence = _named("occurred", column)
    return (name if column.is_flag else 0.0), [*evidence, "yes or no"]


def _role(column: Column) -> tuple[float, list[str]]:
    roles = {"exposure", "passive", "active", "conversion"}
    fits = likeness("role", column.name) > 0 and column.counts.keys() <= roles
    return (1.0 if fits else 0.0), ["its values are the four roles"]


_SCORES: dict[str, Callable[[Column], tuple[float, list[str]]]] = {
    "user": _user,
    "time": _time,
    "action": _action,
    "scenario": _scenario,
    "item": _item,
    "category": _category,
    "value": _value,
    "count": _count,
    "text": _text,
    "seq": _seq,
    "valence": _valence,
    "occurred": _occurred,
    "role": _role,
}
PARTS = tuple(_SCORES)
"""The parts of an event that are looked for."""
