"""Files and directories that are there whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tracelens.errors import TracelensError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
