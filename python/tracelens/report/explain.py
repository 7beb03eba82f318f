"""What an axis, a metric or an error code means, in words: from the registry, so that it cannot be out of date."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tracelens.anchors import PLANTED
from tracelens.axes import AXES, METRICS, REGISTRY
from tracelens.errors import CODES, TracelensError
from tracelens.plant import PLANTS
from tracelens.report.text import clean, effect_in_words, is_logarithm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracelens.metric import Metric

ASKS = {
    "activity": "How much do simulated users do, and how much of it per thing they see?",
    "clock": "At which hours do they act?",
    "diversity": "How different are they from each other, in ways that last?",
    "valence": "How often do they say no?",
    "tail": "How many different things do they touch?",
    "chains": "In which order do they move between scenarios, and what leads to what over days?",
}
INTERVALS = {
    "percentile": "percentile bootstrap over users",
    "basic": "basic bootstrap over users",
    "half-sample": "half-samples of users",
}
WIDTH = 80


def explain(name: str, result: Mapping[str, Any] | None = None) -> str:
    """Explain an axis, a metric or an error code.

    Parameters
    ----------
    name : str
        ``activity``, ``H1`` or ``TL204``, in capitals or not.
    result : mapping, optional
        A result: what it says of the axis or metric is added.

    Raises
    ------
    TracelensError
        TL110 for a name that is none of these.
    """
    if axis := next((axis for axis in AXES if axis == name.lower()), None):
        return _text(axis, _axis(axis)) + _found_on(axis, result)
    if metric := next((m for m in METRICS if m.id.lower() == name.lower()), None):
        return _text(_heading(metric), _record(metric)) + _found_by(metric, result)
    if (code := re.fullmatch(r"(?:TL)?(\d{3})", name.upper())) and int(code[1]) in CODES:
        meaning, mend = CODES[int(code[1])]
        return _text(f"TL{code[1]}", [("meaning", meaning), ("help", mend)])
    known = {word.lower(): word for word in (*AXES, *REGISTRY, *(f"TL{code}" for code in CODES))}
    close = get_close_matches(name.lower(), known, 1)
    help = f"did you mean {known[close[0]]}?" if close else "name an axis, a metric like H1 or an error code like TL204"
    note = f"axes: {', '.join(AXES)}; metrics: {', '.join(REGISTRY)}"
    raise TracelensError.new(110, f"nothing is called {name!r}", notes=(note,), help=help)


def reference() -> str:
    """Write the reference of all metrics, docs/metrics.md, from the registry."""
    lines = [
        "# Metrics",
        "",
        "<!-- Made from the registry by `make docs`: change it there. -->",
        "",
        "Made from the registry in `python/tracelens/axes/`; `tracelens explain H1` says the same of one metric.",
        "The unit of all resampling is the user. *Primaries* stand for their axis and are corrected together (Holm),",
        "all others within their table (Benjamini and Hochberg). A distance is read as its excess over real halves.",
    ]
    for axis in AXES:
        lines += [
            "",
            f"## {axis}",
            "",
            *(f"- **{label}**: {said}" for label, said in _axis(axis) if label != "metrics"),
        ]
        for metric in METRICS:
            if metric.axis == axis:
                lines += [
                    "",
                    f"### {_heading(metric)}",
                    "",
                    *(f"- **{label}**: {said}" for label, said in _record(metric)),
                ]
    return "\n".join(lines) + "\n"


def _heading(metric: Metric) -> str:
    return f"{metric.id}: {metric.title}" + (" (primary)" if metric.primary else "")


def _axis(axis: str) -> list[tuple[str, str]]:
    mine = [metric for metric in METRICS if metric.axis == axis]
    said = [("asks", ASKS[axis])]
    for planting in PLANTED:
        if ends := [key for key in planting.primaries if REGISTRY[key].axis == axis]:
            does = PLANTS[planting.plant].does.replace("STRENGTH", f"{planting.strength or 0:g}")
            said.append((f"score 0 of {' and '.join(ends)}", f"{planting.plant}: {does}"))
    primaries, others = ([m for m in mine if m.primary == wanted] for wanted in (True, False))
    named = [", ".join(f"{m.id} {m.title}" for m in some) for some in (primaries, others)]
    return [*said, ("metrics", f"primary: {named[0]}" + (f"; others: {named[1]}" if others else ""))]


def _record(metric: Metric) -> list[tuple[str, str]]:
    """The record of a metric as labelled words."""
    kind = "distance, read as its excess over noise" if metric.kind == "distance" else "signed, simulated against real"
    interval = "half-samples of users" if metric.kind == "distance" else INTERVALS[metric.interval]
    notes = [
        *(["compared between equally many users"] if metric.equal_users else []),
        *(["not computable where the real value may be 0"] if metric.needs_real_value else []),
        *(["dear: from the first 199 permutations, 100 half splits and 200 bootstraps"] if metric.dear else []),
    ]
    return [
        *([("definition", metric.definition)] if metric.definition else []),
        ("effect", f"{metric.unit}; {kind}; {metric.null:g} where nothing differs"),
        ("range", metric.range),
        ("language models", f"tend {metric.bias}" if metric.bias in ("up", "down") else metric.bias),
        ("margin", _margin(metric)),
        (
            "minimum",
            f"{metric.minimum} contributing users a side" if metric.primary else "none; 100 a side are advised",
        ),
        ("interval", interval),
        *([("note", "; ".join(notes))] if notes else []),
        ("depends on", ", ".join(metric.columns)),
        ("source", metric.reference or "defined here"),
    ]


def _margin(metric: Metric) -> str:
    if metric.margin is None:
        return "none: described, not decided"
    if metric.relative:
        return f"{100 * metric.margin:.3g} % of the real value"
    factor = f", a factor of {math.exp(metric.margin):.3g}" if is_logarithm(metric.unit) else ""
    return f"{metric.margin:.3g}{factor}"


def _found_on(axis: str, result: Mapping[str, Any] | None) -> str:
    """The verdict of each simulation on an axis."""
    found = []
    for comparison in () if result is None else result["comparisons"]:
        one = comparison["axes"][axis]
        score = "" if one["score"] is None else f", score {one['score']:.0f}"
        said = f"{one['verdict'] or 'not computable'}{score}. {clean(one['sentence'])}"
        found.append((clean(comparison["sim"]), said))
    return "\n" + _text("in this comparison", found) if found else ""


def _found_by(metric: Metric, result: Mapping[str, Any] | None) -> str:
    """The numbers of each simulation, of the metric as a whole and of its scopes."""
    found = []
    for comparison in () if result is None else result["comparisons"]:
        for row in comparison["metrics"]:
            if row["id"] == metric.id:
                scope = ", ".join(f"{key} {value}" for key, value in row["scope"].items())
                missing = row["effect"] is None
                said = (
                    f"not computable: {row['reason_missing'] or 'no finite effect'}"
                    if missing
                    else effect_in_words(row)
                )
                found.append((clean(comparison["sim"] + (f", {scope}" if scope else "")), clean(said)))
    return "\n" + _text("in this comparison", found) if found else ""


def _text(heading: str, rows: list[tuple[str, str]]) -> str:
    """Labels in a column, what they say beside it."""
    import textwrap

    indent = min(max((len(label) for label, _ in rows), default=0), 24) + 4
    lines = [heading]
    for label, said in rows:
        head = f"  {label}".ljust(indent)
        lines += textwrap.wrap(head + said, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False) or [head]
    return "\n".join(lines) + "\n"
