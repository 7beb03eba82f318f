"""What stands in the rows of a sample: a column for each path, through objects, lists, pairs and JSON inside text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from tracelens.inspect.column import Column, Field, is_missing
from tracelens.inspect.rows import Rows, ancestor, is_key_value, quoted
from tracelens.inspect.vocabulary import plain, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_COLUMNS = 300


class Leaf(NamedTuple):
    """A value inside an element."""

    path: str
    name: str
    """The part of the path that says what it is."""
    inside: str | None
    """The list of which only the first element is seen, where the path goes through one."""
    value: Any


def columns_of(
    found: Rows, *, names: Sequence[str] | None = None, numbered: bool = False, delimited: bool = False
) -> list[Column]:
    """Return all columns of rows, their own first, then those of the levels above.

    Parameters
    ----------
    found : Rows
        From :func:`find_rows`, or the rows of a table.
    names : sequence of str, optional
        Columns of a table, in order.
    numbered : bool
        The table has no header: columns are numbers.
    delimited : bool
        The table is delimited text, where a column that is called like a path is known by its number.
    """
    depth = max(len(found.levels), 1)
    order = {name: n for n, name in enumerate(names or ())}
    columns: list[Column] = []
    for up in range(depth):
        # The list that the next level explodes is no member of this one.
        taken = found.taken[depth - up] if up else None
        elements = [ancestor(row, up).value for row in found.rows]
        for leaf, values in _cells(elements, taken):
            field: Field = {"path": "^" * up + ("." if up else "") + leaf.path}
            if numbered:
                field = {"column": int(leaf.path)}
            elif delimited and leaf.path.startswith('"') and leaf.path[1:-1] in order:
                field = {"column": order[leaf.path[1:-1]]}
            elif '""' in leaf.path:
                continue  # no path leads to a member without a name
            columns.append(Column(field, "" if numbered else leaf.name, tuple(values), up, leaf.inside))
    columns.sort(key=lambda c: (c.up, order.get(_top(c), len(order))))
    for level in found.keys:
        keys = tuple(ancestor(row, depth - 1 - level).key for row in found.rows)
        columns.append(Column({"key": level}, "key", keys, depth - 1 - level))
    return columns


def _top(column: Column) -> str:
    return re.split(r"[.\[{]", str(column.field.get("path", "")), maxsplit=1)[0].strip('"')


def _cells(elements: Sequence[Any], taken: str | None) -> Iterator[tuple[Leaf, list[Any]]]:
    """Each path with its values, one an element. Rows share the elements above them, which are looked through once."""
    seen: dict[int, list[Leaf]] = {}
    cells: dict[str, list[Any]] = {}
    first: dict[str, Leaf] = {}
    for number, element in enumerate(elements if taken != "" else ()):
        if id(element) not in seen:
            seen[id(element)] = list(_leaves(element, taken))
        for leaf in seen[id(element)]:
            if leaf.path not in cells and len(cells) < MOST_COLUMNS:
                cells[leaf.path], first[leaf.path] = [None] * len(elements), leaf
            if leaf.path in cells:
                cells[leaf.path][number] = leaf.value
    return ((first[path], values) for path, values in cells.items())


def _leaves(value: Any, taken: str | None, path: str = "", name: str = "", inside: str | None = None) -> Iterator[Leaf]:
    if path and path == taken:
        return
    if isinstance(value, dict):
        vague = words("keys", "vague")
        for key, member in value.items():
            if '"' not in key:  # no path can write it
                said = f"{name}_{key}" if name and plain(key) in vague else key
                at = f"{path}.{quoted(key)}" if path else quoted(key)
                if isinstance(member, str) and member[:1] not in ("{", "[") and at != taken:
                    yield Leaf(at, said, inside, member)  # at once: of a wide table most are
                else:
                    yield from _leaves(member, taken, at, said, inside)
    elif isinstance(value, list):
        if value and is_key_value([value]):
            yield from _pairs(value, path)
        elif value:
            yield from _leaves(value[0], taken, f"{path}[0]", name, path or "$")
    elif path:
        yield Leaf(path, name, inside, value)
        if isinstance(value, str) and value[:1] in "{[" and len(value) > 2:
            yield from _json(value, path, name, inside)
    elif value is not None:
        yield Leaf("$", "value", None, value)


def _json(text: str, path: str, name: str, inside: str | None) -> Iterator[Leaf]:
    """Look into text that is itself JSON."""
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    if isinstance(parsed, dict):
        yield from _leaves(parsed, None, f"{path}{{json}}", name, inside)


def _pairs(pairs: list[dict[str, Any]], path: str) -> Iterator[Leaf]:
    """Look into a list that is a map in disguise: one of the members of a value is filled, by its type."""
    for pair in pairs:
        key, value = pair["key"], pair["value"]
        if '"' in key:
            continue
        written = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'
        at = f"{path}[key={written}].value"
        if isinstance(value, dict):
            told = [(member, inner) for member, inner in value.items() if not is_missing(inner)]
            yield from (Leaf(f"{at}.{quoted(member)}", key, None, inner) for member, inner in told[:1])
        else:
            yield Leaf(at, key, None, value)
