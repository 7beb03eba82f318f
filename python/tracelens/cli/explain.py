"""``tracelens explain``."""

from __future__ import annotations

import click


@click.command("explain", short_help="Say what an axis, a metric or an error code means.")
@click.argument("name", metavar="AXIS|METRIC|TLxxx")
def command(name: str) -> None:
    """Say what an axis (activity), a metric (H1) or an error code (TL204) means: definition, range, margin, source."""
    from tracelens.report.explain import explain

    click.echo(explain(name), nl=False)
