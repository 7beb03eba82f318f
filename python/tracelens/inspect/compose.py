"""A guess as a commented mapping."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from tracelens.inspect.choice import short
from tracelens.inspect.kinds import DOCUMENTS
from tracelens.inspect.toml import clean, inline, key, written
from tracelens.inspect.vocabulary import plain, role_of, valence_of, words
from tracelens.plural import many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracelens.inspect.choice import Guess
    from tracelens.inspect.doubts import Doubt

WIDTH = 116
_PARTS = (
    "user",
    "time",
    "seq",
    "scenario",
    "action",
    "role",
    "valence",
    "occurred",
    "item",
    "category",
    "value",
    "count",
)
_MOST_NAMES = 60


def compose(guess: Guess, doubts: Sequence[Doubt], *, source: str) -> str:
    """Write a guess as a mapping, with the evidence for each line and what else it could be.

    Parameters
    ----------
    guess : Guess
        What is to be written.
    doubts : sequence of Doubt
        What is unsure, told beside what it is about.
    source : str
        The log, as the user named it.
    """
    kind, rows = guess.kind, len(guess.rows.rows)
    sample = f"{many(rows, 'row')} of {many(kind.files, 'file')}"
    lines = [
        *_comment(f"A guess by `tracelens init {source}` from {sample}: read it, and correct it."),
        *_comment("Lines that begin with ? are unsure. The language: docs/mapping.md."),
        "version = 1",
        f'format = "{kind.format}"',
    ]
    told = {part: [d for d in doubts if d.about == part] for part in dict.fromkeys(d.about for d in doubts)}
    for section in (_files, _delimited, _sqlite, _rows, _event, _melt, _occurred, _roles, _valences, _sides):
        block = list(section(guess, told))
        lines += ["", *block] if block else []
    return "\n".join(lines) + "\n"


def _comment(text: str, mark: str = "#") -> list[str]:
    return [f"{mark} {line}" for line in wrap(clean(text), WIDTH - len(mark) - 1, break_on_hyphens=False)]


def _unsure(told: dict[str, list[Doubt]], part: str, *, of_event: bool = True) -> Iterator[str]:
    """What is unsure about a part; of role, valence and occurred apart what [event] and what their tables would say."""
    for doubt in told.get(part, []):
        if part in ("role", "valence", "occurred") and of_event is not (doubt.instead or "").startswith(f"{part} ="):
            continue
        yield from _comment(f"{doubt.unsure}. What it would change: {doubt.change}.", "# ?")
        if doubt.instead and doubt.instead.startswith(f"{part} ="):
            yield f"# {clean(doubt.instead)}"


def _files(guess: Guess, told: dict[str, list[Doubt]]) -> Iterator[str]:
    yield from _unsure(told, "files")
    if guess.include:
        yield "[files]"
        yield f"include = {inline(list(guess.include))}"


def _delimited(guess: Guess, _: dict[str, list[Doubt]]) -> Iterator[str]:
    kind = guess.kind
    if kind.format != "delimited":
        return
    usual = "\t" if kind.plain_name.lower().endswith(".tsv") else ","
    lines = []
    if kind.separator is not None and kind.separator != usual:
        lines.append('separator = "\\t"' if kind.separator == "\t" else f"separator = {inline(kind.separator)}")
    if kind.header is False:
        lines.append("header = false")
    if lines:
        yield "[delimited]"
        yield from lines


def _sqlite(guess: Guess, _: dict[str, list[Doubt]]) -> Iterator[str]:
    if guess.kind.table is not None:
        yield "[sqlite]"
        yield f"table = {inline(guess.kind.table)}"


def _rows(guess: Guess, told: dict[str, list[Doubt]]) -> Iterator[str]:
    lines = list(_unsure(told, "rows"))
    if guess.rows.levels and guess.kind.format in DOCUMENTS:
        lines.append(f"explode = {inline(list(guess.rows.levels))}")
    if guess.exposure_by_record:
        lines.append('exposure = "record"')
    if guess.keep:
        lines.append(f"keep = {inline(guess.keep[0] if len(guess.keep) == 1 else list(guess.keep))}")
    lines += [f"# {clean(d.instead)}" for d in told.get("rows", []) if d.instead and d.instead.startswith("unique")]
    if lines:
        yield "[rows]"
        yield from lines


def _event(guess: Guess, told: dict[str, list[Doubt]]) -> Iterator[str]:
    yield "[event]"
    for part in (*_PARTS, "text", "record"):
        choice = guess.event.get(part)
        if choice is not None and not choice.guessed:
            yield from _comment(choice.why)
        named = {f"{part} = {written(other.column.field)}" for other in choice.others} if choice is not None else set()
        # What stands below among the others need not stand there twice.
        yield from (line for line in _unsure(told, part) if line.removeprefix("# ") not in named)
        if choice is None:
            continue
        yield f"{part} = {written(choice.field)}"
        for other in choice.others:
            if part != "time":
                yield from _comment(f"{part} = {written(other.column.field)}   # {other.why}")


def _melt(guess: Guess, _: dict[str, list[Doubt]]) -> Iterator[str]:
    if guess.melt is None:
        return
    yield "[melt]"
    for name, field in guess.melt.actions.items():
        yield f"{key(name)} = {written(field)}"
    for column in guess.melt.left:
        yield from _comment(f"{key(column.name)} = {written(column.field)}")


def _occurred(guess: Guess, told: dict[str, list[Doubt]]) -> Iterator[str]:
    if not guess.happened:
        return
    yield "# Listed is not happened: an action happened if any of its flags is true or above 0."
    yield "[occurred]"
    for rule, doubt in zip(guess.happened, told.get("occurred", []), strict=False):
        yield from _comment(doubt.unsure)
        yield f"{key(rule.action)} = {{ true = {inline([short(c.field) for c in rule.flags])} }}"


def _roles(guess: Guess, told: dict[str, list[Doubt]]) -> Iterator[str]:
    if "role" in guess.event:
        return
    named: dict[str, list[str]] = {}
    for action in guess.actions[:_MOST_NAMES]:
        named.setdefault(role_of(action) or "active", []).append(action)
    yield "# By action: what was seen, consumed without deciding, won. All others are active."
    yield from _unsure(told, "role", of_event=False)
    yield "[role]"
    for role in ("exposure", "passive", "conversion"):
        yield f"{role} = {inline(named[role])}" if role in named else f"# {role} = []"
    if named.get("active"):
        yield from _comment(f"active: {', '.join(named['active'])}")


def _valences(guess: Guess, told: dict[str, list[Doubt]]) -> Iterator[str]:
    if "valence" in guess.event:
        return
    kinds = guess.actions[:_MOST_NAMES]
    yield from _unsure(told, "valence", of_event=False)
    yield "[valence]"
    for name, sign in (("positive", 1), ("negative", -1)):
        found = [a for a in kinds if valence_of(a) == sign]
        yield f"{name} = {inline(found)}" if found else f"# {name} = []"


def _sides(guess: Guess, told: dict[str, list[Doubt]]) -> Iterator[str]:
    yield from _unsure(told, "sides")
    if guess.predicted:
        done = {part: guess.event[part].columns[0].field for part in guess.predicted}
        for side, fields in (("real", done), ("sim", {part: c.field for part, c in guess.predicted.items()})):
            yield f"# [sides.{side}]"
            yield f"# event = {inline({part: short(found) for part, found in fields.items()})}"
    column = guess.sides
    if column is None:
        return
    people = [t for t in column.counts if plain(t) in words("values", "humans")]
    for side, values in (("real", people), ("sim", [t for t in column.counts if t not in people])):
        yield f"# [sides.{side}]"
        test = {"is": values} if values else {"not": people}
        yield f"# keep = {inline({**column.field, **test})}"
