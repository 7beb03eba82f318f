"""``tracelens init``."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.progress import reading
from tracelens.plural import many


@click.command("init", short_help="Write a first mapping for a log, to be corrected.")
@click.argument("path")
@click.option("-o", "--output", metavar="FILE", help="Where to write it. [default: stdout]")
def command(path: str, output: str | None) -> None:
    """Write a guess of how the log at PATH becomes events: a mapping with the evidence, and what else it could be."""
    from tracelens.errors import TracelensError

    target = None if output is None else Path(output)
    if target is not None and target.exists():
        help = "name a file that is not there yet, or move that one away"
        raise TracelensError.new(110, f"{target} is there already, and is not overwritten", help=help)

    from tracelens.inspect import inspect_path

    with reading("reading") as progress:
        found = inspect_path(path, progress=progress)
    if found.reading.why:
        click.echo(f"{found.reading.by} reads this log already ({found.reading.why})", err=True)
    if target is None:
        click.echo(found.text, nl=False)
        return

    from tracelens.result import write_whole

    write_whole(found.text.encode(), target)
    click.echo(f"{target}: {many(len(found.doubts), 'unsure thing')}, marked with ?", err=True)
    click.echo(f"next: tracelens inspect {path} --mapping {target}", err=True)
