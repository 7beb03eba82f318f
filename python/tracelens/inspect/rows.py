"""From documents to rows: which lists and maps in them hold the events."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tracelens.inspect.column import as_text, is_missing
from tracelens.inspect.vocabulary import is_list_of_deeds, likeness, plain, role_of, valence_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_ROWS = 5_000
_DEEP = 4
_CONVERSATION = 1.5
"""How much a list of messages looks like events: more than any other."""


@dataclass(frozen=True)
class Row:
    """An element that explode finds, and where it was found."""

    value: Any
    above: Row | None = None
    key: str | None = None
    index: int | None = None


@dataclass(frozen=True)
class Rows:
    """The rows of a sample and how a mapping finds them."""

    levels: tuple[str, ...]
    """As in ``[rows] explode``; empty for tables and for one row a document."""
    rows: tuple[Row, ...]
    keys: tuple[int, ...] = ()
    """Levels that are maps of ids."""
    taken: tuple[str | None, ...] = ()
    """Of each level the path inside the element above that it takes."""


def find_rows(documents: Sequence[Any], *, whole: bool = True) -> Rows:
    """Find the rows of documents: the elements of the deepest list that says what was done.

    Parameters
    ----------
    documents : sequence
        Parsed JSON.
    whole : bool
        Each is a whole file, rather than a line or a row of one.
    """
    roots = [Row(d) for d in documents]
    start = Rows(("$",), tuple(roots), (), (None,))
    if all(isinstance(d, list) for d in documents):
        start = Rows(("$[*]",), _children(roots, (), "[*]"), (), ("",))
    elif all(isinstance(d, dict) for d in documents) and _is_map([d for d in documents if isinstance(d, dict)]):
        start = Rows(("$.*",), _children(roots, (), ".*"), (0,), ("",))
    best, _ = max(_chains(start, 1.0), key=lambda found: found[1])
    best = replace(best, rows=best.rows[:MOST_ROWS])
    # What stands above the only list, and says nothing, need not be a level.
    bare = best.levels[0] == "$" and len(best.levels) > 1 and not any(_scalars(r.value) for r in roots)
    if whole and bare and _deed([r.value for r in best.rows]) < _CONVERSATION:
        below = {id(r): replace(r, above=None) for r in _at(best, 1)}
        rows = tuple(_without_root(r, below) for r in best.rows)
        return Rows((f"$.{best.levels[1]}", *best.levels[2:]), rows, tuple(k - 1 for k in best.keys), best.taken[1:])
    return Rows((), best.rows, (), (None,)) if best.levels == ("$",) else best


def ancestor(row: Row, up: int) -> Row:
    for _ in range(up):
        row = row.above or row
    return row


def _at(found: Rows, level: int) -> list[Row]:
    """The elements of a level, each once."""
    above = [ancestor(r, len(found.levels) - 1 - level) for r in found.rows]
    return list({id(r): r for r in above}.values())


def _without_root(row: Row, below: dict[int, Row]) -> Row:
    known = below.get(id(row))
    if known is not None or row.above is None:
        return known or row
    return replace(row, above=_without_root(row.above, below))


def _chains(found: Rows, share: float) -> Iterator[tuple[Rows, float]]:
    """All ways to explode from here on, each with how well its rows look like events."""
    name = (found.taken[-1] or "") if found.taken else ""
    bonus = 0.2 if is_list_of_deeds(name) else 0.0
    # Of two that say as much the deeper is meant.
    yield found, share * (_deed([r.value for r in found.rows]) + bonus) + 0.05 * len(found.levels)
    if len(found.levels) > _DEEP:
        return
    for path, each in _collections([r.value for r in found.rows]):
        rows = _children(found.rows, path, each)
        filled = len({id(r.above) for r in rows}) / max(len(found.rows), 1)
        if not rows or filled < 0.1:
            continue
        text = ".".join(map(quoted, path))
        deeper = Rows(
            (*found.levels, f"{text or '$'}{each}"),
            rows,
            (*found.keys, len(found.levels)) if each == ".*" else found.keys,
            (*found.taken, text),
        )
        yield from _chains(deeper, share * min(1.0, 0.5 + filled))


def _children(rows: Sequence[Row], path: tuple[str, ...], each: str) -> tuple[Row, ...]:
    found: list[Row] = []
    for row in rows:
        value = row.value
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if each == "[*]" and isinstance(value, list):
            found += [Row(v, row, None, n) for n, v in enumerate(value)]
        elif each == ".*" and isinstance(value, dict):
            found += [Row(v, row, k, n) for n, (k, v) in enumerate(value.items())]
        if len(found) > 4 * MOST_ROWS:
            break
    return tuple(found)


def _collections(elements: Sequence[Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Paths to lists of objects and maps of ids inside elements."""
    if elements and all(isinstance(e, list) for e in elements):
        yield (), "[*]"
        return
    level: dict[tuple[str, ...], list[Any]] = {(): [e for e in elements if isinstance(e, dict)]}
    for _ in range(3):
        inner: dict[tuple[str, ...], list[Any]] = {}
        for path, objects in level.items():
            for key in dict.fromkeys(k for o in objects for k in o):
                values = [o[key] for o in objects if o.get(key) is not None]
                lists = [v for v in values if isinstance(v, list) and v]
                if lists and _holds_objects(lists) and not is_key_value(lists):
                    yield (*path, key), "[*]"
                maps = [v for v in values if isinstance(v, dict) and v]
                if maps and _is_map(maps, inside=True):
                    yield (*path, key), ".*"
                elif maps:
                    inner[(*path, key)] = maps
        level = inner


