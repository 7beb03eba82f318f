"""The slow oracle of single behaviours: rhythm, what follows what, selectivity, failures, drift. See `tables`."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations, groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SESSION = 30 * MINUTE
ONE = 1 << 20

Event = dict[str, Any]


def timed(trace: list[Event]) -> list[Event]:
    return [e for e in trace if e["time_precision"] != "day"]


def acts(trace: list[Event]) -> list[Event]:
    return [e for e in trace if e["role"] in ("active", "conversion")]


def cut(trace: list[Event], gap: int) -> list[list[Event]]:
    """Sessions: lists of events with no pause above the gap; without a clock, records."""
    events = timed(trace)
    if any(e["time"] is None for e in events):
        records = list(dict.fromkeys(e["record"] for e in events))
        return [[e for e in events if e["record"] == record] for record in records]
    sessions: list[list[Event]] = []
    for event in events:
        if not sessions or event["time"] - sessions[-1][-1]["time"] > gap:
            sessions.append([])
        sessions[-1].append(event)
    return sessions


def week(trace: list[Event], zone: str) -> Counter[tuple[int, int]]:
    """Events by weekday (0 Monday) and hour."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    moments = [(epoch + timedelta(microseconds=e["time"])).astimezone(ZoneInfo(zone)) for e in timed(trace)]
    return Counter((m.weekday(), m.hour) for m in moments)


def session_counts(trace: list[Event], clock: bool) -> dict[int, dict[str, int]]:
    """By gap in minutes (0: records): sessions, events, duration, runs, changes."""
    counted = {}
    for gap in (10, 30, 60) if clock else (0,):
        sessions = cut(trace, gap * MINUTE)
        if not sessions:
            continue
        scenarios = [[e["scenario"] for e in session] for session in sessions]
        counted[gap] = {
            "sessions": len(sessions),
            "events": sum(map(len, sessions)),
            "duration": sum(s[-1]["time"] - s[0]["time"] for s in sessions) if clock else 0,
            "runs": sum(len(list(groupby(session))) for session in scenarios),
            "changes": sum(a[-1] != b[0] for a, b in pairwise(scenarios)) if clock else 0,
        }
    return counted


def tempo(trace: list[Event]) -> dict[int, dict[str, int]]:
    """By unit (0 events, 1 session starts): burstiness and memory of the gaps."""
    times = sorted(time for _, time in {(e["record"], e["time"]) for e in timed(trace)})
    starts = [session[0]["time"] for session in cut(trace, SESSION)]
    measured = {}
    for unit, moments in enumerate((times, starts)):
        if len(moments) < 2:
            continue
        gaps = np.diff(np.asarray(moments, dtype=np.float64))
        n, r = len(gaps), gaps.std() / gaps.mean() if gaps.any() else 0.0
        bursty = n >= 2 and bool(gaps.any())
        more, less = (n + 1) ** 0.5, (n - 1) ** 0.5
        logs = np.log(gaps[gaps > 0])
        before, after = logs[:-1], logs[1:]
        remembers = len(before) >= 2 and bool(np.ptp(before) > 0 and np.ptp(after) > 0)
        measured[unit] = {
            "gaps": n,
            "bursty": int(bursty),
            "plain_fixed": round((r - 1) / (r + 1) * ONE) if bursty else 0,
            "finite_fixed": round((more * r - less) / ((more - 2) * r + less) * ONE) if bursty else 0,
            "pairs": max(len(logs) - 1, 0),
            "remembers": int(remembers),
            "memory_fixed": round(float(np.corrcoef(before, after)[0, 1]) * ONE) if remembers else 0,
        }
    return measured


def action_bigrams(trace: list[Event]) -> Counter[tuple[str, str]]:
    """What action follows what other within a session."""
    runs = [[action for action, _ in groupby(e["action"] for e in session)] for session in cut(trace, SESSION)]
    return Counter(pair for session in runs for pair in pairwise(session))


def selectivity(trace: list[Event], by_record: bool, clock: bool) -> Counter[tuple[str, str | None, int]]:
    """Exposures by scenario, category and whether they were acted upon."""
    done: Counter[tuple[str, str | None, int]] = Counter()
    met: set[int] = set()
    for event in trace:
        category = event["category"]
        if by_record:
            exposed = event["record"] not in met
            met.add(event["record"])
            known = [e["category"] for e in trace if e["record"] == event["record"] and e["category"] is not None]
            category = min(known, default=None)
        else:
            exposed = event["role"] == "exposure"
        if not exposed:
            continue
        if not by_record and clock and event["item"] is not None and event["time_precision"] != "day":
            same = [a for a in acts(timed(trace)) if a["item"] == event["item"]]
            acted = any(0 <= a["time"] - event["time"] <= DAY for a in same)
        else:
            acted = any(a["record"] == event["record"] for a in acts(trace))
        done[event["scenario"], category, int(acted)] += 1
    return done


