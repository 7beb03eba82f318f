"""``tracelens plant``."""

from __future__ import annotations

from typing import Any

import click

from tracelens.plant import PLANTS, check, plant, write_planted
from tracelens.plural import many


class _Command(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Names"):
            formatter.write_dl([(name, _says(name)) for name in PLANTS])


def _says(name: str) -> str:
    known = PLANTS[name]
    return known.does + ("" if known.strength is None else f" [{known.strength:g}]")


@click.command("plant", cls=_Command, short_help="Plant a known bias in a real log.")
@click.argument("name")
@click.argument("real")
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), metavar="DIR", help="Where to write it."
)
@click.option("--strength", type=float, help="How strong. [default: in brackets below]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--mapping", metavar="NAME|FILE", help="How the log becomes events, as in compare.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Threads that read.")
def command(
    name: str, real: str, output: str, strength: float | None, seed: int, mapping: str | None, jobs: int | None
) -> None:
    """Plant the bias NAME in the log REAL and write it to DIR: a simulator whose one fault is known."""
    check(name, strength)

    from tracelens.traces import read_traces

    traces = read_traces(real, mapping, jobs=jobs)
    options: dict[str, Any] = {"zone": traces.zone, "exposure_by_record": traces.exposure_by_record}
    options |= {"strength": strength, "seed": seed}
    planted = plant(traces.to_polars(), name, **options)
    write_planted(planted, output, name=name, source=real, **options)
    click.echo(f"{output}: {many(len(planted), 'event')} after {name}, {len(traces):,} before")
    own = "" if mapping is None else f" --mapping real={mapping}"
    click.echo(f"next: tracelens compare {real} {output}{own}")
