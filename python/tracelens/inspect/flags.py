"""Yes-or-no columns: whether a listed action happened, or, many side by side, the actions themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracelens.inspect.vocabulary import plain, role_of, valence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracelens.inspect.column import Column, Field

_EMPTY = {"is", "has", "did", "cnt", "count", "num", "total", "flag", "action", "times", "to", "was", "if", "n"}
_SAME = (
    {"pay", "paid", "payed", "payment", "purchase", "buy", "bought", "order", "transaction", "购买", "支付", "下单"},
    {"cart", "addtocart", "加购"},
    {"done", "success", "successful", "succeeded", "completed", "complete", "occurred", "happened", "成功", "完成"},
)
_COUNTS = r".*(?:_cnt|_count|_num|次数|数量)"
_INTERVALS = r"(?:play|watch|view|stay|read|listen|dwell)_?(?:time|duration|seconds|secs|ms)(?:_ms)?|.*时长"
"""Names of columns that say how long something was watched: above 0 it was."""

_NOT_DEEDS = (
    r"(?:is_)?(?:rand|random|new|valid|test|bot|mobile|active|deleted|vip|weekend|holiday|verified|first|last|ad|live)"
)
_NOT_DEEDS += r"(?:_.*)?|.*_(?:user|streamer|period|author|day|page|device)"


@dataclass(frozen=True)
class Happened:
    """An action that is listed also where it did not happen."""

    action: str
    flags: tuple[Column, ...]
    share: float
    """Of the rows with this action, those where no flag is true."""


@dataclass(frozen=True)
class Melt:
    """Columns each of which is an action of the row."""

    actions: dict[str, Field]
    left: tuple[Column, ...]
    """Yes-or-no columns that do not sound like something done."""


def happened(action: Column, columns: Sequence[Column]) -> list[Happened]:
    """Actions whose own flag is false in some of their rows.

    Parameters
    ----------
    action : Column
        What was done.
    columns : sequence of Column
        All others of the same rows.
    """
    rows: dict[str, list[int]] = {}
    for number, value in enumerate(action.values):
        if value not in (None, ""):
            rows.setdefault(str(value), []).append(number)
    found = []
    for name, numbers in rows.items():
        flags = []
        for column in columns:
            told = [n for n in numbers if column.values[n] not in (None, "")]
            if column.up or not told or not _is_flag_of(column, name):
                continue
            if column.is_flag or re.fullmatch(_COUNTS, plain(column.name)):
                flags.append(column)
        # Without a flag at all an action is taken to have happened; with flags that are all false it did not.
        missed = sum(not any(c.truth(n) for c in flags) for n in numbers)
        if flags and missed:
            found.append(Happened(name, tuple(flags), missed / len(numbers)))
    return found


def _words(name: str) -> set[str]:
    return {w for w in plain(name).split("_") if w and w not in _EMPTY}


def _is_flag_of(column: Column, action: str) -> bool:
    """Whether a flag's name speaks of this action or of success as such."""
    flag, deed = _words(column.name), _words(action)
    if flag & deed:
        return True
    pays, carts, done = _SAME
    text, said = plain(column.name), plain(action)
    if any((flag & group or _holds(text, group)) and (deed & group or _holds(said, group)) for group in (pays, carts)):
        return True
    succeeded = bool(flag & done or _holds(text, done))
    return succeeded and len(column.texts) < len(column.values) * 0.9 and role_of(action) == "conversion"


def _holds(text: str, group: set[str]) -> bool:
    return any(word in text for word in group if not word.isascii())


def find_melt(columns: Sequence[Column]) -> Melt | None:
    """Wide yes-or-no columns as actions of their row; None unless two or more sound like something done."""
    flags = [c for c in columns if c.up == 0 and c.is_flag and c.share > 0.5 and c.list_of is None and c.name]
    deeds, left = {}, []
    for column in flags:
        name = re.sub(r"^(?:is|has|did|was|if)_|_(?:flag|cnt|label)$|^是否", "", plain(column.name))
        told = role_of(name) is not None or valence_of(name) != 0
        if told and not re.fullmatch(_NOT_DEEDS, plain(column.name)) and name not in deeds:
            deeds[name] = column.field
        else:
            left.append(column)
    if len(deeds) < 2:
        return None
    for column in columns:
        watched = re.fullmatch(_INTERVALS, plain(column.name)) and column.numbers is not None and not column.is_flag
        if column.up == 0 and watched and "watch" not in deeds:
            deeds["watch"] = {**column.field, "above": 0}
            break
    return Melt(deeds, tuple(left))
