"""The command line: stdout is the result, stderr the rest.

Exit codes: 0 done, 2 a mistake in the asking, 3 a mistake in the data, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from tracelens.errors import TracelensError

COMMANDS = {
    "compare": "Compare simulated behaviour logs with real ones.",
    "inspect": "Say what a log holds and how it could be read.",
    "init": "Write a first mapping for a log, to be corrected.",
    "convert": "Write logs as Parquet, ndjson, XES or OCEL.",
    "sketch": "Summarise the logs of some users as a state, which compare takes in their place.",
    "merge": "Join the states of different users of one side.",
    "users": "Write a table with a row for every user, and one of conversions.",
    "explain": "Say what an axis, a metric or an error code means.",
    "demo": "Write a made-up population and a biased simulation of it.",
    "plant": "Plant a known bias in a real log, to test what a comparison can see.",
}
"""Name -> what it does. A command's module, and all that it needs, is imported when it is called."""

INTERRUPTED = 130


class Lazy(click.Group):
    """A group whose commands are modules, loaded on demand, and whose errors have one form."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"tracelens.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError:
            raise
        except OSError as error:  # --help and --version are written before there is a command
            sys.exit(_unwritable(error))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = list(args)  # for the provenance of what is written
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, 1)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {close[0]}?" if close else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()
        except TracelensError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_status)
        except BrokenPipeError:  # whoever read the output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except OSError as error:
            ctx.exit(_unwritable(error))
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        return value


def _unwritable(error: OSError) -> int:
    """Say that the disk is full, or that nothing may be written there; the exit status."""
    where = f"\n  --> {error.filename}" if error.filename else ""
    click.echo(f"error[TL211]: cannot be written: {error.strerror or error}{where}", err=True)
    return 3


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from tracelens.result import version

        click.echo(f"tracelens {version()}")
        ctx.exit()


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Say which.")
def main() -> None:
    """Where a simulation of people departs from real people, told from their behaviour logs."""