def _holds_objects(lists: list[list[Any]]) -> bool:
    elements = [e for found in lists for e in found[:20]]
    return sum(isinstance(e, dict) for e in elements) > len(elements) / 2


def is_key_value(lists: list[list[Any]]) -> bool:
    """Whether lists are maps in disguise: ``[{"key": "page", "value": {"string_value": "home"}}]``."""
    elements = [e for found in lists for e in found[:20]]
    return bool(elements) and all(
        isinstance(e, dict) and isinstance(e.get("key"), str) and "value" in e and len(e) <= 3 for e in elements
    )


def _is_map(objects: list[dict[str, Any]], *, inside: bool = False) -> bool:
    """Whether the keys of objects are ids rather than names of members."""
    keys = [k for o in objects for k in o]
    values = [v for o in objects for v in o.values() if v]
    parts = words("keys", "parts")
    if not values or any(plain(k) in parts for k in keys):
        return False
    if not (
        all(isinstance(v, dict) for v in values)
        or (all(isinstance(v, list) for v in values) and _holds_objects(values))
    ):
        return False
    common = Counter(keys).most_common(1)[0][1]
    if len(objects) > 1 and common > max(1, len(objects) / 2):
        return False
    shapes = [set(v) for v in values if isinstance(v, dict)]
    union = set().union(*shapes[:20]) if shapes else set()
    alike = not shapes or sum(len(s) / max(len(union), 1) for s in shapes[:20]) >= 0.4 * len(shapes[:20])
    holds_lists = any(isinstance(v, list) or any(isinstance(m, list) and m for m in v.values()) for v in values)
    ids = sum(any(c.isdigit() for c in k) or len(k) > 20 for k in keys) / len(keys)
    if len(set(keys)) == 1:
        return holds_lists and not inside
    return alike and (ids >= 0.5 or len(set(keys)) >= 8 or holds_lists)


def _scalars(value: Any) -> bool:
    return isinstance(value, dict) and any(not isinstance(v, (dict, list)) for v in value.values())


def _deed(elements: Sequence[Any]) -> float:
    """How much a member of these elements says what was done: its name, its values."""
    objects = [e for e in elements if isinstance(e, dict)]
    if len(objects) < len(elements) / 2 or not objects:
        return -1.0
    cells: dict[str, list[str]] = {}
    for found in objects[:400]:
        for key, value in found.items():
            if not is_missing(value):
                cells.setdefault(key, []).append(as_text(value))
    best = 0.0
    for key, texts in cells.items():
        counts, most = Counter(texts), min(len(objects), 400)
        if len(texts) < most / 3 or sum(map(len, counts)) > 40 * len(counts) or len(counts) > max(12, most / 3):
            continue
        if is_conversation(counts) and any(
            len(t) > 8 for k in ("content", "text", "value", "message") for t in cells.get(k, ())
        ):
            return _CONVERSATION
        deeds = sum(n for t, n in counts.items() if role_of(t) or valence_of(t)) / len(texts)
        name = likeness("action", key)
        best = max(best, name * (0.7 if len(counts) > 1 or most < 5 else 0.3) + (0.4 * deeds if name else 0.2 * deeds))
    return best


def is_conversation(counts: Counter[str]) -> bool:
    """Whether values tell a user who speaks from those who answer: some of each, and few others."""
    speakers, assistants = words("values", "speakers"), words("values", "assistants")
    asks = sum(n for t, n in counts.items() if t.lower() in speakers)
    answers = sum(n for t, n in counts.items() if t.lower() in assistants)
    return asks > 0 and answers > 0 and asks + answers > 0.7 * sum(counts.values())


@lru_cache(maxsize=1 << 16)  # of a wide table each row has all keys
def quoted(key: str) -> str:
    """A key as a path has it."""
    return key if re.fullmatch(r"[^\W\d^$][\w\-: ]*|\d+", key) and key.strip() == key else f'"{key}"'
