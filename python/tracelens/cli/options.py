"""Options that several commands have, and their types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable


class Share(click.ParamType[float]):
    """A share of rows: ``0.1%`` or ``0.001``."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is not a share of rows, like 0.1% or 0.001", param, ctx)
        return share


class Memory(click.ParamType[int]):
    """So many bytes: ``2GiB``, ``500MB`` or a plain number."""

    name = "memory"
    UNITS: ClassVar = {"": 1, "b": 1} | {
        f"{letter}{unit}": base**power
        for power, letter in enumerate("kmgt", start=1)
        for unit, base in (("", 1024), ("ib", 1024), ("b", 1000))
    }
    LEAST = 64 << 20

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            number, unit = re.fullmatch(r"([\d.]+)\s*([a-z]*)", str(value).strip().lower()).groups()  # type: ignore[union-attr]
            size = int(float(number) * self.UNITS[unit])
        except (AttributeError, KeyError, ValueError):
            self.fail(f"{value!r} is not a size, like 2GiB or 500MB", param, ctx)
        if size < self.LEAST:
            self.fail(f"{value!r} is too little: give at least 64MiB", param, ctx)
        return size


def memory_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that bounds memory."""
    said = "Memory that may be used, about; events beyond it wait in TMPDIR. [default: all in memory]"
    return click.option("--memory", type=Memory(), metavar="SIZE", help=said)(command)


def state_target(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Refuse a name that compare would not take for a state."""
    if not value.endswith(".tls"):
        raise click.BadParameter("end it in .tls: by that it is known for a state", ctx, param)
    return value


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how logs of one side are read."""
    options = (
        click.option("--mapping", metavar="NAME|FILE", help="How the logs become events, as in compare."),
        click.option("--side", help="Of a log that holds both sides, the one to take: real or sim."),
        click.option(
            "--on-bad-row",
            type=click.Choice(["error", "drop"]),
            default="error",
            show_default=True,
            help="Stop at a row that cannot be read, or count it by reason and go on.",
        ),
        click.option("--max-bad", type=Share(), metavar="X%", help="Share of rows that may be dropped."),
    )
    # The one that is added last is shown first.
    for option in reversed(options):
        command = option(command)
    return command
