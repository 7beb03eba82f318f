"""``tracelens demo``."""

from __future__ import annotations

import click

from tracelens.plural import many


@click.command("demo", short_help="Write a made-up population and a biased simulation of it.")
@click.argument("directory", type=click.Path(file_okay=False))
@click.option("--users", type=click.IntRange(min=2), default=300, show_default=True)
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def command(directory: str, users: int, days: int, seed: int) -> None:
    """Write DIRECTORY/real, DIRECTORY/sim and DIRECTORY/truth.json.

    A made-up population in OmniBehavior's layout, and a simulation of the same people: hyper-active, homogenized,
    Utopian, without a tail and without chains. What was planted stands in truth.json.
    """
    from tracelens.demo import write_demo

    truth = write_demo(directory, users=users, days=days, seed=seed)
    for side, measured in truth["measured"].items():
        click.echo(
            f"{directory}/{side}: {many(users, 'user')}, {many(measured['records'], 'record')} in {many(days, 'day')}"
        )
    click.echo(f"{directory}/truth.json: what was planted")
    click.echo(f"next: tracelens compare {directory}/real {directory}/sim")
