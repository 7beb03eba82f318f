"""``tracelens merge``."""

from __future__ import annotations

import click

from tracelens.cli.options import state_target
from tracelens.plural import many


@click.command("merge", short_help="Join the states of different users of one side.")
@click.argument("states", nargs=-1, required=True, metavar="STATES...")
@click.option("-o", "--output", required=True, metavar="OUT.tls", callback=state_target, help="File to write.")
def command(states: tuple[str, ...], output: str) -> None:
    """Join STATES (.tls files of different users of one side) into the state that all their logs would have given."""
    from tracelens.states import merge, read_state, write_state

    merged = merge([read_state(state) for state in states])
    write_state(merged, output)
    click.echo(f"{output}: {many(len(merged.users), 'user')} of {many(len(states), 'state')}")
