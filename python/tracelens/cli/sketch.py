"""``tracelens sketch``."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import click

from tracelens.cli.options import memory_option, reading_options, state_target
from tracelens.cli.progress import reading
from tracelens.plural import many


class Window(click.ParamType[tuple[date, date]]):
    """Two days, both inside: ``2025-09-01..2025-09-30``."""

    name = "window"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[date, date]:
        if isinstance(value, tuple):
            return value
        try:
            first, last = re.fullmatch(r"(\S+)\.\.(\S+)", str(value).strip()).groups()  # type: ignore[union-attr]
            return date.fromisoformat(first), date.fromisoformat(last)
        except (AttributeError, ValueError):
            self.fail(f"{value!r} is not a window of days, like 2025-09-01..2025-09-30", param, ctx)


@click.command("sketch", short_help="Summarise the logs of some users as a state.")
@click.argument("logs", nargs=-1, required=True, metavar="LOGS...")
@click.option("-o", "--output", required=True, metavar="OUT.tls", callback=state_target, help="File to write.")
@click.option(
    "--window",
    type=Window(),
    metavar="FIRST..LAST",
    help="Local days to be observed; the same for all states that are to meet. [default: from first to last event]",
)
@click.option(
    "--conversion-scenario", metavar="NAME", help="Scenario of conversions. [default: the one with most of them]"
)
@click.option("--look-backs", is_flag=True, help="Also keep what led to conversions and controls, and first touches.")
@reading_options
@memory_option
@click.option("--jobs", type=click.IntRange(1, 256), help="Threads; never changes the result. [default: all cores]")
def command(logs: tuple[str, ...], output: str, **options: Any) -> None:
    """Summarise LOGS, which hold all events of some users of one side, as a state that takes their place in compare."""
    from tracelens.states import sketch, write_state

    with reading("sketching") as progress:
        state = sketch(list(logs), progress=progress, **options)
    write_state(state, output)
    report = state.report
    dropped = "".join(f" + {count:,} dropped ({reason})" for reason, count in report["dropped"].items())
    click.echo(f"{output}: {many(len(state.users), 'user')}")
    click.echo(f"{many(report['events_in'], 'event')} in = {report['events_used']:,} used{dropped or ' + 0 dropped'}")
    if outside := state.summary.meta["outside"]:
        click.echo(f"  {outside:,} of them outside the window")
    for note in report["notes"]:
        click.echo(f"  {note}")
