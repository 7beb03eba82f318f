"""What an axis says: a direction and one plain sentence with the numbers a reader needs."""

import math
from collections.abc import Callable, Mapping, Sequence

from tracelens.align import Pair
from tracelens.plural import many
from tracelens.verdict import GAP, GIVEN, TOO_FEW, WITHIN, Outcome, attributable, untold


def describe(axis: str, shown: Outcome, rows: Sequence[Outcome], pair: Pair) -> tuple[str | None, str]:
    """Return the direction ("more", "less", "different", "same") and the sentence of an axis.

    Parameters
    ----------
    axis : str
    shown : Outcome
        The primary that stands for the axis.
    rows : sequence of Outcome
        All rows of the comparison.
    pair : Pair
    """
    mine = {row.metric.id: row for row in rows if not row.scope}
    if shown.effect is None and not shown.infinite:
        reason = shown.reason_missing or "nothing to compare"
        text = f"{TITLES[axis]} cannot be compared: {reason}"
        return None, _finish(text + (_open_links(mine) if axis == "chains" else ""))
    if shown.verdict == GIVEN:
        return None, f"{TITLES[axis]}: given to the simulator, not tested."
    if min(shown.users) < shown.metric.minimum and not shown.infinite:
        counts = f"{shown.users[0]:,} real and {many(shown.users[1], 'simulated user')} with any of it"
        return None, f"{TITLES[axis]} cannot be told: {counts}, {shown.metric.minimum} a side are needed."
    text = _SAY[shown.metric.id](shown, mine, pair)
    other = mine.get({"H1": "H3", "H3": "H1", "C1": "C9", "C9": "C1"}.get(shown.metric.id, ""))
    if other is not None and other.verdict == GAP and other.effect is not None:
        text += "; " + _ALSO[other.metric.id](other)
    if other is not None and other.verdict == GIVEN:
        text += f"; {_GIVEN[other.metric.id]} was given, not tested"
    if axis == "chains":
        text += _open_links(mine)
    return _direction(shown), _finish(text + _caveat(shown))


def against_control(row: Outcome, control: Outcome) -> str:
    """What a second log of real people makes of a gap; nothing where it is attributable, or where there is none."""
    if row.verdict != GAP or (exceeds := attributable(row, control)):
        return ""
    if exceeds is None:
        reason = untold(control) or "no interval"
        return f" The control cannot tell whether that is the simulation's doing: {reason}."
    size = "without bound" if control.infinite else _size(control)
    return (
        " Not attributable to the simulation: the control, other real people, departs from the real side in the same "
        f"direction ({size}), and this is no more than that by what sampling allows."
    )


def _size(row: Outcome) -> str:
    """An effect in the unit in which its sentence has it."""
    if row.metric.kind == "distance":
        return f"{_bits(row.effect)} bits"
    if row.metric.relative and row.real:
        return f"{100 * (row.effect or 0.0) / abs(row.real):+.0f} %"
    return f"{_times(row.effect)} times" + (" the odds" if "odds" in row.metric.unit else "")


TITLES = {
    "activity": "How much people do",
    "clock": "The hours at which people act",
    "diversity": "How much people differ from each other",
    "valence": "How often people say no",
    "tail": "The variety of items",
    "chains": "The order of scenarios",
}


def _direction(row: Outcome) -> str:
    if row.verdict == WITHIN or (row.effect == 0 and not row.infinite):
        return "same"
    if row.metric.kind == "distance":
        return "different"
    if row.infinite:
        return "less" if row.sim == 0 else "more"
    return "more" if (row.effect or 0.0) > 0 else "less"


