"""What was read, in the lines that every command says it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tracelens.plural import many

if TYPE_CHECKING:
    from collections.abc import Mapping


def tell_reading(report: Mapping[str, Any]) -> None:
    """Print events in = used + dropped by reason, where the first of the dropped stand, and what was noted."""
    dropped = "".join(f" + {count:,} dropped ({reason})" for reason, count in report["dropped"].items())
    click.echo(f"{many(report['events_in'], 'event')} in = {report['events_used']:,} used{dropped or ' + 0 dropped'}")
    for reason, places in report["examples"].items():
        click.echo(f"  {reason}: {', '.join(places)}")
    for note in report["notes"]:
        click.echo(f"  {note}")
