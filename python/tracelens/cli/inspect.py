"""``tracelens inspect``."""

from __future__ import annotations

import json
import sys

import click

from tracelens.cli.progress import reading


@click.command("inspect", short_help="Say what a log holds and how it could be read.")
@click.argument("path")
@click.option("--mapping", metavar="NAME|FILE", help="Show the events of this mapping rather than of the guess.")
@click.option("--side", help="Of a log that holds both sides, the one to show: real or sim.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What stdout gets."
)
def command(path: str, mapping: str | None, side: str | None, form: str) -> None:
    """Say what the log or state at PATH (a file, a directory or a pattern) holds and how it could be read.

    Format, encoding, columns; what each column seems to be and why; ten mapped events; what is unsure, and what each
    uncertainty would change.
    """
    from tracelens.inspect.state import inspect_state, is_state, render_state

    if is_state(path):
        for option, given in (("--mapping", mapping), ("--side", side)):
            if given is not None:
                raise click.UsageError(f"{option} {given}: {path} is a state, whose logs were read before")
        state = inspect_state(path)
        told = json.dumps(state, indent=2, ensure_ascii=False) + "\n" if form == "json" else render_state(state)
        click.echo(told, nl=False)
        return
    from tracelens.inspect import dumps, inspect_path
    from tracelens.inspect.words import render

    with reading("reading") as progress:
        found = inspect_path(path, mapping=mapping, side=side, progress=progress)
    if form == "json":
        click.echo(dumps(found), nl=False)
        return
    import shutil

    width = min(shutil.get_terminal_size().columns, 120) if sys.stdout.isatty() else 80
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(render(found, width=width, unicode=unicode), nl=False)
