"""A result in the terminal: what departs, by how much, against what noise, and from what data."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tracelens.plural import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SYMBOLS = {"more": "▲", "less": "▼", "different": "≠", "same": "=", None: "·"}
PLAIN_SYMBOLS = {"more": "^", "less": "v", "different": "#", "same": "=", None: "-"}
COLOURS = {"gap": "bold red", "within noise": "green", "too few users to tell": "yellow", "given, not tested": "cyan"}
FACTORS = ("ln", "log odds")
"""Units that begin or speak of a logarithm are shown as factors: 2 times, not .69."""

HOW_TO_READ = (
    "gap: beyond the margin, and relabelling users at random rarely gives as much (Holm-adjusted p below .05).",
    "within noise: the 90 % interval lies inside the margin. too few users to tell: neither.",
    "given, not tested: the simulation was handed what this axis looks at.",
    "[ ]: 95 % interval over users. noise: two random halves of the real users differ by this much in 95 % of splits.",
)
ATTRIBUTABLE = (
    "not attributable: the control, other real people, departs from the real side in the same direction, and the gap "
    "does not exceed that by more than noise."
)


def render(result: Mapping[str, Any], *, width: int = 80, colour: bool = False, unicode: bool = True) -> str:
    """Render a result as text.

    Parameters
    ----------
    result : mapping
        What ``result.json`` holds; provenance is not needed.
    width : int
        Columns, at least 60.
    colour : bool
        Whether to colour verdicts. Colour never says anything that the words do not.
    unicode : bool
        Whether arrows may be other than ASCII.
    """
    out = io.StringIO()
    console = _console(out, width, colour)
    if result["leaderboard"]:
        _leaderboard(console, result)
    for comparison in result["comparisons"]:
        _comparison(console, result, comparison, SYMBOLS if unicode else PLAIN_SYMBOLS)
    _sides(console, result["sides"])
    if result["warnings"]:
        _heading(console, "Warnings")
        for warning in result["warnings"]:
            _paragraph(console, f"! {clean(warning)}", 2)
    _heading(console, "How to read this")
    scored = any(axis["score"] is not None for one in result["comparisons"] for axis in one["axes"].values())
    more = [_scored(result["anchors"])] if scored else []
    more += [ATTRIBUTABLE] if result["control"] else []
    for line in (*HOW_TO_READ, *more):
        _paragraph(console, line, 2)
    text = _trimmed(out) + "\n"
    return text if unicode else text.encode("ascii", "replace").decode("ascii")


def summary(result: Mapping[str, Any]) -> str:
    """Render the headline of every simulation and one line for each axis: what an interpreter shows."""
    out = io.StringIO()
    console = _console(out, 80, colour=False)
    for comparison in result["comparisons"]:
        console.print(Text(headline(result, comparison), style="bold"))
        for name, axis in comparison["axes"].items():
            _axis_line(console, name, axis, _shown(comparison, axis), SYMBOLS)
    return _trimmed(out)


def _console(out: io.StringIO, width: int, colour: bool) -> Console:
    return Console(
        file=out,
        width=max(width, 60),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        _environ={},
    )


def _trimmed(out: io.StringIO) -> str:
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")


def _shown(comparison: Mapping[str, Any], axis: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The row of the metric that stands for an axis."""
    return next((row for row in comparison["metrics"] if row["id"] == axis["primary"] and not row["scope"]), None)


def _scored(anchors: Mapping[str, Any]) -> str:
    """What the ends of the scores are."""
    planted = dict.fromkeys(
        anchor["plant"] + ("" if anchor["strength"] is None else f" {anchor['strength']:g}")
        for anchor in anchors["of"].values()
        if anchor["effect"] is not None
    )
    return (
        "score: 100 cannot be told from as many other real people, 0 is as far off as a trivial simulator "
        f"({', '.join(planted)}) planted on {many(anchors['users'], 'real user')}. There is no score over all axes."
    )


def _axes(n: int) -> str:
    return f"{n} axis" if n == 1 else f"{n} axes"


