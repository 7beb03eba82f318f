"""Trace surgery: each function takes a log apart at one joint and leaves the rest as it was."""

import numpy as np
import polars as pl

from tracelens.errors import TracelensError
from tracelens.plant.records import DAY, HOUR, MICROS, Bools, Ints, Records, draw_within, group, permute_within

SESSION_GAP = 30 * 60 * MICROS

TWINS = {
    "dislike": "like",
    "unlike": "like",
    "unfollow": "follow",
    "block": "follow",
    "report": "like",
    "not_interested": "like",
    "downvote": "upvote",
    "thumbs_down": "thumbs_up",
    "refund": "purchase",
    "return": "purchase",
    "cancel": "purchase",
    "remove_from_cart": "cart",
}

Generator = np.random.Generator


def copy(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    return log.events


def inflate(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    whole, part = divmod(strength - 1, 1)
    again = np.repeat(np.arange(len(log)), int(whole) + (rng.random(len(log)) < part))
    # 1 to 20 s later, or earlier where that would leave the hour
    jitter = rng.integers(1, 21, len(again)) * MICROS
    local = log.local[again]
    jitter = np.where((local + jitter) // HOUR == local // HOUR, jitter, -jitter) * log.timed[again]
    source = np.concatenate([np.arange(len(log)), again])
    time = np.concatenate([log.time, log.time[again] + jitter])
    fresh = int(log.id.max(initial=-1)) + 1 + np.arange(len(again))
    return log.rebuild(source, time=time, id=np.concatenate([log.id, fresh]))


def thin(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    return log.rebuild(np.flatnonzero(rng.random(len(log)) < strength))


def eager(log: Records, strength: float, rng: Generator, exposure_by_record: bool) -> pl.DataFrame:
    events = log.events
    role, happened = events["role"].to_numpy(), events["occurred"].to_numpy()
    if exposure_by_record:  # one row a record, of those in which anything happened: the others stay as they were
        rows = np.flatnonzero(happened)
        places = rows[np.unique(log.record_of_event[rows], return_index=True)[1]]
    else:
        places = np.flatnonzero((role == "exposure") & happened)
    _require(len(places) > 0, "eager needs exposures, the log has none", "map a role to exposure, or [rows] exposure")
    done = np.flatnonzero(np.isin(role, ["active", "conversion"]) & happened)
    whole, part = divmod(strength - 1, 1)
    done = np.repeat(done, int(whole) + (rng.random(len(done)) < part))
    # onto exposures of the same person in the same scenario, so that every scenario's rate grows alike
    user = np.repeat(log.user, log.size)
    onto = np.full(len(done), -1, dtype=np.int64)
    for keys in ((user, log.column("scenario")), (user,)):
        code = group(*keys)
        onto = np.where(onto < 0, draw_within(code[places], places, code[done], rng), onto)
    onto = np.where(onto < 0, done, onto)
    payload = ["action", "role", "valence", "occurred", "value", "count", "text"]
    return pl.concat([events, events[onto].with_columns(events[done].get_column(name) for name in payload)])


def average_person(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    return log.rebuild(rng.permutation(len(log)), into=np.arange(len(log)))


def average_person_days(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    day = log.local // DAY
    block = group(day, log.user)
    first = np.unique(block, return_index=True)[1]
    owner = log.user[first][permute_within(day[first], rng)]
    return log.rebuild(np.arange(len(log)), user=owner[block])


def drop_tail(log: Records, strength: float, rng: Generator, exposure_by_record: bool) -> pl.DataFrame:
    events = log.events
    item, category, happened = log.column("item"), log.column("category"), events["occurred"].to_numpy()
    if exposure_by_record:  # a record was seen, and its item with it, even if nothing that it lists was done
        seen = np.bincount(log.record_of_event, weights=happened, minlength=len(log)) == 0
        happened = happened.copy()
        happened[log.start[seen]] = True
    known = item >= 0
    _require(bool(known.any()), "drop-tail needs items, the log has none", "map item")
    mass = np.bincount(item[known & happened], minlength=int(item.max()) + 1)
    rarest = np.argsort(mass, kind="stable")
    tail = np.zeros(len(mass), dtype=bool)
    tail[rarest[mass[rarest].cumsum() <= strength * mass.sum()]] = True
    _require(not tail.all(), "drop-tail would leave no item", "lower --strength")
    # head items laid end to end by category, each as long as its mass: a point drawn on a category's stretch is an item
    head = np.flatnonzero(known & ~tail[item] & happened)
    head = head[np.lexsort((item[head], category[head]))]
    shelves = category[head]
    replaced = np.flatnonzero(known & tail[item])
    unit = np.unique(group(log.record_of_event[replaced], item[replaced]), return_index=True, return_inverse=True)
    wanted = category[replaced][unit[1]]
    low, high = np.searchsorted(shelves, wanted, "left"), np.searchsorted(shelves, wanted, "right")
    low, high = np.where(high > low, low, 0), np.where(high > low, high, len(head))
    drawn = head[low + (rng.random(len(wanted)) * (high - low)).astype(np.int64)]
    rows = np.arange(len(events))
    rows[replaced] = drawn[unit[2]]
    return events.with_columns(item=events["item"].gather(rows))


def utopia(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    events = log.events
    valence, happened = events["valence"].to_numpy(), events["occurred"].to_numpy()
    negative = np.flatnonzero((valence < 0) & happened)
    _require(len(negative) > 0, "utopia needs negative actions, the log has none", "give them a valence in the mapping")
    flipped = np.sort(rng.permutation(negative)[: round(strength * len(negative))])
    liked = events.filter(pl.col("valence") > 0, pl.col("occurred"))["action"].value_counts().sort(["count", "action"])
    known, usual = set(events["action"]), liked["action"][-1] if len(liked) else "like"
    twin = {
        action: TWINS[action] if TWINS.get(action) in known else usual for action in events[flipped]["action"].unique()
    }
    turned = np.zeros(len(events), dtype=bool)
    turned[flipped] = True
    chosen = pl.Series(turned)
    return events.with_columns(
        action=pl.when(chosen).then(pl.col("action").replace(twin)).otherwise("action"),
        valence=pl.when(chosen).then(pl.lit(1, pl.Int8)).otherwise("valence"),
    )


def shuffle_order(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    return log.rebuild(permute_within(log.user, rng), into=np.arange(len(log)))


def _first_and_last_day(log: Records) -> tuple[Ints, Ints, Ints]:
    """Day of each record, and the first and last of its user."""
    day = log.local // DAY
    first, last = np.full(len(log.users), np.iinfo(np.int64).max), np.full(len(log.users), np.iinfo(np.int64).min)
    np.minimum.at(first, log.user, day)
    np.maximum.at(last, log.user, day)
    return day, first[log.user], last[log.user]


def _to_days(log: Records, day: Ints) -> pl.DataFrame:
    """Move records to other days, at the same time of day."""
    moved = log.at_local(day * DAY + log.local % DAY)
    return log.rebuild(np.arange(len(log)), time=np.where(log.timeless, log.time, moved))


def circular_shift(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    day, first, last = _first_and_last_day(log)
    stream = group(log.user, log.scenario)
    span = last - first + 1
    turn = rng.random(int(stream.max(initial=-1)) + 1)[stream]
    by = np.where(span > 1, 1 + (turn * (span - 1)).astype(np.int64), 0)
    return _to_days(log, first + (day - first + by) % span)


def reverse_days(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    day, first, last = _first_and_last_day(log)
    return _to_days(log, first + last - day)


def shuffle_days(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    day = log.local // DAY
    block = group(log.user, day)
    first = np.unique(block, return_index=True)[1]
    return _to_days(log, day[first][permute_within(log.user[first], rng)][block])


def flat_clock(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    """Sessions of a day are laid at random over it: in their order, without overlap, inner gaps kept."""
    rows = np.flatnonzero(log.timed)
    local, user = log.local[rows], log.user[rows]
    order = np.lexsort((np.arange(len(rows)), local, user))
    rows, local, user = rows[order], local[order], user[order]
    day = local // DAY
    new_day = _changes(user, day)
    new = new_day | (np.diff(local, prepend=local[:1]) > SESSION_GAP)
    session = new.cumsum() - 1
    starts = np.flatnonzero(new)
    begin, end = local[starts], local[np.append(starts[1:], len(local)) - 1] if len(local) else local
    length = (end - begin) // MICROS + 1
    sessions_day = new_day[starts].cumsum() - 1
    total = np.bincount(sessions_day, length + SESSION_GAP // MICROS).astype(np.int64)
    room = np.where(total <= DAY // MICROS, SESSION_GAP // MICROS, 0)[
        sessions_day
    ]  # apart by a session gap where that fits
    free = np.maximum(DAY // MICROS - np.bincount(sessions_day, length + room).astype(np.int64), 0)[sessions_day]
    point = (rng.random(len(starts)) * free).astype(np.int64)
    point = point[np.lexsort((point, sessions_day))]
    before = (length + room).cumsum() - (length + room)
    before -= before[np.searchsorted(sessions_day, sessions_day, "left")]
    offset = day[starts] * DAY + (point + before) * MICROS + begin % MICROS - begin
    moved = log.local.copy()
    moved[rows] = local + offset[session]
    time = np.where(log.timed, log.at_local(moved), log.time)
    return log.rebuild(np.arange(len(log)), time=time)


def _changes(*keys: Ints) -> Bools:
    changed = np.zeros(len(keys[0]), dtype=bool)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return changed


def unlink(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    events = log.events
    pair = group(log.column("item"), log.column("category"))
    _, first, unit = np.unique(group(log.record_of_event, pair), return_index=True, return_inverse=True)
    stream = group(np.repeat(log.user, log.size), log.column("scenario"))[first]
    rows = first[permute_within(stream, rng)][unit]
    return events.with_columns(item=events["item"].gather(rows), category=events["category"].gather(rows))


def replay(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    events = log.events
    places = np.flatnonzero((events["role"].to_numpy() != "exposure") & events["occurred"].to_numpy())
    stream = group(np.repeat(log.user, log.size), log.column("scenario"))[places]
    rows = np.arange(len(events))
    rows[places] = draw_within(stream, places, stream, rng)
    return events.with_columns(events[name].gather(rows) for name in ("action", "role", "valence", "value", "count"))


def relabel(log: Records, strength: float, rng: Generator) -> pl.DataFrame:
    return log.rebuild(np.arange(len(log)), user=(log.user + 1) % max(len(log.users), 1))


def _require(met: bool, message: str, help: str) -> None:
    if not met:
        raise TracelensError.new(110, message, help=help)
