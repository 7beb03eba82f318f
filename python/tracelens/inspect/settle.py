"""A guess is tried on the whole log, and what the sample did not show is mended by the narrowest change."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tracelens.inspect.clock import UNITS
from tracelens.inspect.compose import compose
from tracelens.inspect.doubts import Doubt
from tracelens.inspect.toml import inline
from tracelens.inspect.trial import Trial, try_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tracelens.inspect.choice import Guess
    from tracelens.inspect.column import Field
    from tracelens.traces import Progress

_NUMBERS = ("count", "seq", "valence", "value")


def settle(guess: Guess, paths: Sequence[str], *, progress: Progress | None = None) -> tuple[Guess, Trial]:
    """Read the log with a guess, and mend the guess until it reads all of it or nothing more can be done."""

    def read(tried: Guess) -> Trial:
        return try_mapping(paths, mapping_text=compose(tried, (), source="log"), progress=progress)

    for _ in range(12):
        trial = read(guess)
        if trial.error is None:
            return _learnt(guess, trial), trial
        mended = _mend(guess, trial, read)
        if mended is None:
            break
        guess = mended
    return guess, trial


def _learnt(guess: Guess, trial: Trial) -> Guess:
    """What the whole log says beyond its sample: all actions, how many users, a clock that is finer than it seemed."""
    # A record that lists nothing is called an exposure by the core, not by the log.
    actions = tuple(a for a in trial.actions if a != "exposure" or not guess.exposure_by_record)
    events = trial.report["events_used"] if trial.report is not None else 0
    guess = replace(guess, actions=actions, users=trial.users, events=events)
    if trial.twice:
        guess = replace(guess, mended=(*guess.mended, _written_twice(guess, trial.twice)))
    time = guess.event.get("time")
    if time is None or guess.clock is None or time.field.get("precision") not in trial.finer:
        return guess
    field = {key: value for key, value in time.field.items() if key != "precision"}
    clock = replace(guess.clock, declared=None)
    return replace(guess, clock=clock).with_choice("time", replace(time, field=field))


def _written_twice(guess: Guess, ids: Sequence[str]) -> Doubt:
    """Files of one log that write an id as a whole number and as a decimal."""
    also = f", as are {len(ids) - 1:,} more" if len(ids) > 1 else ""
    unsure = f"{ids[0]} and {ids[0]}.0 are two users{also}: some files write ids as decimals"
    field = guess.event["user"].field
    instead = f"user = {inline({**field, 'strip': ['.0']})}" if "strip" not in field else None
    return Doubt("user", unsure, "taken for one they are one person: every number counts users", instead)


def _mend(guess: Guess, trial: Trial, read: Callable[[Guess], Trial]) -> Guess | None:
    place = trial.place
    user, time, action = (guess.event.get(part) for part in ("user", "time", "action"))
    if trial.code == "TL205" and user is not None and user.columns:
        present: Field = {**user.columns[0].field, "present": True}
        if present not in guess.keep:
            told = Doubt(
                "user", f"rows that do not say whose they are ({place}) are left out", "they would need another column"
            )
            return replace(guess, keep=(*guess.keep, present), mended=(*guess.mended, told))
    if trial.code == "TL214":
        return _without_column(guess, trial)
    if trial.code == "TL204" and time is not None:
        for field in _wider(time.field):
            wider = guess.with_choice("time", replace(time, field=field))
            if read(wider).error != trial.error:
                return wider
        if not time.field.get("optional"):
            field = {**time.field, "optional": True}
            told = Doubt(
                "time", f"some rows have no time ({place})", "without one they are left out of order and rhythm"
            )
            mended = replace(guess.with_choice("time", replace(time, field=field)), mended=(*guess.mended, told))
            if read(mended).error != trial.error:
                return mended
        if "pattern" not in time.field:
            field = {**time.field, "pattern": _pattern(time.field["format"]), "optional": True}
            told = Doubt("time", f"some times are words ({place})", "they are kept without a time")
            mended = replace(guess.with_choice("time", replace(time, field=field)), mended=(*guess.mended, told))
            return mended if read(mended).error != trial.error else None
    if trial.code == "TL209" and "what was done" in (trial.error or "") and action is not None:
        if "default" not in action.field:
            told = Doubt(
                "action",
                f'rows that do not say what was done ({place}) are called "unnamed"',
                "left out, they would not count",
            )
            field = {**action.field, "default": "unnamed"}
            return replace(guess.with_choice("action", replace(action, field=field)), mended=(*guess.mended, told))
    elif trial.code == "TL209":
        for part in (p for p in _NUMBERS if p in guess.event):
            without = replace(guess, event={p: c for p, c in guess.event.items() if p != part})
            if read(without).error != trial.error:
                label = guess.event[part].columns[0].label
                told = Doubt(
                    part,
                    f"{label} is not a number everywhere ({place}) and was left out",
                    "with strip or pattern it could be read",
                )
                return replace(without, mended=(*guess.mended, told))
    return None


def _without_column(guess: Guess, trial: Trial) -> Guess | None:
    """Files that lack a column have no value there."""
    named = re.search(r'no column "(.+)"', trial.said)
    for part, choice in guess.event.items():
        if named and choice.field.get("path") == named[1] and not choice.field.get("optional"):
            told = Doubt(
                part, f"some files have no column {named[1]} ({trial.place})", "their rows have no value there"
            )
            guess = guess.with_choice(part, replace(choice, field={**choice.field, "optional": True}))
            return replace(guess, mended=(*guess.mended, told))
    return None


def _wider(field: Field) -> Iterator[Field]:
    """Formats of which rows after the sample may be: a date only, a fraction of a second, no seconds, a zone."""
    formats = list(field["format"])
    for form in formats if formats[0] not in UNITS else ():
        day = re.split(r"[T ]?%[HI]", form)[0]
        whole = form.replace("%.f", "")
        more = [day, whole, whole.replace("%S", "%S%.f"), whole.replace(":%S", "")]
        if form == "rfc3339":
            more = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S"]
        more.append("rfc3339")
        yield from ({**field, "format": [*formats, new]} for new in more if new not in formats)


def _pattern(formats: Sequence[str]) -> str:
    """What times in these formats look like: anything else is none."""
    usual = {"rfc3339": r"\d{4}-\d\d-\d\d[T ].+", **dict.fromkeys(UNITS, r"-?\d+(?:\.\d+)?")}
    parts = {"Y": r"\d{4}", "b": r"\w+", "B": r"\w+", "a": r"\w+", "p": "[AaPp][Mm]", "z": r"[+-]\d\d:?\d\d"}
    looks = []
    for form in formats:
        text = re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", form.replace("%.f", "%f").replace("%:z", "%z"))
        looks.append(usual.get(form) or re.sub(r"%(.)", lambda m: parts.get(m[1], r"[.\d]+"), text))
    return f"^({'|'.join(looks)})$"
