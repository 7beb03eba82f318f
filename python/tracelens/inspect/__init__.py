"""What a log looks like, how it could become events, and what remains unsure.

A sample gives columns, columns give a guess, the guess is tried on the log, and what is left open is told with what it
would change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tracelens import _core
from tracelens.errors import TracelensError
from tracelens.inspect.choice import Guess
from tracelens.inspect.compose import compose
from tracelens.inspect.doubts import Doubt, doubts_of
from tracelens.inspect.files import paths_of, patterns_of
from tracelens.inspect.guess import make_guess
from tracelens.inspect.kinds import Kind, read_kinds, with_more
from tracelens.inspect.settle import settle
from tracelens.inspect.state import refuse_state
from tracelens.inspect.toml import written
from tracelens.inspect.trial import COLUMNS, Trial, try_mapping
from tracelens.inspect.unread import unread
from tracelens.sides import sides_in

if TYPE_CHECKING:
    from tracelens.traces import Progress

SCHEMA = "tracelens/inspect/1"
SHOWN = 10
"""Mapped events that are shown."""


@dataclass(frozen=True)
class Reading:
    """What the events of an inspection were read with."""

    by: str
    """``the guess``, or the name or file of a mapping."""
    options: dict[str, Any]
    """How to tell the core."""
    why: str | None = None
    """Why that mapping, where nobody asked for it."""
    built_in: bool = False
    """Whether it comes with tracelens, and was found to fit."""

    @property
    def guessed(self) -> bool:
        """Whether there is no mapping yet."""
        return "mapping_text" in self.options


@dataclass(frozen=True)
class Inspection:
    """What was found out about a log."""

    path: str
    kinds: tuple[Kind, ...]
    """The one that the guess reads first."""
    guess: Guess
    doubts: tuple[Doubt, ...]
    text: str
    """The guess as a mapping."""
    reading: Reading
    refused: str | None
    """Which built-in mapping seemed to fit and does not, and why not."""
    events: tuple[dict[str, Any], ...]
    trial: Trial
    sides: tuple[str, ...] = ()
    """Directories of people and of simulations, where all of them were read as one."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for ``--format json``."""
        main = self.guess.kind
        return {
            "schema": SCHEMA,
            "path": self.path,
            "kinds": [_about(kind) for kind in self.kinds],
            "columns": [
                {
                    "path": column.label,
                    "type": column.kind,
                    "share": round(column.share, 4),
                    "distinct": column.distinct,
                    "min": None if column.numbers is None else min(column.numbers),
                    "max": None if column.numbers is None else max(column.numbers),
                    "examples": column.examples(),
                }
                for column in self.guess.columns
            ],
            "rows": {"sampled": len(self.guess.rows.rows), "explode": list(self.guess.rows.levels), "of": main.path},
            "guess": {
                part: {
                    "from": written(choice.field),
                    "evidence": choice.why,
                    "certain": not choice.guessed,
                    "others": [{"path": c.column.label, "score": c.score, "evidence": c.why} for c in choice.others],
                }
                for part, choice in self.guess.event.items()
            },
            "read_by": self.reading.by,
            "side": self.reading.options["side"],
            "why": self.reading.why,
            "looks_like_sides": list(self.sides),
            "refused": self.refused,
            "events": list(self.events),
            "report": self.trial.report,
            "error": self.trial.error,
            "unsure": [
                {"about": d.about, "unsure": d.unsure, "would_change": d.change, "instead": d.instead}
                for d in self.doubts
            ],
            "mapping": self.text,
        }


