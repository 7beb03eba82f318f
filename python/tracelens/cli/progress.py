"""Progress on a terminal: bytes read, and the time that is left."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def reading(label: str, *, then: str | None = None) -> Iterator[Callable[[int, int], None] | None]:
    """Show how far reading has come, on stderr and only where that is a terminal.

    Parameters
    ----------
    label : str
        What is being done.
    then : str, optional
        What is done when all is read.

    Yields
    ------
    callable or None
        To be told the bytes that are done and all there are; None where nobody looks.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with shown:
        task = shown.add_task(label, total=None)

        def tell(done: int, total: int) -> None:
            # A second side, or a second pass over the same log, starts anew.
            shown.update(task, completed=done, total=total, description=label if done < total else then or label)

        yield tell
