"""Planted simulators: a real log with one known bias, the self-test of every comparison."""

from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from tracelens.plant.records import Records

__all__ = ["PLANTS", "Plant", "operate", "plant", "write_planted"]


@dataclass(frozen=True)
class Plant:
    """What is known about a planted simulator.

    Attributes
    ----------
    does, keeps : str
        The surgery, and what stays identical to the bit.
    strength : float or None
        Default strength; None: it takes none.
    low, high : float
        The strength lies above ``low`` and does not exceed ``high``.
    needs_clock : bool
    """

    does: str
    keeps: str
    strength: float | None = None
    low: float = 0.0
    high: float = 1.0
    needs_clock: bool = False


PLANTS: dict[str, Plant] = {
    "copy": Plant("nothing", "everything"),
    "inflate": Plant(
        "records are repeated 1 to 20 s apart until there are STRENGTH times as many",
        "every original record; hours and active days in use",
        1.5,
        1.0,
        100.0,
    ),
    "thin": Plant("records are dropped; a share STRENGTH is kept", "every kept record", 0.5),
    "eager": Plant(
        "actions are repeated on the person's exposures in the same scenario until there are STRENGTH times as many",
        "exposures, records, and every original event",
        2.0,
        1.0,
        100.0,
    ),
    "average-person": Plant(
        "what records hold is permuted over the whole log",
        "number and times of each person's records, and all that the population does",
    ),
    "average-person-days": Plant(
        "whole days change hands among the people active that day",
        "order and clock within a day, the population's volume on each day",
        needs_clock=True,
    ),
    "drop-tail": Plant(
        "items that carry the bottom share STRENGTH of events become head items of the same category",
        "everything but items",
        0.2,
    ),
    "utopia": Plant(
        "a share STRENGTH of negative actions becomes its positive twin", "everything but action and valence", 0.7
    ),
    "shuffle-order": Plant(
        "what records hold is permuted over the person's own records",
        "number and times of records, all that each person does",
    ),
    "circular-shift": Plant(
        "each scenario of a person is rotated by whole days within the person's own first and last day",
        "counts by person and scenario, time of day",
        needs_clock=True,
    ),
    "flat-clock": Plant(
        "sessions are laid at random over their day",
        "days, order, gaps within sessions, all but the time of day",
        needs_clock=True,
    ),
    "reverse-days": Plant(
        "each person's days run backwards", "all but the date; the clock within a day", needs_clock=True
    ),
    "shuffle-days": Plant(
        "each person's active days are permuted", "all but the date; the clock within a day", needs_clock=True
    ),
    "unlink": Plant("items, with their categories, are permuted within person and scenario", "everything but links"),
    "replay": Plant(
        "which action is done is redrawn from the person's own in that scenario",
        "person, time, scenario, item, occurrence",
    ),
    "relabel": Plant("traces are handed to the next person", "everything about the population"),
}


BY_EXPOSURE = ("eager", "drop-tail")
"""Surgeries that need to know what an exposure is."""


def plant(
    events: "pl.DataFrame",
    name: str,
    *,
    strength: float | None = None,
    seed: int = 0,
    exposure_by_record: bool = False,
    zone: str = "UTC",
) -> "pl.DataFrame":
    """Plant one bias in a log.

    Records, not single events, are moved, repeated and dropped.

    Parameters
    ----------
    events : DataFrame
        Canonical events; the result does not depend on the order of rows.
    name : str
        One of :data:`PLANTS`.
    strength : float, optional
        How strong, where there is a how; the plant's default if missing.
    seed : int
        Equal seeds plant the same.
    exposure_by_record : bool
        Whether each record is one exposure (else the events of that role are).
    zone : str
        IANA zone in which days are counted.

    Returns
    -------
    DataFrame
        Canonical events, sorted by user, time, seq and record.

    Raises
    ------
    TracelensError
        TL110 for an unknown name, a strength out of range, or a log that lacks what the plant works on.
    """
    from tracelens.plant.records import Records

    strength = check(name, strength)
    planted = operate(Records.of(events, zone), name, strength, seed=seed, exposure_by_record=exposure_by_record)
    return planted.sort(["user", "time", "seq", "record"], nulls_last=True, maintain_order=True)


