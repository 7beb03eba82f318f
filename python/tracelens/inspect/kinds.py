"""Which kinds of files there are, with the first of their rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from tracelens import _core
from tracelens.errors import TracelensError
from tracelens.inspect.rows import Row, Rows, find_rows

SUFFIXES = {
    "json": (".json",),
    "ndjson": (".ndjson", ".jsonl"),
    "delimited": (".csv", ".tsv"),
    "parquet": (".parquet", ".pq"),
    "arrow": (".arrow", ".feather", ".ipc"),
    "sqlite": (".sqlite", ".sqlite3", ".db"),
    "xes": (".xes",),
}
"""By which a mapping claims the files of a directory without being told."""

DOCUMENTS = ("json", "ndjson", "xes", "parquet", "arrow")
"""Formats whose values may be lists, in which the rows have to be found."""

_SAMPLED = 1_000
_ABOUT = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|changelog|authors|contributing|source|plant)(?:\..*)?"
    r"|.*\.(?:md|rst|html?|toml|ya?ml|py|ipynb|sh|cfg|ini)",
    re.IGNORECASE,
)
"""Names of files that tell about logs rather than being some."""


@dataclass(frozen=True)
class Kind:
    """Files of one format and shape."""

    path: str
    """The first."""
    files: int
    bytes: int
    format: str
    packing: str | None
    archive: bool
    encoding: str | None
    """Of text."""
    separator: str | None
    header: bool | None
    columns: tuple[str, ...] | None
    documents: tuple[Any, ...]
    table: str | None = None
    """Of a database."""

    def find_rows(self) -> Rows:
        """The rows of the sample, by the lists that hold them where it consists of documents."""
        if self.format in DOCUMENTS and self.documents:
            return find_rows(self.documents, whole=self.format == "json")
        return Rows((), tuple(Row(d) for d in self.documents), (), (None,))

    @property
    def plain_name(self) -> str:
        """The file's name less what packs it."""
        return re.sub(r"\.(?:gz|zst|xz)$", "", Path(self.path).name)

    @property
    def claimed(self) -> bool:
        """Whether its suffix says its format."""
        return self.plain_name.lower().endswith(SUFFIXES[self.format])


def read_kinds(paths: Sequence[str], *, rows: int = _SAMPLED) -> list[Kind]:
    """Sample what lies at some paths.

    Raises
    ------
    TracelensError
        TL2xx where nothing can be sampled.
    """
    kinds: list[Kind] = []
    found = _core.sample(list(paths), rows)
    for entry in [e for e in found if not _ABOUT.fullmatch(Path(e["path"]).name) or e["path"] in paths]:
        kind = _kind(entry)
        same = next((n for n, known in enumerate(kinds) if _alike(known, kind)), None)
        if same is None:
            kinds.append(kind)
        else:
            known = kinds[same]
            kinds[same] = replace(
                known,
                files=known.files + kind.files,
                bytes=known.bytes + kind.bytes,
                documents=(*known.documents, *kind.documents),
            )
    if not any(kind.documents for kind in kinds):
        names = ", ".join(entry["path"] for entry in found[:3]) or ", ".join(paths)
        raise TracelensError.new(
            202, f"there is no row in {names}", help="name a file or directory with behaviour logs"
        )
    return [kind for kind in kinds if kind.documents]


def with_more(kind: Kind, files: Sequence[str], *, most: int = 20) -> Kind:
    """Sample more files of a kind that has one document a file: one alone shows one person, or one conversation.

    Parameters
    ----------
    kind : Kind
        Of which the first file is sampled.
    files : sequence of str
        Paths of files that may be of the kind; they are taken from all over the list.
    most : int
        How many are sampled.
    """
    others = [f for f in files if f != kind.path and Path(f).suffix == Path(kind.path).suffix]
    if kind.format != "json" or kind.files < 2 or len(kind.documents) >= most or not others:
        return kind
    documents = list(kind.documents)
    for path in others[:: max(1, len(others) // most)][:most]:
        more = [_kind(entry) for entry in _core.sample([path], 1)]
        documents += [document for other in more if _alike(kind, other) for document in other.documents]
    return replace(kind, documents=tuple(documents))


def _kind(entry: dict[str, Any]) -> Kind:
    documents = []
    for text in entry["rows"]:
        try:
            documents.append(orjson.loads(text))
        except orjson.JSONDecodeError:
            continue  # a broken line is the reader's to tell of, with its place
    columns = entry["columns"]
    return Kind(
        entry["path"],
        entry["files"],
        entry["bytes"],
        entry["format"],
        entry["packing"],
        entry["archive"],
        entry["encoding"],
        entry["separator"],
        entry["header"],
        None if columns is None else tuple(columns),
        tuple(documents),
        entry["table"],
    )


def _alike(one: Kind, other: Kind) -> bool:
    """Whether two kinds are one: the same members, or documents whose keys are ids."""
    if one.format != other.format or one.columns is not None:
        return False
    keys = [set(k.documents[0]) for k in (one, other) if k.documents and isinstance(k.documents[0], dict)]
    if len(keys) < 2:
        return not keys
    shared = len(keys[0] & keys[1]) / max(len(keys[0] | keys[1]), 1)
    return shared >= 0.5 or find_rows([*one.documents, *other.documents]).keys[:1] == (0,)
