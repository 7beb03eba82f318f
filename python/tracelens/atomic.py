"""Files and directories that are there whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tracelens.errors import TracelensError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole(target: Path, *, directory: bool = False) -> Iterator[Path]:
    """Write beside the target, then take its place: nobody sees half of it, and a failure leaves nothing behind.

    Parameters
    ----------
    target : path
        What is to be there at the end. A file is replaced, of a link the one that it leads to; a directory must be
        empty or not there. A pipe or a device is written to as it is.
    directory : bool
        Whether it is a directory.

    Yields
    ------
    path
        Where to write, in the target's own directory.

    Raises
    ------
    TracelensError
        TL211 where it cannot be written: no such directory, no permission, a full disk.
    """
    through = target.exists() and not target.is_file() and not target.is_dir()
    place = target if through else target.resolve()
    beside = place if through else place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        if directory:
            beside.mkdir()
        yield beside
        if directory and place.is_dir():
            place.rmdir()
        if not through:
            beside.replace(place)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TracelensError.new(
            211, f"cannot write {target}: {reason}", help="choose another place with -o"
        ) from error
    finally:
        # Also when Ctrl-C broke in: what is half-written is nobody's.
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        elif not through:
            beside.unlink(missing_ok=True)


def require_free(target: Path, logs: list[str], *, directory: bool = False) -> None:
    """Nothing of the user's is overwritten: no log that is being read, no directory that holds anything.

    Raises
    ------
    TracelensError
        TL110.
    """
    if not target.parent.is_dir():
        raise TracelensError.new(110, f"there is no directory {target.parent}", help="make it, or name another place")
    if directory or target.is_dir():
        if target.is_file():
            raise TracelensError.new(
                110, f"{target} is a file, and partitions are a directory", help="name a directory"
            )
        if target.is_dir() and (not directory or any(target.iterdir())):
            help = "name a directory that is not there yet, or an empty one"
            raise TracelensError.new(110, f"{target} is a directory, and nothing in it is to be overwritten", help=help)
    own = target.resolve()
    for path in map(Path, logs):
        inside = path.is_dir() and path.resolve() in own.parents
        if path.resolve() == own or (inside and target.exists()):
            raise TracelensError.new(110, f"{target} is one of the logs", help="write to another place")