def headline(result: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    """Say in one sentence on how many axes a simulation departs, and on which furthest."""
    verdicts = [axis["verdict"] for axis in comparison["axes"].values()]
    gaps, tested = verdicts.count("gap"), sum(v in ("gap", "within noise", "too few users to tell") for v in verdicts)
    name = clean(comparison["sim"])
    if gaps:
        text = f"{name} departs from real people on {gaps} of {_axes(tested)} tested"
        text += f", furthest on {comparison['weakest_axis']}" if comparison["weakest_axis"] and gaps > 1 else ""
    elif not tested:
        text = f"{name} could not be compared with real people on any axis"
    else:
        few = verdicts.count("too few users to tell")
        if few == tested:
            text = f"Nothing can be said of {name}: too few users to tell on {_axes(tested)}"
        else:
            text = f"No gap found between {name} and real people on {_axes(tested)} tested"
    parts = [
        f"{count} {words}"
        for words in ("within noise", "too few users to tell", "given, not tested")
        if (count := verdicts.count(words))
    ]
    if unattributed := sum(axis["attributable"] is False for axis in comparison["axes"].values()):
        parts.insert(0, f"{many(unattributed, 'gap')} not attributable")
    missing = verdicts.count(None)
    parts += [f"{missing} not computable"] if missing and tested else []
    return text + (f" ({'; '.join(parts)})." if parts else ".")


def _comparison(
    console: Console, result: Mapping[str, Any], comparison: Mapping[str, Any], symbols: Mapping[Any, str]
) -> None:
    console.print(Text(headline(result, comparison), style="bold"))
    users = {name: result["sides"][name]["users"] for name in ("real", comparison["sim"])}
    design = "the same people on both sides" if result["design"] == "paired" else "different people on the two sides"
    simulated = many(users[comparison["sim"]], "simulated user")
    console.print(Text(f"{users['real']:,} real and {simulated}; {design} ({result['design']})"))
    console.print()
    for name, axis in comparison["axes"].items():
        _axis(console, name, axis, _shown(comparison, axis), symbols)
    _unscored(console, comparison["axes"])
    _scenarios(console, comparison["metrics"])
    _evidence(console, comparison["evidence"])


def _axis(
    console: Console,
    name: str,
    axis: Mapping[str, Any],
    row: Mapping[str, Any] | None,
    symbols: Mapping[Any, str],
) -> None:
    if effect := _axis_line(console, name, axis, row, symbols):
        _paragraph(console, effect, 4)
    _paragraph(console, clean(axis["sentence"]), 4)
    ruled_out = axis["rules_out"]
    if row is not None and ruled_out and axis["verdict"] in ("within noise", "too few users to tell"):
        before, after, show = _scale(row)
        _paragraph(console, f"Ruled out: any gap beyond {before}{show(ruled_out).lstrip('+')}{after}.", 4)
    elif axis["verdict"] is None and axis["reason_missing"] and axis["reason_missing"] not in axis["sentence"]:
        _paragraph(console, f"Reason: {clean(axis['reason_missing'])}.", 4)


def _axis_line(
    console: Console,
    name: str,
    axis: Mapping[str, Any],
    row: Mapping[str, Any] | None,
    symbols: Mapping[Any, str],
) -> str:
    """Print the verdict, the score and, if there is room, the effect; return the effect if there is none."""
    verdict = axis["verdict"] or "not computable"
    line = Text()
    line.append(f"{symbols[axis['direction']]} ", style=COLOURS.get(verdict, "dim"))
    line.append(f"{name:<10} ", style="bold")
    words = "gap, not attributable" if axis["attributable"] is False else verdict
    line.append(f"{words:<22}", style=COLOURS.get(verdict, "dim"))
    effect = effect_in_words(row) if row is not None and row["effect"] is not None else ""
    if axis["score"] is not None:
        line.append(f" {_score(axis)}")
    if len(line) + 1 + len(effect) <= console.width:
        line.append(f" {effect}")
        effect = ""
    console.print(line)
    return effect


def _score(axis: Mapping[str, Any]) -> str:
    text = f"score {axis['score']:.0f}"
    if axis["score_interval"]:
        low, high = axis["score_interval"]
        text += f" [{low:.0f}, {high:.0f}]"
    return text + (f", unclipped {axis['score_unclipped']:.0f}" if axis["score_unclipped"] is not None else "")


def effect_in_words(row: Mapping[str, Any]) -> str:
    """An effect with its interval and the noise, in the unit in which people think of it."""
    before, after, show = _scale(row)
    text = f"{before}{show(row['effect'])}{after}"
    if row["interval"]:
        text += f" [{show(row['interval'][0])}, {show(row['interval'][1])}]"
    if row["noise"]:
        text += f" noise {show(row['noise'][0])} to {show(row['noise'][1])}"
    return text


def _scale(row: Mapping[str, Any]) -> tuple[str, str, Callable[[float], str]]:
    """The unit in which people think of a metric, before and after the number, and how to write the number.

    Logarithms are shown as factors, variances in percent of the real value, shares in points.
    """
    unit = row["unit"]
    if is_logarithm(unit):
        return "x", "", _factor
    if row["id"] == "G1" and row["real"]:
        return "", " %", lambda value: f"{100 * value / abs(row['real']):+.0f}"
    if unit.startswith("difference of shares"):
        return "", " points", lambda value: f"{100 * value:+.1f}"
    return "", f" {unit.split(',')[0].split(' (')[0]}", lambda value: f"{value:+.2g}"


def is_logarithm(unit: str) -> bool:
    """Whether numbers of this unit are read as factors."""
    return unit.startswith(FACTORS) or " ln(" in unit


def _factor(logarithm: float) -> str:
    factor = math.exp(min(logarithm, 700.0))
    return f"{factor:,.0f}" if factor >= 100 else f"{factor:.1f}" if factor >= 10 else f"{factor:.2f}"


def _unscored(console: Console, axes: Mapping[str, Mapping[str, Any]]) -> None:
    """Why axes that were tested have no score."""
    reasons: dict[str, list[str]] = {}
    for name, axis in axes.items():
        if axis["score_missing"] and axis["verdict"] not in (None, "given, not tested"):
            reasons.setdefault(axis["score_missing"], []).append(name)
    for reason, names in reasons.items():
        _paragraph(console, f"No score on {', '.join(names)}: {clean(reason)}.", 2)


def _leaderboard(console: Console, result: Mapping[str, Any]) -> None:
    """Who is nearest to real people on each axis, and where each simulation is weakest."""
    console.print(Text("Nearest to real people first", style="bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for axis, ranks in result["leaderboard"].items():
        taken = sorted({row["rank"] for row in ranks["order"] if row["rank"] is not None})
        said = [_ranked(rank, ranks["order"]) for rank in taken]
        unranked: dict[str, list[str]] = {}
        for row in ranks["order"]:
            if row["rank"] is None:
                unranked.setdefault(row["reason_missing"], []).append(clean(row["sim"]))
        said += [f"not ranked: {', '.join(names)} ({clean(reason)})" for reason, names in unranked.items()]
        table.add_row(axis, Text("; ".join(said)))
    console.print(Padding(table, (0, 0, 0, 2)))
    weakest = {clean(c["sim"]): c["weakest_axis"] for c in result["comparisons"] if c["weakest_axis"]}
    if weakest:
        told = "; ".join(f"{name} on {axis}" for name, axis in weakest.items())
        _paragraph(console, f"Weakest: {told}.", 2)
    note = "In brackets: margins beyond the margin. =, tied: the difference may be noise, for all pairs of an axis."
    _paragraph(console, note, 2)
    console.print()


def _ranked(rank: int, order: list[Mapping[str, Any]]) -> str:
    """All of one rank; a tie with one of another rank is said beside it."""
    alike = {row["sim"] for row in order if row["rank"] == rank}
    told = []
    for row in order:
        if row["rank"] == rank:
            distance = "no bound" if row["distance"] is None else f"{row['distance']:.2g}"
            tied = [clean(other) for other in row["tied"] if other not in alike]
            told.append(f"{clean(row['sim'])} ({distance}{', tied with ' + ', '.join(tied) if tied else ''})")
    return f"{rank} {' = '.join(told)}"


def _scenarios(console: Console, metrics: list[Mapping[str, Any]]) -> None:
    """Events per user and actions per exposure, scenario by scenario."""
    rows: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in metrics:
        if row["id"] in ("H1r", "H3") and list(row["scope"]) == ["scenario"] and row["reason_missing"] is None:
            rows.setdefault(row["scope"]["scenario"], {})[row["id"]] = row
    if not rows:
        return
    exposed = any("H3" in row for row in rows.values())
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True, header_style="bold")
    table.add_column("by scenario", overflow="fold")
    for title in ("events/user: real", "sim", *(("actions/exposure: real", "sim") if exposed else ())):
        table.add_column(title, justify="right")
    for scenario, found in rows.items():
        cells = [found.get(metric, {}).get(side) for metric in ("H1r", "H3")[: 1 + exposed] for side in ("real", "sim")]
        table.add_row(Text(clean(scenario)), *("-" if cell is None else f"{cell:,.3g}" for cell in cells))
    console.print()
    console.print(Padding(table, (0, 0, 0, 2)))


def _evidence(console: Console, evidence: Mapping[str, Any]) -> None:
    lost = [row for row in evidence["paths"] if row["change"] == "lost"][:3]
    missed = evidence["items"][:3]
    if lost:
        console.print()
        told = (f"{clean(r['path'])} ({100 * r['real']:.1f}% -> {100 * r['sim']:.1f}%)" for r in lost)
        _paragraph(console, f"Paths to a conversion that fade: {'; '.join(told)}.", 2)
    if missed:
        told = (f"{clean(r['item'])} ({many(r['users'], 'user')})" for r in missed)
        _paragraph(console, f"Items never touched by the simulation: {'; '.join(told)}.", 2)
    console.print()


def _sides(console: Console, sides: Mapping[str, Mapping[str, Any]]) -> None:
    _heading(console, "What was read")
    for name, side in sides.items():
        _paragraph(console, "; ".join(_side(name, side)), 2)


def _side(name: str, side: Mapping[str, Any]) -> Iterator[str]:
    yield f"{clean(name)}: {many(side['users'], 'user')}"
    yield f"{side['events_used']:,} of {many(side['events_in'], 'event')} used"
    for reason, count in side["dropped"].items():
        yield f"{count:,} dropped: {clean(reason)}"
    if side["first"] and side["last"]:
        first, last = (side[end][:16].replace("T", " ") for end in ("first", "last"))
        yield f"{first} to {last} UTC"
    if side["mapping"]:
        yield f"mapping {clean(side['mapping'])}"
    if side["given"]:
        yield f"given: {', '.join(map(clean, side['given']))}"


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _paragraph(console: Console, text: str, indent: int) -> None:
    console.print(Padding(Text(text), (0, 0, 0, indent)))


def clean(text: str) -> str:
    """Names come from logs: nothing in them may steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)