def _volume(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    among = "" if pair.roster else ", among users with at least one event"
    text = f"A typical simulated user does {_times(row.effect)} times as much as a typical real one{among}"
    text += f" ({_spread(row)})"
    ratio = mine.get("H1r")
    levels = ratio is not None and ratio.effect is not None and row.verdict == GAP and (row.effect or 0.0) > 0
    if (
        levels
        and ratio
        and ratio.effect is not None
        and abs(ratio.effect) < min(row.margin or 0.0, (row.effect or 0.0) / 3)
    ):
        text += f"; the mean is {_times(ratio.effect)} times the real one: volumes are levelled rather than raised"
    return text


def _eagerness(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    if row.infinite:
        side = "Simulated users" if row.sim == 0 else "Real people"
        other = _number(max(row.real or 0.0, row.sim or 0.0))
        return f"{side} take no action at all on what they see; the other side takes {other} per exposure"
    return (
        f"Simulated users take {_times(row.effect)} times as many actions per exposure as real people ({_spread(row)})"
    )


def _clock(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    return _apart("daily profile", row)


def _diversity(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    shown = row.real_interval is not None and row.real_interval[0] > 0 and row.real and row.sim is not None
    if shown and row.real and row.sim is not None and row.interval and row.noise:
        low, high = (100 * (1 + bound / row.real) for bound in row.interval)
        noise = 100 * max(abs(bound) for bound in row.noise) / row.real
        return (
            f"Simulated users keep {100 * row.sim / row.real:.0f} % of the differences between real people "
            f"(interval {low:.0f} to {high:.0f} %; two halves of the real users differ by up to {noise:.0f} points)"
        )
    spread = f"Simulated users differ from each other by {_number(row.sim)}, real people by {_number(row.real)}"
    return f"{spread} ({_plain(row)})"


def _valence(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    real, sim = 100 * (row.real or 0.0), 100 * (row.sim or 0.0)
    return (
        f"{sim:.1f} % of valenced actions of simulated users are negative, {real:.1f} % of real people's "
        f"({sim - real:+.1f} points; odds ratio {_spread(row, head=True)})"
    )


def _tail(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    n = min(pair.real.size, pair.sim.size)
    return (
        f"Among equally many choices of {n:,} users a side, simulated users reach {_number(row.sim)} different items "
        f"and real people {_number(row.real)}, {_times(row.effect)} times as many ({_spread(row)})"
    )


def _order(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    volume = abs(mine["H1"].effect or 0.0) if "H1" in mine else 0.0
    caution = (
        "; the volumes differ by more than 1.5 times, which alone can move it"
        if row.verdict == GAP and volume > math.log(1.5)
        else ""
    )
    return _apart("order of scenarios", row) + caution


def _apart(what: str, row: Outcome) -> str:
    """A distance in bits, with its excess over the floor."""
    numbers = f"excess {_bits(row.effect)} bits"
    if row.interval:
        numbers += f", interval {_bits(row.interval[0])} to {_bits(row.interval[1])}"
    if row.noise:
        numbers += f"; two halves of the real users differ by up to {_bits(row.noise[1])}"
    if row.verdict == WITHIN:
        return f"The {what} of simulated users is as close to the real one as that of other real people ({numbers})"
    if row.verdict == GAP:
        return f"The {what} of simulated users departs from the real one by more than sampling explains ({numbers})"
    return f"The {what} of simulated users may depart from the real one ({numbers})"


def _bits(value: float | None) -> str:
    return "unknown" if value is None else f"{round(value, 4) + 0.0:.4f}"


def _lead(row: Outcome, mine: Mapping[str, Outcome], pair: Pair) -> str:
    real, sim = 100 * (row.real or 0.0), 100 * (row.sim or 0.0)
    return (
        "What people did elsewhere in the three days before points at a conversion by "
        f"{real:.1f} points above habit for real people and {sim:.1f} for simulated users "
        f"({_plain(row, 100, ' points')})"
    )


_ALSO: Mapping[str, Callable[[Outcome], str]] = {
    "H1": lambda row: f"the volume of a typical user is {_times(row.effect)} times the real one",
    "H3": lambda row: f"actions per exposure are {_times(row.effect)} times the real ones",
    "C1": lambda row: f"the order of scenarios departs too, by {_number(row.effect)} bits",
    "C9": lambda row: (
        "what people did elsewhere in the days before points at a conversion by "
        f"{100 * (row.real or 0.0):.1f} points above habit, for simulated users by {100 * (row.sim or 0.0):.1f}"
    ),
}
"""What the axis' other primary adds where it says "gap" as well."""

_GIVEN = {"H1": "the volume", "H3": "what they did", "C1": "the order of scenarios", "C9": "what links conversions"}

_SAY = {
    "H1": _volume,
    "H3": _eagerness,
    "H6": _clock,
    "G1": _diversity,
    "U1": _valence,
    "L2": _tail,
    "C1": _order,
    "C9": _lead,
}


def _open_links(mine: Mapping[str, Outcome]) -> str:
    lead = mine.get("C9")
    return "; multi-day links not tested" if lead is None or lead.effect is None else ""


def _caveat(row: Outcome) -> str:
    if row.verdict == GIVEN:
        return "; it was given to the simulator and is not tested"
    if row.verdict != TOO_FEW:
        return ""
    if row.needed and row.needed > min(row.users):
        return f"; too few users to tell, about {row.needed:,} a side would do"
    return "; too few users to tell"


def _spread(row: Outcome, head: bool = False) -> str:
    """Interval and noise of an effect on the log scale, as factors."""
    interval = f"interval {_times(row.interval[0])} to {_times(row.interval[1])}" if row.interval else "no interval"
    noise = (
        f"two halves of the real users differ by up to {_times(max(abs(b) for b in row.noise))} times"
        if row.noise
        else "no floor"
    )
    return (f"{_times(row.effect)}, " if head else "") + f"{interval}; {noise}"


def _plain(row: Outcome, scale: float = 1.0, unit: str = "") -> str:
    """Interval and noise of an effect on its own scale."""
    interval = (
        f"interval {_number(scale * row.interval[0])} to {_number(scale * row.interval[1])}{unit}"
        if row.interval
        else "no interval"
    )
    top = (
        max(abs(b) for b in row.noise)
        if row.noise and row.metric.kind == "signed"
        else row.noise[1]
        if row.noise
        else None
    )
    noise = (
        f"two halves of the real users differ by up to {_number(scale * top)}{unit}" if top is not None else "no floor"
    )
    return f"{interval}; {noise}"


def _times(log_ratio: float | None) -> str:
    factor = math.exp(log_ratio or 0.0)
    return (
        f"{factor:,.0f}"
        if factor >= 100
        else f"{factor:.1f}"
        if factor >= 1.95
        else f"{factor:.2f}"
        if factor >= 0.1
        else f"{factor:.2g}"
    )


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _finish(text: str) -> str:
    return text + "."
