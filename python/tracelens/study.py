"""From sides to a result: windows, rosters, designs, given columns; then one comparison for each simulation."""

from collections.abc import Mapping
from typing import Any, Literal

from tracelens.anchors import plant_anchors
from tracelens.errors import TracelensError
from tracelens.leaderboard import leaderboard
from tracelens.pairwise import Contrast, plain
from tracelens.plural import many
from tracelens.profile import Profile
from tracelens.roster import Roster
from tracelens.sources import CONTROL, PEOPLE, REAL
from tracelens.states import State
from tracelens.statistics import Statistics
from tracelens.traces import Traces
from tracelens.verdict import Outcome
from tracelens.window import Align, Windows, choose_windows

Design = Literal["auto", "paired", "population"]

SHARED_IDS_FOR_PAIRED = 0.9
"""Share of the smaller side's ids that must be in the other side for the two to be the same people."""

LOST = 0.01
"""Share of dropped rows above which a reader of the result is warned."""

REPLAYED = 0.95
"""Share of records, on either side, that are the other side's too: above it the columns were given, not simulated."""


def compare_sides(
    sides: Mapping[str, Traces | State],
    *,
    design: Design,
    align: Align | None,
    roster: Roster | None,
    seed: int,
    score: bool,
    jobs: int | None,
    profile: Profile,
) -> dict[str, Any]:
    """Compare every simulation with the real side.

    Parameters
    ----------
    sides : mapping of str to Traces or State
        By name; ``real`` is one of them, ``control`` may be, all others are simulations.
    design, align, roster, seed, score, jobs, profile
        As in :func:`tracelens.compare`.

    Returns
    -------
    dict
        What ``result.json`` holds (see ``result.schema.json``), less ``provenance``.
    """
    real = sides[REAL]
    warnings: list[str] = []
    extents = {n: (t.about["first_day"], t.about["last_day"]) for n, t in sides.items() if t.about["has_clock"]}
    timed = len(extents) == len(sides)
    for why in dict.fromkeys(t.about["why"] for t in sides.values() if t.about["why"]):
        guessed = [name for name, t in sides.items() if t.about["why"] == why]
        mapping = sides[guessed[0]].about["mapping"]
        warnings.append(f"{', '.join(guessed)}: read with the built-in mapping {mapping}, recognised as {why}")
    if timed:
        windows = choose_windows(extents, align=align, entry=roster.entry if roster else None)
        warnings += windows.warnings
        warnings += [
            f"{n}: the mapping declares no zone, days are counted in UTC"
            for n, t in sides.items()
            if not t.about["zone"]
        ]
    else:
        windows = Windows({}, "start")
        without = ", ".join(n for n in sides if n not in extents)
        warnings.append(f"no clock in {without}: nothing that needs the time is compared, and logs are taken whole")
    summaries: dict[str, Statistics] = {}

    def summarised(traces: Traces | State, name: str) -> Statistics:
        scenario = summaries[REAL].meta["conversion_scenario"] if REAL in summaries else None
        days = windows.days.get(name)
        summary = traces.statistics(days=days, entry=windows.entry, conversion_scenario=scenario, jobs=jobs)
        return summary if timed else _without_clock(summary)

    for name, traces in sides.items():
        with profile.stage("fold"):
            summary = summarised(traces, name)
        if roster is not None and name != CONTROL:  # a roster knows nobody of the control
            summary = summary.with_users(windows.entry or roster.users["real" if name == "real" else "sim"])
        summaries[name] = summary

    warnings += [said for name in sides for said in _losses(name, sides[name], summaries[name])]
    if states := [name for name, side in sides.items() if isinstance(side, State)]:
        said = "whether columns were copied from the real log cannot be seen from a state"
        warnings.append(f"{', '.join(states)}: {said}")
    anchors = None
    if score:
        with profile.stage("plant"):
            known = roster is not None
            anchors = plant_anchors(
                real, summaries[REAL], lambda planted: summarised(planted, REAL), roster=known, seed=seed, jobs=jobs
            )
    control = None
    if CONTROL in sides:
        _require_shared_scenario(CONTROL, sides)
        with profile.stage("resample"):
            people = summaries[REAL], summaries[CONTROL]
            control = Contrast.of(*people, name=CONTROL, design="population", seed=seed, jobs=jobs)
    comparisons, used = [], set()
    primaries: dict[str, Mapping[str, Outcome]] = {}
    for name in sides:
        if name in PEOPLE:
            continue
        _require_shared_scenario(name, sides)
        chosen = _design(real, sides[name], design)
        used.add(chosen)
        if chosen == "paired":
            warnings += _without_counterpart(real, sides[name], name)
        with profile.stage("match"):
            given = _given(real, sides[name], windows, ("real", name))
        with profile.stage("resample"):
            pair = summaries[REAL], summaries[name]
            contrast = Contrast.of(
                *pair, name=name, design=chosen, seed=seed, roster=roster is not None, given=given, jobs=jobs
            )
            told = contrast.result(anchors=anchors, control=None if control is None else control.primaries)
        comparisons.append(told)
        primaries[name] = contrast.primaries
    if len(used) > 1:
        warnings.append("the simulations do not all hold the same users: some are compared paired, some as populations")
    if len({len(summaries[name].users) for name in primaries}) > 1:
        warnings.append("the simulations differ in users: differences on the leaderboard are those of other resamples")
    return {
        "schema": "tracelens/result/1",
        "seed": seed,
        "design": "paired" if used == {"paired"} else "population",
        "sides": {name: _side(traces, summaries[name]) for name, traces in sides.items()},
        "comparisons": comparisons,
        "leaderboard": plain(leaderboard(primaries)) if len(primaries) > 1 else None,
        "control": None if control is None else control.result(anchors=anchors),
        "anchors": None if anchors is None else plain(anchors.plain()),
        "warnings": warnings + [f"{n}: {note}" for n, t in sides.items() for note in t.reading()["notes"]],
    }


