"""``tracelens users``."""

from __future__ import annotations

from typing import Any

import click

from tracelens.cli.options import memory_option, reading_options
from tracelens.cli.progress import reading
from tracelens.cli.sums import tell_reading
from tracelens.plural import many


@click.command("users", short_help="Write a table with a row for every user, and one of conversions.")
@click.argument("logs", nargs=-1, required=True, metavar="LOGS...")
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="Users, one row each: a .parquet, .csv or .ndjson file."
)
@click.option("--chains", metavar="FILE", help="Also conversions, one row each, with what led to them; likewise.")
@reading_options
@memory_option
@click.option("--jobs", type=click.IntRange(1, 256), help="Threads; never changes the result. [default: all cores]")
def command(logs: tuple[str, ...], output: str, **options: Any) -> None:
    """Write what LOGS (files, directories or glob patterns) say about each user as a table, whole or not at all."""
    from tracelens.tables import SCENARIO_COLUMNS, write_users

    with reading("reading", then="summarising") as progress:
        report = write_users(list(logs), output, progress=progress, **options)
    users, *chains = report["tables"]
    counts = f"{many(report['users'], 'user')}, {many(report['events'], 'event')}"
    click.echo(f"{users['path']}: {counts}, {users['bytes']:,} bytes")
    for table in chains:
        said = f"{many(report['conversions'], 'conversion')}, {report['with_path']:,} with a path"
        if not report["conversions"]:
            said = "0 conversions, as the log is mapped nothing is one"
        click.echo(f"{table['path']}: {said}, {table['bytes']:,} bytes")
    tell_reading(report)
    if report["listed"]:
        seen = f"; records of nothing else, seen all the same: {report['seen']:,}" if report["seen"] else ""
        click.echo(f"  {report['listed']:,} are listed and did not happen{seen}")
    if not report["scenario_columns"]:
        click.echo(f"  {report['scenarios']:,} scenarios, more than {SCENARIO_COLUMNS}: no column events_in_... each")
    if chains and report["without_clock"]:
        click.echo(f"  {many(report['without_clock'], 'conversion')} without a clock: what led to them is null")
