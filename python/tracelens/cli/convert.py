"""``tracelens convert``."""

from __future__ import annotations

from typing import Any

import click

from tracelens.cli.options import Share
from tracelens.cli.progress import reading


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
@click.option("--mapping", metavar="NAME|FILE", help="How the logs become events, as in compare.")
@click.option("--side", help="Of a log that holds both sides, the one to take: real or sim.")
@click.option(
    "--on-bad-row",
    type=click.Choice(["error", "drop"]),
    default="error",
    show_default=True,
    help="Stop at a row that cannot be read, or count it by reason and go on.",
)
@click.option("--max-bad", type=Share(), metavar="X%", help="Share of rows that may be dropped.")
def command(logs: tuple[str, ...], output: str, **options: Any) -> None:
    """Write LOGS (files, directories or glob patterns) as canonical events, whole or not at all."""
    from tracelens.conversion import convert

    with reading("converting") as progress:
        report = convert(list(logs), output, progress=progress, **options)
    dropped = "".join(f" + {count:,} dropped ({reason})" for reason, count in report["dropped"].items())
    click.echo(f"{report['output']}: {report['events']:,} events, {report['bytes']:,} bytes")
    click.echo(f"{report['events_in']:,} events in = {report['events_used']:,} used{dropped or ' + 0 dropped'}")
    for reason, places in report["examples"].items():
        click.echo(f"  {reason}: {', '.join(places)}")
    for note in report["notes"]:
        click.echo(f"  {note}")
    if report["mapping"] is not None:
        click.echo(f"{report['mapping']}: what the columns cannot say (zone, exposures, given columns)")
        if not report["mapping"].endswith("/tracelens.toml"):
            click.echo(f"next: tracelens compare {report['output']} SIM --mapping real={report['mapping']}")
