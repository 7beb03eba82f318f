"""A log cut into records: what trace surgery moves about. Arrays over records, no loop over events."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MICROS = 1_000_000
DAY = 86_400 * MICROS
HOUR = 3_600 * MICROS

SCHEMA: dict[str, Any] = {
    "user": pl.String,
    "time": pl.Datetime("us", "UTC"),
    "time_precision": pl.String,
    "seq": pl.UInt32,
    "scenario": pl.String,
    "action": pl.String,
    "role": pl.String,
    "valence": pl.Int8,
    "occurred": pl.Boolean,
    "item": pl.String,
    "category": pl.String,
    "value": pl.Float64,
    "count": pl.UInt32,
    "text": pl.String,
    "record": pl.UInt64,
}
DEFAULTS: dict[str, Any] = {"seq": 0, "scenario": "all", "role": "active", "valence": 0, "occurred": True, "count": 1}


def canonical(events: pl.DataFrame) -> pl.DataFrame:
    """All canonical columns in their order, dictionaries as strings, missing ones by their defaults."""
    frame = events.with_columns(
        pl.lit(DEFAULTS.get(name)).cast(dtype).alias(name)
        for name, dtype in SCHEMA.items()
        if name not in events.columns
    )
    frame = frame.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    frame = frame.with_columns(pl.col(name).fill_null(value) for name, value in DEFAULTS.items())
    if "time_precision" not in events.columns:
        timed = pl.col("time").is_not_null()
        frame = frame.with_columns(time_precision=pl.when(timed).then(pl.lit("us")).otherwise(pl.lit("none")))
    if "record" not in events.columns:
        frame = frame.sort(pl.all()).with_columns(record=pl.int_range(pl.len(), dtype=pl.UInt64))
    return frame


@dataclass(frozen=True)
class Records:
    """A log as records: R records of N events, sorted by user, time and id; the events of a record lie together.

    Attributes
    ----------
    events : DataFrame
        The N events in canonical columns.
    users : list of str
        Sorted ids; ``user`` indexes them.
    start, size : ndarray, shape (R,)
        Where the events of a record start, and how many they are.
    user, time, id, seq : ndarray, shape (R,)
        Of the record; its time is that of its first event, in microseconds since 1970 (0 where ``timeless``).
    precision : ndarray of str, shape (R,)
    timeless : ndarray of bool, shape (R,)
    scenario : ndarray, shape (R,)
        Code of the scenario of the record's first event.
    zone : str
        IANA zone in which days are counted.
    """

    events: pl.DataFrame
    users: list[str]
    start: Ints
    size: Ints
    user: Ints
    time: Ints
    id: Ints
    seq: Ints
    precision: NDArray[Any]
    timeless: Bools
    scenario: Ints
    zone: str

    @classmethod
    def of(cls, events: pl.DataFrame, zone: str) -> "Records":
        frame = canonical(events)
        first = pl.col("time").min().over("user", "record")
        frame = frame.sort(
            [
                "user",
                first,
                pl.col("seq").min().over("user", "record"),
                "record",
                "time",
                "seq",
                pl.all().exclude("user"),
            ],
            nulls_last=True,
        )
        changed = pl.struct("user", "record").rle_id()
        rows = frame.select(changed.alias("r")).to_series().to_numpy()
        start = np.flatnonzero(np.diff(rows, prepend=-1)).astype(np.int64)
        heads = frame[start]
        users = frame["user"].unique().sort().to_list()
        return cls(
            events=frame,
            users=users,
            start=start,
            size=np.diff(start, append=len(frame)).astype(np.int64),
            user=_codes(heads["user"]),
            time=heads["time"].cast(pl.Int64).fill_null(0).to_numpy().astype(np.int64),
            id=heads["record"].to_numpy().astype(np.int64),
            seq=heads["seq"].to_numpy().astype(np.int64),
            precision=heads["time_precision"].to_numpy(),
            timeless=heads["time"].is_null().to_numpy(),
            scenario=_codes(heads["scenario"]),
            zone=zone,
        )

    def __len__(self) -> int:
        return len(self.start)

    def column(self, name: str) -> Ints:
        """Codes of a column of the events, shape (N,); equal codes are equal values, a missing value is -1."""
        return _codes(self.events[name])

    @property
    def record_of_event(self) -> Ints:
        """Which record each event belongs to, shape (N,)."""
        return np.repeat(np.arange(len(self)), self.size)

    @property
    def local(self) -> Ints:
        """Local time of the records, in microseconds since 1970 on the wall clock."""
        times = pl.Series(self.time).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(self.zone)
        offset = times.dt.base_utc_offset().dt.total_microseconds() + times.dt.dst_offset().dt.total_microseconds()
        return np.asarray(self.time + offset.to_numpy(), dtype=np.int64)

    def at_local(self, local: Ints) -> Ints:
        """UTC of wall-clock times; a time that the clock skips is moved by the usual offset of the record."""
        naive = pl.Series(local).cast(pl.Datetime("us"))
        utc = naive.dt.replace_time_zone(self.zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone(
            "UTC"
        )
        return np.asarray(
            utc.cast(pl.Int64).fill_null(pl.Series(local - (self.local - self.time))).to_numpy(), dtype=np.int64
        )

    @property
    def timed(self) -> Bools:
        """Records with a time of day."""
        return np.asarray(~self.timeless & (self.precision != "day"), dtype=bool)

    def rebuild(
        self,
        source: Ints,
        *,
        user: Ints | None = None,
        time: Ints | None = None,
        id: Ints | None = None,
        into: Ints | None = None,
    ) -> pl.DataFrame:
        """Write a log of new records.

        Parameters
        ----------
        source : ndarray
            For each new record, the record whose payload (scenario, actions, items, ...) it gets.
        user, time, id : ndarray, optional
            Owner, time and id of each new record; those of ``into`` if missing.
        into : ndarray, optional
            For each new record, the record whose place (user, time, order, id) it takes; ``source`` if missing.
        """
        into = source if into is None else into
        size = self.size[source]
        slot = np.repeat(np.arange(len(source)), size)
        rows = np.arange(len(slot)) - np.repeat(size.cumsum() - size, size) + np.repeat(self.start[source], size)
        events = self.events[rows]
        within = events["time"].cast(pl.Int64).fill_null(0).to_numpy() - self.time[source][slot]
        moved = (self.time[into] if time is None else time)[slot] + within
        owner = self.user[into] if user is None else user
        seq = self.seq[into][slot] + events["seq"].to_numpy().astype(np.int64) - self.seq[source][slot]
        events = events.with_columns(
            user=pl.Series(self.users, dtype=pl.String).gather(owner[slot]),
            time=pl.Series(moved).set(pl.Series(self.timeless[into][slot]), None).cast(pl.Datetime("us", "UTC")),
            time_precision=pl.Series(self.precision[into][slot], dtype=pl.String),
            record=pl.Series((self.id[into] if id is None else id)[slot].astype(np.uint64)),
            seq=pl.Series(seq.clip(min=0).astype(np.uint32)),
        )
        if not self.timeless.all() or (into is source and user is None):
            return events
        # without a clock the order is all in seq, and records of other lengths would overlap
        order = np.lexsort((np.arange(len(slot)), self.seq[into][slot], owner[slot]))
        owners = owner[slot][order]
        first = np.flatnonzero(np.diff(owners, prepend=-1))
        rank = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
        return events[order].with_columns(seq=pl.Series(rank.astype(np.uint32)))


def _codes(column: pl.Series) -> Ints:
    """Ranks of the distinct values, -1 for a missing one."""
    return np.asarray(column.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1, dtype=np.int64)


def group(*keys: Ints) -> Ints:
    """One code per combination of keys."""
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        width = int(key.max(initial=-1)) + 2
        code = np.unique(code * width + key + 1, return_inverse=True)[1].astype(np.int64)
    return code


def permute_within(groups: Ints, rng: np.random.Generator) -> Ints:
    """A random permutation that keeps every group to itself: out[i] is the element that comes to place i."""
    out = np.empty(len(groups), dtype=np.int64)
    out[np.argsort(groups, kind="stable")] = np.lexsort((rng.random(len(groups)), groups))
    return out


def draw_within(groups: Ints, pool: Ints, wanted: Ints, rng: np.random.Generator) -> Ints:
    """For each wanted group one random element of ``pool`` (of these ``groups``); -1 where the group is empty."""
    order = np.argsort(groups, kind="stable")
    ranked = groups[order]
    low, high = np.searchsorted(ranked, wanted, "left"), np.searchsorted(ranked, wanted, "right")
    place = low + (rng.random(len(wanted)) * (high - low)).astype(np.int64)
    return np.where(high > low, pool[order][np.minimum(place, max(len(pool) - 1, 0))] if len(pool) else -1, -1)
