"""Which files lie at a path, and the patterns that tell those of one kind from the others."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracelens.inspect.kinds import Kind

_MOST = 10_000


def paths_of(path: str) -> list[str]:
    """Return the files at a path, as far as they are many; none of an archive's members."""
    top = Path(path)
    if top.is_file():
        return [path]
    if not top.is_dir():
        from glob import glob

        return sorted(glob(path, recursive=True))[:_MOST]  # noqa: PTH207 - Path.glob takes no absolute pattern
    found = []
    for file in top.rglob("*"):
        if not file.name.startswith(".") and file.is_file():
            found.append(str(file))
        if len(found) == _MOST:
            break
    return sorted(found)


def patterns_of(kind: Kind, kinds: Sequence[Kind], files: Sequence[str]) -> tuple[str, ...]:
    """Return ``[files] include`` for a kind: nothing where its suffix says all."""
    rivals = [k for k in kinds if k is not kind and (k.format == kind.format or not kind.claimed) and k.table is None]
    if kind.claimed and not rivals:
        return ()
    suffix = Path(kind.plain_name).suffix
    patterns = [f"*{suffix}"] if suffix else []
    patterns += [re.sub(r"\d+", "*", kind.plain_name), kind.plain_name]
    names = {Path(f).name for f in files}
    for pattern in patterns:
        strangers = any(fnmatchcase(k.plain_name, pattern) for k in rivals)
        if not strangers and (kind.archive or any(fnmatchcase(n, f"{pattern}*") for n in names)):
            return (pattern.lower(),)
    return (kind.plain_name.lower(),)
