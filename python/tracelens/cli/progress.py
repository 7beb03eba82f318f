"""Progress on a terminal: bytes and events read, and the time that is left."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracelens.traces import Progress


@contextmanager
def reading(label: str, *, then: str | None = None) -> Iterator[Progress | None]:
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
        To be told the bytes that are read, all there are, and the events so far; None where nobody looks.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    shown = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TextColumn("{task.fields[events]:,} events"),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with shown:
        task = shown.add_task(label, total=None, events=0)

        def tell(done: int, total: int, events: int) -> None:
            # A second side, or a second pass over the same log, starts anew.
            said = label if done < total else then or label
            shown.update(task, completed=done, total=total, events=events, description=said)

        yield tell
