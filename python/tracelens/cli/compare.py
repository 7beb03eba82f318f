"""``tracelens compare``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import click

from tracelens.cli.options import Share, memory_option
from tracelens.cli.progress import reading


@click.command("compare", short_help="Compare simulated behaviour logs with real ones.")
@click.argument("real")
@click.argument("sims", nargs=-1, required=True, metavar="SIM [SIM ...]")
@click.option(
    "--control", metavar="OTHER_REAL", help="Other real people: gaps no larger than theirs are not attributable to SIM."
)
@click.option(
    "--mapping",
    "mappings",
    multiple=True,
    metavar="NAME|FILE",
    help="How logs become events: a built-in mapping or a .toml file; real=A, sim=B, control=C for one side each. "
    "If missing: the tracelens.toml in the directory, the LOG.toml beside the file, or the built-in mapping that fits.",
)
@click.option(
    "--design",
    type=click.Choice(["auto", "paired", "population"]),
    default="auto",
    show_default=True,
    help="Whether both sides hold the same users.",
)
@click.option(
    "--align",
    type=click.Choice(["calendar", "start", "entry"]),
    help="How the windows are laid over each other. [default: calendar if they overlap, else start]",
)
@click.option("--roster", metavar="FILE", help="CSV of users that exist, also those without events.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", help="Also write FILE.json or FILE.txt.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all resampling.")
@click.option(
    "--score/--no-score",
    default=True,
    show_default=True,
    help="Whether to score each axis from 0, as bad as a trivial simulator planted on REAL, to 100.",
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Threads; never changes the result. [default: all cores]")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What stdout gets."
)
@click.option(
    "--on-bad-row",
    type=click.Choice(["error", "drop"]),
    default="error",
    show_default=True,
    help="Stop at a row that cannot be read, or count it by reason and go on.",
)
@click.option("--max-bad", type=Share(), metavar="X%", help="Share of rows that may be dropped.")
@memory_option
@click.option("--profile", "profiled", is_flag=True, help="Say on stderr where the time went.")
def command(
    real: str,
    sims: tuple[str, ...],
    mappings: tuple[str, ...],
    outputs: tuple[str, ...],
    form: str,
    profiled: bool,
    **options: Any,
) -> None:
    """Compare one or more simulated behaviour logs (SIM) with real ones (REAL): files, directories or glob patterns."""
    mapping = _mapping(mappings, sims, control=options["control"] is not None)
    targets = [_target(output) for output in outputs]

    from tracelens.comparison import compare
    from tracelens.profile import Profile
    from tracelens.report.text import render
    from tracelens.result import assemble, dumps, validate, write_result, write_whole
    from tracelens.sources import by_name

    profile = Profile()
    with reading("reading", then="comparing") as progress:
        comparison = compare(real, by_name(sims), mapping=mapping, progress=progress, profile=profile, **options)
    arguments = click.get_current_context().find_root().obj or []
    result = assemble(comparison.result, command=arguments, paths=comparison.paths)
    validate(result)
    for target in targets:
        if target.suffix == ".json":
            write_result(result, target)
        else:
            write_whole(render(result).encode(), target)
    if form == "json":
        click.echo(dumps(result), nl=False)
    else:
        click.echo(_text(result, terminal=sys.stdout.isatty()), nl=False, color=True)
    if profiled:
        click.echo(profile.line(), err=True)


def _text(result: dict[str, Any], *, terminal: bool) -> str:
    import shutil

    from tracelens.report.text import render

    width = min(shutil.get_terminal_size().columns, 120) if terminal else 80
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    return render(result, width=width, colour=colour, unicode=unicode)


def _mapping(given: tuple[str, ...], sims: tuple[str, ...], *, control: bool) -> str | dict[str, str] | None:
    """One mapping for all sides, or one for each named side."""
    if not given:
        return None
    pairs = [re.fullmatch(r"([\w.-]+)=(.+)", text) for text in given]
    if len(given) == 1 and (pairs[0] is None or Path(given[0]).exists()):
        return given[0]
    sides = ["real", *(["control"] if control else []), "sim", *(Path(sim).name for sim in sims)]
    mapping: dict[str, str] = {}
    for text, pair in zip(given, pairs, strict=True):
        if pair is None:
            raise click.UsageError(f"--mapping {text}: say for which side, as in real={text}")
        side, name = pair.groups()
        if side not in sides:
            raise click.UsageError(f"--mapping {text}: no side {side!r}, the sides are {', '.join(sides)}")
        if side in mapping:
            raise click.UsageError(f"--mapping {text}: {side} has a mapping already")
        mapping[side] = name
    return mapping


def _target(output: str) -> Path:
    """Where to write; refused before any work is done, not after."""
    path = Path(output)
    if path.suffix not in (".json", ".txt"):
        raise click.UsageError(f"-o {output}: end it in .json or .txt")
    if not path.parent.is_dir():
        raise click.UsageError(f"-o {output}: there is no directory {path.parent}")
    return path