def _design(real: Traces | State, sim: Traces | State, design: Design) -> Literal["paired", "population"]:
    if design != "auto":
        return design
    a, b = set(real.users), set(sim.users)
    return "paired" if len(a & b) >= SHARED_IDS_FOR_PAIRED * min(len(a), len(b)) else "population"


def _losses(name: str, traces: Traces | State, summary: Statistics) -> list[str]:
    """What of a side was lost on the way, where that is much; nothing left is an error."""
    reading, outside = traces.reading(), int(summary.meta["outside"])
    used = reading["events_used"] - outside
    if used == 0:
        help = "look for stray timestamps, or lay the windows otherwise with --align"
        raise TracelensError.new(301, f"no event of {name} lies inside the observation window", help=help)
    said = []
    if outside > used:
        said.append(
            f"{name}: inside the observation window lie only {used:,} of {many(reading['events_used'], 'event')}; "
            "a few stray timestamps can do that"
        )
    dropped = sum(reading["dropped"].values())
    if dropped > LOST * reading["events_in"]:
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in reading["dropped"].items())
        said.append(f"{name}: dropped {dropped:,} of {many(reading['events_in'], 'row')} ({reasons})")
    return said


def _without_counterpart(real: Traces | State, sim: Traces | State, name: str) -> list[str]:
    here, there = set(real.users), set(sim.users)
    alone = {"real": len(here - there), name: len(there - here)}
    return [
        f"{many(n, 'user')} of {side} without a counterpart, counted on the other side as doing nothing"
        for side, n in alone.items()
        if n
    ]


def _given(real: Traces | State, sim: Traces | State, windows: Windows, names: tuple[str, str]) -> frozenset[str]:
    """Columns that the simulation was handed, seen from the records: a replay copies all of them.

    The match must hold from both sides: a thinned log stands in the real one, yet its volume is its own. Items and
    categories count as handed over only if every record has them alike: the tail is in the last few.
    """
    if isinstance(real, State) or isinstance(sim, State):
        return frozenset()  # it takes the events to see it
    days = (windows.days.get(name) for name in names)
    here, there, alike, with_item, events, others, as_many = real.core.overlap(sim.core, *days)
    given: set[str] = set()
    if here and alike >= REPLAYED * max(here, there):
        given |= {"time", "scenario"}
        if as_many >= REPLAYED * max(events, others):
            given.add("volume")
        if with_item == here == there:
            given |= {"item", "category"}
    return frozenset(given)


def _require_shared_scenario(name: str, sides: Mapping[str, Traces | State]) -> None:
    seen = {n: sides[n].names("scenario") for n in ("real", name)}
    if not set(seen["real"]) & set(seen[name]):
        notes = tuple(f"{n}: {', '.join(s[:8])}" for n, s in seen.items())
        help = "map the scenarios of both sides to the same names: [map.scenario] in a mapping file"
        raise TracelensError.new(301, f"real and {name} have no scenario in common", notes=notes, help=help)


def _without_clock(summary: Statistics) -> Statistics:
    """Where one side has no clock, the other's is of no use."""
    return Statistics(summary.users, summary.names, summary.tables, {**summary.meta, "has_clock": False, "days": None})


def _side(traces: Traces | State, summary: Statistics) -> dict[str, Any]:
    from datetime import UTC, datetime, timedelta

    reading = traces.reading()
    dropped = dict(reading["dropped"])
    outside = int(summary.meta["outside"])
    if outside:
        dropped["outside the observation window"] = outside
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    def instant(us: int | None) -> str | None:
        return None if us is None else (epoch + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")

    about = traces.about
    return {
        "users": len(summary.users),
        "events_in": reading["events_in"],
        "events_used": reading["events_used"] - outside,
        "dropped": dropped,
        "first": instant(about["first"]),
        "last": instant(about["last"]),
        "mapping": about["mapping"],
        "given": sorted(about["given"]),
    }