def operate(
    log: "Records", name: str, strength: float | None = None, *, seed: int = 0, exposure_by_record: bool = False
) -> "pl.DataFrame":
    """Plant one bias in a log that is cut into records already, see :func:`plant`; the rows come in any order."""
    import numpy as np

    from tracelens.errors import TracelensError
    from tracelens.plant import surgery

    if PLANTS[name].needs_clock and bool(log.timeless.all()):
        raise TracelensError.new(110, f"{name} needs a clock, the log has none", help="map time")
    cut: Any = getattr(surgery, name.replace("-", "_"))
    options = {"exposure_by_record": exposure_by_record} if name in BY_EXPOSURE else {}
    planted: pl.DataFrame = cut(log, check(name, strength), np.random.default_rng(seed), **options)
    return planted


def check(name: str, strength: float | None) -> float | None:
    """The strength to use, if the plant is known and the strength possible."""
    from tracelens.errors import TracelensError

    known = PLANTS.get(name)
    if known is None:
        close = get_close_matches(name, PLANTS, 1)
        hint = f"did you mean {close[0]}?" if close else "choose one of those"
        raise TracelensError.new(
            110, f"no planted simulator {name!r}", notes=(f"known: {', '.join(PLANTS)}",), help=hint
        )
    if strength is None:
        return known.strength
    if known.strength is None:
        raise TracelensError.new(110, f"{name} takes no strength", help="leave it out")
    if not known.low < strength <= known.high:
        span = f"above {known.low:g}, at most {known.high:g}"
        raise TracelensError.new(110, f"{name} cannot have strength {strength:g}", help=f"give one {span}")
    return strength


def write_planted(
    events: "pl.DataFrame",
    directory: str | PathLike[str],
    *,
    name: str,
    strength: float | None = None,
    seed: int = 0,
    exposure_by_record: bool = False,
    zone: str = "UTC",
    source: str | None = None,
) -> None:
    """Write planted events as a log that reads itself: ``events.ndjson``, ``tracelens.toml`` and the note ``PLANT.md``.

    Parameters
    ----------
    events : DataFrame
        Canonical events, from :func:`plant`.
    directory : path
        Made if need be; an earlier plant in it is replaced.
    name, strength, seed
        What was planted, for the note.
    exposure_by_record, zone
        As the log's own mapping has them.
    source : str, optional
        Where the real log came from, for the note.
    """
    import polars as pl

    from tracelens.errors import require_own
    from tracelens.plant.records import canonical
    from tracelens.traces import mapping_text

    directory = Path(directory)
    require_own(directory, "PLANT.md")
    directory.mkdir(parents=True, exist_ok=True)
    date = pl.col("time").dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d")
    instant = pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    lines = canonical(events).with_columns(
        time=pl.when(pl.col("time_precision") == "day").then(date).otherwise(instant)
    )
    lines = lines.select(
        column for column in lines if column.null_count() < len(column) or column.name in ("user", "action")
    )
    # The note first: it marks the directory as ours. The events last, under their name only when they are whole.
    (directory / "PLANT.md").write_text(_note(name, check(name, strength), seed, source), encoding="utf-8")
    (directory / "tracelens.toml").write_text(
        mapping_text(zone=zone, exposure_by_record=exposure_by_record), encoding="utf-8"
    )
    unfinished = directory / "events.ndjson.part"
    try:
        lines.write_ndjson(unfinished)
        unfinished.replace(directory / "events.ndjson")
    finally:
        unfinished.unlink(missing_ok=True)


def _note(name: str, strength: float | None, seed: int, source: str | None) -> str:
    known = PLANTS[name]
    says = known.does if strength is None else known.does.replace("STRENGTH", f"{strength:g}")
    origin = f" of `{source}`" if source else ""
    lines = [
        f"# Planted simulator: {name}",
        "",
        f"Not a simulation: a copy{origin} with one known bias, to test what a comparison can see.",
        "",
        f"- What was done: {says}.",
        f"- What stayed as it was: {known.keeps}.",
        *([] if strength is None else [f"- Strength: {strength:g}"]),
        f"- Seed: {seed}",
    ]
    return "\n".join(lines) + "\n"
