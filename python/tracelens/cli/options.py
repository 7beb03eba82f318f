"""Types of options that several commands have."""

from __future__ import annotations

from typing import Any

import click


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


def state_target(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Refuse a name that compare would not take for a state."""
    if not value.endswith(".tls"):
        raise click.BadParameter("end it in .tls: by that it is known for a state", ctx, param)
    return value
