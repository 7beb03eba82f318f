"""``tracelens convert``."""

from __future__ import annotations

from typing import Any

import click

from tracelens.cli.options import reading_options
from tracelens.cli.progress import reading
from tracelens.cli.sums import tell_reading
from tracelens.plural import many


class Names(click.ParamType[list[str]]):
    """Names with commas between them."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        return value if isinstance(value, list) else [name.strip() for name in str(value).split(",") if name.strip()]


@click.command("convert", short_help="Write logs as Parquet, ndjson, XES or OCEL.")
@click.argument("logs", nargs=-1, required=True, metavar="LOGS...")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="File to write: .parquet, .ndjson, .xes or .json (OCEL 2.0); a directory with --partitions.",
)
@click.option(
    "--to", type=click.Choice(["parquet", "ndjson", "xes", "ocel"]), help="Format. [default: by the suffix of OUT]"
)
@click.option(
    "--partitions",
    type=click.IntRange(1, 4096),
    metavar="N",
    help="Write a directory of N Parquet files, each user wholly in one of them.",
)
@click.option("--columns", type=Names(), metavar="A,B,...", help="Only these columns. [default: all]")
@reading_options
def command(logs: tuple[str, ...], output: str, **options: Any) -> None:
    """Write LOGS (files, directories or glob patterns) as canonical events, whole or not at all."""
    from tracelens.conversion import convert

    with reading("converting") as progress:
        report = convert(list(logs), output, progress=progress, **options)
    click.echo(f"{report['output']}: {many(report['events'], 'event')}, {report['bytes']:,} bytes")
    tell_reading(report)
    if report["mapping"] is not None:
        click.echo(f"{report['mapping']}: what the columns cannot say (zone, exposures, given columns); keep it there")
