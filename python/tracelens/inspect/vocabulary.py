"""What names of columns, actions and sides mean, in English and Chinese. The words stand in ``vocabulary.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

SURE = {"sure": 1.0, "likely": 0.85, "perhaps": 0.6, "hardly": 0.35}
"""How surely a name speaks of something, as a score."""

_ID = "(?:_?(?:id|ids|uuid|guid|key|no|num|number|code|pseudo_id|hash|name))?"
_NEGATION = "(?:un|dis|de|not_|no_|cancel_|remove_|stop_|delete_)_?"
_NEGATION_CHINESE = "(?:不|取消|没|别|停止|删除|移除)"
_FAILED = "(?:^|_)(?:fail|failed|failure|error|declined|abandon|abandoned|timeout)(?:_|$)|失败|放弃"
_UNDONE = "_(?:cancel|cancelled|canceled|undo|undone)"


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files("tracelens.inspect").joinpath("vocabulary.toml").read_text(encoding="utf-8"))


@cache
def _any(table: str, *names: str) -> str:
    """The words of some lists as one pattern."""
    return "|".join(word for name in names for word in _words()[table][name])


@cache
def words(table: str, name: str) -> frozenset[str]:
    """Return a list of words: ``values`` has humans, machines, speakers, assistants; ``keys`` parts, lists, vague."""
    return frozenset(_words()[table][name])


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name in lower case with underscores between its words."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^\w]+|_+", "_", text.lower()).strip("_")


@lru_cache(maxsize=4096)
def likeness(part: str, name: str) -> float:
    """How much a column's name sounds like a part of an event, from 0 to 1."""
    text = plain(name)
    for sure, names in _words()["columns"][part].items():
        if re.fullmatch("|".join(names).replace("{id}", _ID), text):
            return SURE[sure]
    return 0.0


@lru_cache(maxsize=4096)
def is_list_of_deeds(name: str) -> bool:
    """Whether a list is called like one of things done: ``action_history``, ``events``."""
    return _says(_any("keys", "lists"), plain(name))


@lru_cache(maxsize=4096)
def role_of(action: str) -> str | None:
    """Exposure, passive, active or conversion, where an action's name says so."""
    text = plain(action)
    if valence_of(action) < 0 or re.search(_FAILED, text):
        return "active"
    # The longest word says most: of long_view and view, of view_search_results and search.
    said = {role: _longest(_any("deeds", role), text) for role in ("conversion", "exposure", "passive", "active")}
    best = max(said, key=lambda role: said[role])
    return best if said[best] else "active" if valence_of(action) > 0 else None


@lru_cache(maxsize=4096)
def valence_of(action: str) -> int:
    """Return 1 or -1 where an action's name tells liking from disliking, else 0."""
    text = plain(action)
    good = f"{_any('feelings', 'positive')}|{_any('deeds', 'conversion')}"
    if _says(_any("feelings", "negative"), text) or _is_undone(good, text):
        return -1
    return 1 if _says(good, text) else 0


def _says(pattern: str, text: str) -> bool:
    """Whether one of the words stands in the text, as a word; a Chinese one anywhere."""
    return _longest(pattern, text) > 0


def _longest(pattern: str, text: str) -> int:
    """Length of the longest of the words that stands in the text."""
    found = [len(m[1]) for m in re.finditer(rf"(?:^|(?<=_))({pattern})(?=_|$|\d)", text)]
    return max([*found, *(len(w) for w in pattern.split("|") if not w.isascii() and w in text)], default=0)


def _is_undone(pattern: str, text: str) -> bool:
    """``unfollow``, ``order_cancel``, ``取消关注``: the contrary of one of the words."""
    chinese = "|".join(word for word in pattern.split("|") if not word.isascii())
    undone = (
        rf"(?:^|_){_NEGATION}(?:{pattern})(?:_|$)|(?:^|_)(?:{pattern}){_UNDONE}(?:_|$)|{_NEGATION_CHINESE}(?:{chinese})"
    )
    return re.search(undone, text) is not None