def inspect_path(
    path: str,
    *,
    mapping: str | None = None,
    side: str | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Look at a log: what it holds, how it could be read, what is unsure.

    Parameters
    ----------
    path : str
        File, directory or glob pattern.
    mapping : str, optional
        Show the events of this mapping. If missing: of the ``tracelens.toml`` in the directory or the ``LOG.toml``
        beside the file, else of the built-in mapping that fits, else of the guess.
    side : str, optional
        The side to show, of a log that holds both.
    progress : callable, optional
        Called with the bytes that are read, all there are, and the events so far.

    Raises
    ------
    TracelensError
        TL110 for a state, TL2xx where there is nothing that could be a log.
    """
    refuse_state(path)
    kinds = read_kinds([path])
    guess, trial = best_guess(path, kinds, progress=progress)
    kinds = [guess.kind, *(k for k in kinds if (k.path, k.table) != (guess.kind.path, guess.kind.table))]
    doubts = [*unread(guess), *doubts_of(guess, kinds[1:])]
    text = compose(guess, doubts, source=path)
    reading, refused = _reading(path, mapping, side), None
    if reading is not None:
        reading, tried = _try_sides(path, reading, progress)
        # Where the guess reads what a built-in mapping does not, it is the mapping that does not fit, not the log.
        if tried.useless and reading.built_in and not trial.useless:
            said = "it reads no event of it" if tried.error is None else f"{tried.said} at {tried.place}"
            refused, reading = f"{reading.by} looks like it ({reading.why}), but: {said}", None
        else:
            trial = tried
    reading = reading or Reading("the guess", {"mapping_text": text, "side": side})
    events: tuple[dict[str, Any], ...] = ()
    try:
        events = _events(path, **reading.options)
    except TracelensError as error:
        if trial.error is None:
            trial = Trial(error=str(error), code=error.code)
    sides = sides_in(path) if reading.options["side"] is None else ()
    return Inspection(path, tuple(kinds), guess, tuple(doubts), text, reading, refused, events, trial, sides)


def best_guess(path: str, kinds: list[Kind], *, progress: Progress | None = None) -> tuple[Guess, Trial]:
    """Guess each kind of files, and settle the one that looks most like events."""
    files = paths_of(path)
    kinds = [with_more(kind, files) for kind in kinds]
    guesses = [make_guess(kind, names=[f for f in files if Path(f).suffix == Path(kind.path).suffix]) for kind in kinds]
    best = max(guesses, key=lambda g: (_likely(g), g.kind.bytes))
    best = replace(best, include=patterns_of(best.kind, kinds, files), actions=_actions(best))
    return settle(best, [path], progress=progress)


def _likely(guess: Guess) -> int:
    """How many of whose, when and what a guess found a column for."""
    return sum(bool(c.columns) for part, c in guess.event.items() if part in ("user", "time", "action")) + bool(
        guess.melt
    )


def _actions(guess: Guess) -> tuple[str, ...]:
    if guess.melt is not None:
        return tuple(guess.melt.actions)
    choice = guess.event["action"]
    return tuple(choice.columns[0].counts) if choice.columns else tuple(filter(None, (choice.field.get("const"),)))


def _reading(path: str, mapping: str | None, side: str | None) -> Reading | None:
    """The mapping that was asked for, lies beside the logs, or comes with tracelens and fits."""
    if mapping is not None:
        return Reading(mapping, {"mapping": mapping, "side": side})
    for beside in (Path(path) / "tracelens.toml", Path(f"{path}.toml")):
        if beside.is_file():
            return Reading(str(beside), {"mapping": str(beside), "side": side}, "it lies beside the logs")
    fits = _core.guess([path])
    return None if fits is None else Reading(fits[0], {"mapping": fits[0], "side": side}, fits[1], built_in=True)


def _try_sides(path: str, reading: Reading, progress: Progress | None) -> tuple[Reading, Trial]:
    """Read with a mapping; the real side, if it has sides and none was named."""
    trial = try_mapping([path], progress=progress, **reading.options)
    if trial.code != "TL110" or reading.options["side"] is not None:
        return reading, trial
    real = replace(reading, options={**reading.options, "side": "real"})
    return real, try_mapping([path], progress=progress, **real.options)


def _events(path: str, **mapping: Any) -> tuple[dict[str, Any], ...]:
    import polars as pl

    events: list[dict[str, Any]] = []
    for group in _core.EventReader([path], columns=[*COLUMNS, "text"], limit=SHOWN, **mapping):
        frame = pl.DataFrame(group).head(SHOWN - len(events))
        names = [c for c in frame.columns if frame[c].dtype in (pl.Categorical, pl.Enum)]
        frame = frame.with_columns(pl.col(names).cast(pl.String))
        frame = frame.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
        events += frame.to_dicts()
        if len(events) >= SHOWN:
            break
    return tuple(events)


def _about(kind: Kind) -> dict[str, Any]:
    return {
        "path": kind.path,
        "files": kind.files,
        "bytes": kind.bytes,
        "format": kind.format,
        "packing": kind.packing,
        "archive": kind.archive,
        "encoding": kind.encoding,
        "separator": kind.separator,
        "header": kind.header,
        "table": kind.table,
        "sampled": len(kind.documents),
    }


def dumps(inspection: Inspection) -> bytes:
    """Return what ``inspect --format json`` prints."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(inspection.as_dict(), option=option)