def failures(trace: list[Event], conversion: str | None, closes: int) -> dict[int, list[tuple[bool, int | None]]]:
    """By kind of path, for each start: whether it was observed long enough, and the wait for what is awaited."""
    sessions = cut(trace, SESSION)
    number = {id(e): i for i, session in enumerate(sessions) for e in session}
    found: dict[int, list[tuple[bool, int | None]]] = defaultdict(list)

    def follow(path: int, start: Event, days: int, awaited: Callable[[Event], bool]) -> None:
        waits = [e["time"] - start["time"] for e in timed(trace) if awaited(e)]
        within = [wait for wait in waits if 0 <= wait <= days * DAY]
        found[path].append((start["time"] + days * DAY <= closes, min(within, default=None)))

    def same(key: str, start: Event) -> Callable[[Event], bool]:
        return lambda e: e[key] is not None and e[key] == start[key]

    def later(key: str | None, start: Event) -> Callable[[Event], bool]:
        return lambda e: number[id(e)] > number[id(start)] and (key is None or same(key, start)(e))

    def both(one: Callable[[Event], bool], other: Callable[[Event], bool]) -> Callable[[Event], bool]:
        return lambda e: one(e) and other(e)

    for start in timed(trace):
        item = same("item", start)
        if start["item"] is not None:
            converts = start["role"] == "conversion"
            if start["role"] == "active" and start["valence"] > 0 and start["scenario"] == conversion:
                follow(0, start, 7, both(item, lambda e: e["role"] == "conversion"))
            if converts:
                follow(1, start, 14, both(item, lambda e: e["valence"] < 0 and e["role"] != "conversion"))
        if start["valence"] < 0:
            for path, key in ((2, "item"), (3, "category"), (4, "scenario")):
                if start[key] is not None:
                    follow(path, start, 7, later(key, start))
        if start["valence"] != 0:
            follow(5 if start["valence"] < 0 else 6, start, 7, later(None, start))
    return found


def categories_by_day(trace: list[Event]) -> list[tuple[int, Counter[str]]]:
    """Active days in order, with what was met on each."""
    days: dict[int, Counter[str]] = defaultdict(Counter)
    for event in trace:
        if event["category"] is not None:
            days[event["local"][0]][event["category"]] += 1
    return sorted(days.items())


def drift(days: list[tuple[int, Counter[str]]]) -> dict[int, tuple[int, int]]:
    """By whether days are neighbours: pairs of successive active days, and the sum of their Jaccard distances."""
    found: dict[int, list[int]] = defaultdict(list)
    for (a, before), (b, after) in pairwise(days):
        union = before.keys() | after.keys()
        found[int(b - a == 1)].append(rounded(Fraction(len(union) - len(before.keys() & after.keys()), len(union))))
    return {neighbours: (len(all), sum(all)) for neighbours, all in found.items()}


def persistence(days: list[tuple[int, Counter[str]]]) -> dict[int, tuple[int, int]]:
    """By lag: pairs of active days, and the sum of the products of their deviations from the mean shares."""
    if not days:
        return {}
    shares = {
        day: {name: Fraction(rounded(Fraction(n, mix.total())), ONE) for name, n in mix.items()} for day, mix in days
    }
    names = {name for mix in shares.values() for name in mix}
    zero = Fraction(0)
    mean = {name: sum((mix.get(name, zero) for mix in shares.values()), zero) / len(shares) for name in names}
    found: dict[int, list[Fraction]] = defaultdict(list)
    for a, b in [*combinations(shares, 2), *((day, day) for day in shares)]:
        if b - a in (0, 1, 3, 7, 14):
            terms: Iterable[Fraction] = (
                (shares[a].get(name, zero) - mean[name]) * (shares[b].get(name, zero) - mean[name]) for name in names
            )
            found[b - a].append(sum(terms, zero))
    return {lag: (len(all), rounded(sum(all, zero))) for lag, all in found.items()}


def thirds(days: list[tuple[int, Counter[str]]]) -> Counter[tuple[int, int, str]]:
    """Events by third of the active days, alternating half, and category."""
    counts: Counter[tuple[int, int, str]] = Counter()
    for rank, (_, mix) in enumerate(days):
        for name, n in mix.items():
            counts[3 * rank // len(days), rank % 2, name] += n
    return counts


def rounded(value: Fraction) -> int:
    """In units of 2^-20, to nearest, half up."""
    return (value * ONE + Fraction(1, 2)).__floor__()
