"""A slow oracle: the tables of `Statistics` from a frame of canonical events, one plain function per table.

Clarity over speed: it stands beside the kernels as a second opinion and shares no code with them.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tests.engine import behaviour
from tracelens.statistics import Statistics

US = 1_000_000
MINUTE = 60 * US
DAY = 86_400 * US
SESSION = 30 * MINUTE
GUARD = 30 * MINUTE
LOOK_BACK = 7 * DAY
LONGEST_GAP = 3 * DAY
ASYMMETRY_WINDOW = 3 * DAY
LEAD_WINDOWS = (1, 3, 7)
ONE = 1 << 20

Event = dict[str, Any]

DEFAULTS = {
    "time": None,
    "time_precision": "us",
    "seq": 0,
    "scenario": "all",
    "role": "active",
    "valence": 0,
    "occurred": True,
    "item": None,
    "category": None,
    "value": None,
    "record": None,
}


def tabulate(
    frame: pl.DataFrame,
    *,
    start: datetime,
    days: int,
    zone: str = "UTC",
    exposure_by_record: bool = False,
    conversion_scenario: str | None = None,
    users: Sequence[str] | None = None,
    given: Sequence[str] = (),
    valence: bool | None = None,
) -> Statistics:
    """Compute the tables of one side.

    `start` opens the window of `days` days; `users` are ids beyond those of the frame.
    """
    events = canonical(frame)
    clock = any(event["time"] is not None for event in events)
    opens = to_us(start)
    closes = opens + days * DAY
    everyone = sorted({*(event["user"] for event in events), *(users or ())})
    inside = [e for e in events if not clock or (e["time"] is not None and opens <= e["time"] < closes)]
    happened = [e for e in inside if e["occurred"]]
    names = {
        key: sorted({e[key] for e in happened if e[key] is not None})
        for key in ("scenario", "action", "item", "category")
    }
    if conversion_scenario is None:
        conversion_scenario = most_converting(happened)
    traces: dict[str, list[Event]] = {user: [] for user in everyone}
    for event in happened:
        event["local"] = local_hour(event["time"], zone) if event["time"] is not None else None
        traces[event["user"]].append(event)
    for trace in traces.values():
        trace.sort(key=order)
    listed = Counter(e["user"] for e in inside if not e["occurred"])
    code = {key: {name: i for i, name in enumerate(values)} for key, values in names.items()}
    rows = Rows(code, everyone)
    levels: Counter[str] = Counter()
    paths: set[str] = set()
    chains = {
        user: conversion_chains(trace, bool(names["item"]), bool(names["category"])) for user, trace in traces.items()
    }
    for found in chains.values():
        paths.update(chain["path"] for chain in found)
        levels.update(chain["level"] for chain in found)
    names["path"] = sorted(paths)
    code["path"] = {name: i for i, name in enumerate(names["path"])}
    per_user: dict[str, list[int]] = defaultdict(list)
    for row, (user, trace) in enumerate(traces.items()):
        switches = scenario_switches(trace)
        seen = exposures(trace, exposure_by_record)
        acts = [e for e in trace if e["role"] in ("active", "conversion")]
        totals = {
            "events": len(trace),
            "listed": listed[user],
            "records": len({e["record"] for e in trace}),
            "days": len({e["local"][0] for e in trace if e["local"]}),
            "exposures": sum(seen.values()),
            "actions": len(acts),
            "positive": sum(e["valence"] > 0 for e in trace),
            "negative": sum(e["valence"] < 0 for e in trace),
            "conversions": sum(e["role"] == "conversion" for e in trace),
            "switches": sum(switches.values()),
        }
        for key, value in totals.items():
            per_user[key].append(value)
        hours = Counter(e["local"][1] for e in trace if e["local"] and e["time_precision"] not in ("day", "none"))
        if clock and trace:
            rows.add("extents", user=row, first=trace[0]["time"], last=trace[-1]["time"])
        rows.count("clock", row, ("hour",), hours, "count")
        if clock:
            rows.count("week", row, ("weekday", "hour"), behaviour.week(trace, zone), "count")
            add_rhythm_and_drift(rows, row, trace, conversion_scenario, closes)
        add_incidences(rows, row, trace)
        for gap, counted in behaviour.session_counts(trace, clock).items():
            rows.add("sessions", user=row, gap=gap, **counted)
        keys = ("scenario", "category", "acted")
        rows.count("selectivity", row, keys, behaviour.selectivity(trace, exposure_by_record, clock), "count")
        rows.count("scenarios", row, ("scenario",), Counter(e["scenario"] for e in trace), "events")
        rows.count("exposures", row, ("scenario",), seen, "count")
        rows.count("actions", row, ("scenario", "action"), Counter((e["scenario"], e["action"]) for e in acts), "count")
        rows.count("switches", row, ("source", "target"), switches, "count")
        for unit, halves in halves_of(trace, clock, exposure_by_record).items():
            for (half, block, name), n in sorted(halves.items()):
                coded = 0 if block == SEEN else code[BLOCKS[block]][name]
                rows.add("halves", user=row, unit=unit, half=half, block=block, code=coded, count=n)
        for chain in chains[user]:
            rows.add(
                "conversions",
                user=row,
                time=chain["time"],
                scenario=code["scenario"][chain["scenario"]],
                action=code["action"][chain["action"]],
                item=code["item"].get(chain["item"], -1),
                category=code["category"].get(chain["category"], -1),
                level=("item", "category", "any", "unmatched").index(chain["level"]),
                depth=chain["depth"],
                span=chain["span"],
                scenarios=chain["scenarios"],
                path=code["path"][chain["path"]],
            )
        if clock and conversion_scenario is not None:
            for link, key in enumerate(("item", "category")):
                for window in LEAD_WINDOWS:
                    n, before, after = linked_lead(trace, key, conversion_scenario, window * DAY, opens, closes)
                    if n:
                        rows.add(
                            "lead",
                            user=row,
                            link=link,
                            window=window,
                            conversions=n,
                            before_fixed=before,
                            after_fixed=after,
                        )
    if clock:
        asymmetry(traces, names["scenario"], zone, rows)
    meta = {
        "days": days,
        "has_clock": clock,
        "has_exposures": exposure_by_record or any(e["role"] == "exposure" for e in happened),
        "has_valence": any(e["valence"] != 0 for e in happened) if valence is None else valence,
        "has_texts": False,
        "has_items": bool(names["item"]),
        "has_categories": bool(names["category"]),
        "exposure_by_record": exposure_by_record,
        "given": list(given),
        "conversion_scenario": conversion_scenario,
        "zone": zone,
        "timed_share": float(clock),
        "levels": dict(levels),
    }
    tables = rows.tables()
    tables["users"] = {key: np.asarray(values, dtype=np.int64) for key, values in per_user.items()}
    if not everyone:
        tables["users"] = {"events": np.zeros(0, dtype=np.int64)}
    return Statistics(np.asarray(everyone, dtype=object), names, tables, meta)


def add_incidences(rows: "Rows", row: int, trace: list[Event]) -> None:
    """What one user touched and did."""
    with_category = [e for e in trace if e["category"] is not None]
    interests = Counter((e["scenario"], e["category"]) for e in with_category)
    rows.count("items", row, ("item",), Counter(e["item"] for e in trace if e["item"] is not None), "count")
    rows.count("categories", row, ("category",), Counter(e["category"] for e in with_category), "count")
    rows.count("interests", row, ("scenario", "category"), interests, "count")
    kinds = Counter((e["scenario"], e["action"]) for e in trace)
    rows.count("behaviours", row, ("scenario", "action"), kinds, "count")
    rows.count("bigrams", row, ("action", "next_action"), behaviour.action_bigrams(trace), "count")


def add_rhythm_and_drift(rows: "Rows", row: int, trace: list[Event], conversion: str | None, closes: int) -> None:
    """What one user's times and days tell."""
    for unit, measured in behaviour.tempo(trace).items():
        rows.add("tempo", user=row, unit=unit, **measured)
    for kind, starts in behaviour.failures(trace, conversion, closes).items():
        waits = [wait for observed, wait in starts if observed]
        followed = [wait // (60 * MINUTE) for wait in waits if wait is not None]
        rows.add("failures", user=row, kind=kind, starts=len(starts), observed=len(waits), followed=len(followed))
        for hours, n in sorted(Counter(followed).items()):
            rows.add("waits", user=row, kind=kind, hours=hours, count=n)
    days = behaviour.categories_by_day(trace)
    for neighbours, (pairs, distance) in behaviour.drift(days).items():
        rows.add("drift", user=row, neighbours=neighbours, pairs=pairs, distance_fixed=distance)
    for lag, (pairs, product) in behaviour.persistence(days).items():
        rows.add("persistence", user=row, lag=lag, pairs=pairs, product_fixed=product)
    rows.count("thirds", row, ("third", "half", "category"), behaviour.thirds(days), "count")


BLOCKS = ("scenario", "action", "category")
SEEN = 3
COLUMNS = {
    "extents": ("user", "first", "last"),
    "clock": ("user", "hour", "count"),
    "scenarios": ("user", "scenario", "events"),
    "exposures": ("user", "scenario", "count"),
    "actions": ("user", "scenario", "action", "count"),
    "halves": ("user", "unit", "half", "block", "code", "count"),
    "week": ("user", "weekday", "hour", "count"),
    "items": ("user", "item", "count"),
    "categories": ("user", "category", "count"),
    "interests": ("user", "scenario", "category", "count"),
    "behaviours": ("user", "scenario", "action", "count"),
    "bigrams": ("user", "action", "next_action", "count"),
    "sessions": ("user", "gap", "sessions", "events", "duration", "runs", "changes"),
    "tempo": (
        *("user", "unit", "gaps", "bursty", "plain_fixed", "finite_fixed"),
        *("pairs", "remembers", "memory_fixed"),
    ),
    "drift": ("user", "neighbours", "pairs", "distance_fixed"),
    "persistence": ("user", "lag", "pairs", "product_fixed"),
    "thirds": ("user", "third", "half", "category", "count"),
    "selectivity": ("user", "scenario", "category", "acted", "count"),
    "failures": ("user", "kind", "starts", "observed", "followed"),
    "waits": ("user", "kind", "hours", "count"),
    "switches": ("user", "source", "target", "count"),
    "conversions": (
        *("user", "time", "scenario", "action", "item", "category"),
        *("level", "depth", "span", "scenarios", "path"),
    ),
    "lead": ("user", "link", "window", "conversions", "before_fixed", "after_fixed"),
    "asymmetry": (
        *("user", "source", "target", "before_fixed", "after_fixed"),
        *("own_before_fixed", "own_after_fixed"),
    ),
}


class Rows:
    """Tables under construction, row by row; names become codes."""

    def __init__(self, code: dict[str, dict[str, int]], users: list[str]) -> None:
        self.code = code
        self.users = users
        self.rows: dict[str, list[tuple[int, ...]]] = {name: [] for name in COLUMNS}

    def add(self, table: str, **values: int) -> None:
        self.rows[table].append(tuple(values[column] for column in COLUMNS[table]))

    def count(self, table: str, user: int, keys: tuple[str, ...], counter: Counter[Any], total: str) -> None:
        """One row per key of a counter."""
        for key, n in sorted(counter.items(), key=repr):
            parts = key if isinstance(key, tuple) else (key,)
            coded = {name: self.encode(name, part) for name, part in zip(keys, parts, strict=True)}
            self.add(table, user=user, **coded, **{total: n})

    def encode(self, column: str, value: Any) -> int:
        vocabulary = {"source": "scenario", "target": "scenario", "next_action": "action"}.get(column, column)
        if value is None:
            return -1
        return self.code[vocabulary][value] if vocabulary in self.code else int(value)

    def tables(self) -> dict[str, dict[str, Any]]:
        return {
            name: {
                column: np.asarray([row[i] for row in rows], dtype=np.int64) for i, column in enumerate(COLUMNS[name])
            }
            for name, rows in self.rows.items()
        }


def canonical(frame: pl.DataFrame) -> list[Event]:
    """Rows as dictionaries with every canonical key; times in microseconds since 1970."""
    if "time" in frame.columns and isinstance(frame.schema["time"], pl.Datetime):
        frame = frame.with_columns(pl.col("time").dt.epoch("us"))
    if "record" not in frame.columns:
        frame = frame.with_row_index("record")
    for column, value in DEFAULTS.items():
        filled = pl.lit(value) if column not in frame.columns else pl.col(column)
        frame = frame.with_columns((filled if value is None else filled.fill_null(value)).alias(column))
    return list(frame.with_columns(pl.col("user").cast(pl.String)).iter_rows(named=True))


def to_us(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def local_hour(time: int, zone: str) -> tuple[int, int]:
    """Local day (ordinal) and hour."""
    if zone == "UTC":
        return time // DAY, time % DAY // (3600 * US)
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).astimezone(ZoneInfo(zone))
    return moment.toordinal(), moment.hour


def order(event: Event) -> tuple[Any, ...]:
    """By time, mapped seq, scenario, action, item, value, so that no result depends on file order."""
    time = event["time"] if event["time"] is not None else 0
    value = event["value"]
    return (
        time,
        event["seq"],
        event["scenario"],
        event["action"],
        (event["item"] is None, event["item"] or ""),  # what is missing comes last
        math.inf if value is None else value,
    )


def most_converting(events: list[Event]) -> str | None:
    """The scenario with most events of role conversion; the first by name of equals."""
    n = Counter(e["scenario"] for e in events if e["role"] == "conversion")
    return min(n, key=lambda scenario: (-n[scenario], scenario), default=None)


def exposures(trace: list[Event], by_record: bool) -> Counter[str]:
    """Exposures by scenario: events with that role, or records."""
    if by_record:
        scenario: dict[int, str] = {}
        for event in trace:
            scenario.setdefault(event["record"], event["scenario"])
        return Counter(scenario.values())
    return Counter(e["scenario"] for e in trace if e["role"] == "exposure")


def scenario_switches(trace: list[Event]) -> Counter[tuple[str, str]]:
    """Changes of scenario between successive events; events known to the day only are left out."""
    ordered = [e["scenario"] for e in trace if e["time_precision"] != "day"]
    return Counter((a, b) for a, b in pairwise(ordered) if a != b)


def halves_of(trace: list[Event], clock: bool, by_record: bool) -> dict[int, Counter[tuple[int, int, str]]]:
    """By unit (0 day, 1 session, 2 record): events by (half, block, name); halves alternate by the unit's rank.

    Where each record is one exposure, block 3 counts the records by the half of their first event.
    """
    units: dict[int, list[int]] = {}
    if clock:
        day_rank = {day: rank for rank, day in enumerate(sorted({e["local"][0] for e in trace}))}
        units[0] = [day_rank[e["local"][0]] for e in trace]
        session = 0
        units[1] = []
        for before, event in zip([None, *trace], trace, strict=False):
            if before is not None and event["time"] - before["time"] > SESSION:
                session += 1
            units[1].append(session)
    else:
        rank: dict[tuple[str, int], int] = {}
        seen: Counter[str] = Counter()
        for event in trace:
            key = event["scenario"], event["record"]
            if key not in rank:
                rank[key] = seen[event["scenario"]]
                seen[event["scenario"]] += 1
        units[2] = [rank[e["scenario"], e["record"]] for e in trace]
    counted = {}
    for unit, ranks in units.items():
        halves: Counter[tuple[int, int, str]] = Counter()
        seen_records: set[int] = set()
        for event, number in zip(trace, ranks, strict=True):
            for block, key in enumerate(BLOCKS):
                if event[key] is not None:
                    halves[number % 2, block, event[key]] += 1
            if by_record and event["record"] not in seen_records:
                seen_records.add(event["record"])
                halves[number % 2, SEEN, ""] += 1
        counted[unit] = halves
    return counted


def conversion_chains(trace: list[Event], items: bool, categories: bool) -> list[dict[str, Any]]:
    """What led to each conversion: earlier events of its item (else category) within 7 days, cut at 3-day gaps."""
    chains = []
    for position, conversion in enumerate(trace):
        if conversion["role"] != "conversion" or conversion["time"] is None:
            continue
        own = conversion["record"]
        earlier = [e for e in trace[:position] if e["time"] >= conversion["time"] - LOOK_BACK and e["record"] != own]
        level, matched = "unmatched", []
        if not items and not categories:
            level, matched = "any", earlier
        for key in ("item", "category"):
            same = [e for e in earlier if conversion[key] is not None and e[key] == conversion[key]]
            if same:
                level, matched = key, same
                break
        chain = [conversion]
        for event in reversed(matched):
            if chain[0]["time"] - event["time"] > LONGEST_GAP:
                break
            chain.insert(0, event)
        if len(chain) == 1:
            level = "unmatched"
        runs = [
            e["scenario"]
            for before, e in zip([None, *chain], chain, strict=False)
            if not before or before["scenario"] != e["scenario"]
        ]
        chains.append(
            {
                "time": conversion["time"],
                "scenario": conversion["scenario"],
                "action": conversion["action"],
                "item": conversion["item"],
                "category": conversion["category"],
                "level": level,
                "depth": len(runs),
                "span": conversion["time"] - chain[0]["time"],
                "scenarios": len(set(runs)),
                "path": ">".join(runs),
            }
        )
    return chains


def run_starts(trace: list[Event], key: str) -> list[Event]:
    """First events of runs: events of one scenario and key, split at gaps over 30 minutes; without the key, none."""
    last: dict[tuple[str, str], int] = {}
    starts = []
    for event in trace:
        if event[key] is None:
            continue
        run = event["scenario"], event[key]
        if run not in last or event["time"] - last[run] > SESSION:
            starts.append(event)
        last[run] = event["time"]
    return starts


def linked_lead(
    trace: list[Event], key: str, conversion: str, window: int, opens: int, closes: int
) -> tuple[int, int, int]:
    """Conversions with full windows; summed shares of the same key elsewhere before and after, less the own base."""
    starts = run_starts(trace, key)
    elsewhere = [(e["time"], e[key]) for e in starts if e["scenario"] != conversion]
    base_counts = Counter(name for _, name in elsewhere)
    n = before = after = 0
    for event in starts:
        time = event["time"]
        if event["scenario"] != conversion or time - opens < window or time > closes - window:
            continue
        base = fixed_share(base_counts[event[key]], len(elsewhere))
        behind = [name for moment, name in elsewhere if time - window <= moment < time - GUARD]
        ahead = [name for moment, name in elsewhere if time + GUARD <= moment < time + window]
        if not behind:  # says how active the person was, not what led here
            continue
        n += 1
        before += fixed_share(behind.count(event[key]), len(behind)) - base
        after += fixed_share(ahead.count(event[key]), len(ahead)) - base if ahead else 0
    return n, before, after


def fixed_share(part: int, whole: int) -> int:
    """Share in units of 2^-20, rounded half up; 0 of nothing."""
    return (2 * part * ONE + whole) // (2 * whole) if whole else 0


def asymmetry(traces: dict[str, list[Event]], scenarios: list[str], zone: str, rows: Rows) -> None:
    """Starts of B after and before starts of A, windows inside the user's span.

    Weighted by 1 / daily volume of B, and by the user's own starts in third scenarios.
    """
    starts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for user, trace in traces.items():
        last: dict[str, int] = {}
        for event in trace:
            scenario = event["scenario"]
            if scenario not in last or event["time"] - last[scenario] > SESSION:
                starts[user, scenario].append(event["time"])
            last[scenario] = event["time"]
    volume: dict[str, Counter[int]] = {scenario: Counter() for scenario in scenarios}
    for (_, scenario), times in starts.items():
        volume[scenario].update(local_hour(time, zone)[0] for time in times)
    weight = {
        (user, scenario): np.asarray(
            [mean_volume(volume[scenario]) / volume[scenario][local_hour(time, zone)[0]] for time in times]
        )
        for (user, scenario), times in starts.items()
    }
    for row, (user, trace) in enumerate(traces.items()):
        for source, a in enumerate(scenarios):
            for target, b in enumerate(scenarios):
                if a == b or (user, a) not in starts or (user, b) not in starts:
                    continue
                others = np.asarray(starts[user, b])
                third = np.asarray([t for c in scenarios if c not in (a, b) for t in starts.get((user, c), [])])
                before = after = own_before = own_after = 0.0
                for time in starts[user, a]:
                    if time - ASYMMETRY_WINDOW < trace[0]["time"] or time + ASYMMETRY_WINDOW > trace[-1]["time"]:
                        continue
                    behind, ahead = around(others - time)
                    after += weight[user, b][ahead].sum()
                    before += weight[user, b][behind].sum()
                    # Mantel and Haenszel: the own activity elsewhere takes the place of the calendar.
                    t0, t1 = (0.5 + mask.sum() for mask in around(third - time))
                    own_after += ahead.sum() * t0 / (t0 + t1)
                    own_before += behind.sum() * t1 / (t0 + t1)
                if before or after:
                    rows.add(
                        "asymmetry",
                        user=row,
                        source=source,
                        target=target,
                        before_fixed=round(before * ONE),
                        after_fixed=round(after * ONE),
                        own_before_fixed=round(own_before * ONE),
                        own_after_fixed=round(own_after * ONE),
                    )


def around(lag: Any) -> tuple[Any, Any]:
    """Which lags lie in the window before, and which in that after, the guard left out."""
    before = (lag >= -ASYMMETRY_WINDOW) & (lag < -GUARD)
    return before, (lag > GUARD) & (lag <= ASYMMETRY_WINDOW)


def mean_volume(by_day: Counter[int]) -> float:
    """Mean daily volume as a start of this scenario meets it."""
    return sum(n * n for n in by_day.values()) / sum(by_day.values())
