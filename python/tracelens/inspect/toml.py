"""Values as a mapping writes them, whatever a log calls its columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracelens.inspect.column import Field


def inline(value: Any) -> str:
    """A value as TOML writes it within a line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(v)}" for key, v in value.items()) + " }"
    return "[" + ", ".join(map(inline, value)) + "]"


def _text(value: str) -> str:
    if "\\" in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def written(field: Field) -> str:
    """A field as a mapping has it: a path alone is text."""
    return inline(field["path"]) if list(field) == ["path"] else inline(field)


def key(name: str) -> str:
    """A name as the key of a table."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def clean(text: str) -> str:
    """What comes from a log must not end a comment."""
    return "".join(c if c.isprintable() else "?" for c in text)
