"""A compact synthetic population with every axis in it, and surgery on its traces."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

START = datetime(2025, 9, 1, tzinfo=UTC)
DAYS = 30
HOUR = 3600.0
DAY = 86_400.0
SCENARIOS = ("ad", "live", "search", "shop", "video")
VIEWS = {"search": "query", "video": "view", "ad": "impression", "live": "enter", "shop": "browse"}
POSITIVE = ("like", "follow", "share", "purchase")
NEGATIVE = ("dislike", "unfollow", "report", "refund")
CATEGORIES = 12
PER_CATEGORY = 60

Frame = pl.DataFrame


def generate(users: int = 200, seed: int = 0, rate: float = 0.3) -> Frame:
    """Return events: seconds since START in ``seconds``, and everything an event needs but the clock (see `finish`)."""
    r = np.random.default_rng(seed)
    sessions = rate * np.exp(r.normal(0, 0.8, users))
    active = 1 / (1 + np.exp(-r.normal(0.8, 1.0, users)))
    mix = r.dirichlet([1.5, 1.5, 1.2, 1.0, 5], users)
    taste = r.dirichlet(np.full(CATEGORIES, 0.25), users)
    phase = r.normal(20, 2.5, users)
    like = np.exp(r.normal(-2.2, 0.9, (users, 4))) * (r.random((users, 4)) > [0.15, 0.4, 0.5, 0.45])
    dislike = np.exp(r.normal(-3.4, 1.0, (users, 4))) * (r.random((users, 4)) > 0.5)
    length = np.exp(r.normal(1.2, 0.4, users))
    popularity = 1 / np.arange(1, PER_CATEGORY + 1) ** 1.1
    popularity /= popularity.sum()
    rows: list[tuple[int, float, int, int, int, int]] = []
    record = 0
    for user in range(users):
        starts: list[tuple[float, int | None, int | None]] = []
        for day in np.flatnonzero(r.random(DAYS) < active[user]):
            hours = r.normal(phase[user], 2, max(1, r.poisson(sessions[user]))) % 24
            starts.extend((day * DAY + hour * HOUR, None, None) for hour in hours)
        for begin, _, _ in list(starts):
            if r.random() < 0.25:  # a search leads to a video, an ad, a live room and the shop, days apart
                category = int(r.choice(CATEGORIES, p=taste[user]))
                starts.append((begin, 2, category))
                for scenario, lag, chance in ((4, 6 * HOUR, 0.8), (0, DAY, 0.7), (1, 2 * DAY, 0.6), (3, 3 * DAY, 0.7)):
                    moment = begin + r.exponential(lag) + 600
                    if r.random() < chance and moment < DAYS * DAY:
                        starts.append((moment, scenario, category))
        for begin, fixed_scenario, fixed_category in starts:
            n = max(1, r.poisson(length[user]))
            scenario = fixed_scenario if fixed_scenario is not None else int(r.choice(5, p=mix[user]))
            category = fixed_category if fixed_category is not None else int(r.choice(CATEGORIES, p=taste[user]))
            moment = begin
            for step in range(n):
                if step and fixed_scenario is None:
                    scenario = int(r.choice(5, p=mix[user])) if r.random() < 0.15 else scenario
                    category = int(r.choice(CATEGORIES, p=taste[user])) if r.random() < 0.25 else category
                item = category * PER_CATEGORY + int(r.choice(PER_CATEGORY, p=popularity))
                record += 1
                rows.append((user, moment, scenario, 0, item, record))
                for kind, chance in enumerate(np.concatenate([like[user], dislike[user]])):
                    if kind == 3:
                        chance *= {3: 3.0, 1: 1.0}.get(scenario, 0.05)
                    if r.random() < min(chance, 0.9):
                        rows.append((user, moment + 1 + kind, scenario, kind + 1, item, record))
                moment += r.lognormal(3.2, 0.9)
    user, seconds, scenario, kind, item, records = (np.asarray(column) for column in zip(*rows, strict=True))
    actions = ("", *POSITIVE, *NEGATIVE)
    names = [VIEWS[SCENARIOS[s]] if k == 0 else actions[k] for s, k in zip(scenario, kind, strict=True)]
    return (
        pl.DataFrame(
            {
                "user": [f"u{u:04d}" for u in user],
                "seconds": seconds,
                "scenario": [SCENARIOS[s] for s in scenario],
                "action": names,
                "item": [f"i{i:04d}" for i in item],
                "category": [f"c{i // PER_CATEGORY:02d}" for i in item],
                "record": records,
            }
        )
        .filter(pl.col("seconds") < DAYS * DAY)
        .sort("user", "seconds", maintain_order=True)
    )


def finish(frame: Frame) -> Frame:
    """Give the canonical columns: time, role and valence from the action."""
    view = pl.col("action").is_in(list(VIEWS.values()))
    return frame.with_columns(
        time=pl.lit(START) + pl.duration(microseconds=(pl.col("seconds") * 1e6).cast(pl.Int64)),
        role=pl.when(view)
        .then(pl.lit("exposure"))
        .when(pl.col("action") == "purchase")
        .then(pl.lit("conversion"))
        .otherwise(pl.lit("active")),
        valence=pl.when(pl.col("action").is_in(list(POSITIVE)))
        .then(1)
        .when(pl.col("action").is_in(list(NEGATIVE)))
        .then(-1)
        .otherwise(0),
    ).drop("seconds")


def _sorted(frame: Frame) -> Frame:
    return frame.sort("user", "seconds", maintain_order=True)


def inflate(frame: Frame, seed: int = 7, share: float = 0.5) -> Frame:
    """Duplicate a share of records, each within 20 seconds."""
    r = np.random.default_rng(seed)
    records = frame["record"].unique().sort().to_list()
    chosen = [record for record, hit in zip(records, r.random(len(records)) < share, strict=True) if hit]
    jitter = pl.DataFrame({"record": chosen, "jitter": r.uniform(0.1, 20, len(chosen))})
    extra = frame.join(jitter, on="record", maintain_order="left").with_columns(
        seconds=pl.col("seconds") + pl.col("jitter"), record=pl.col("record") + records[-1]
    )
    return _sorted(pl.concat([frame, extra.drop("jitter")]))


def double(frame: Frame) -> Frame:
    """Every event twice, on the spot."""
    return _sorted(pl.concat([frame, frame.with_columns(pl.col("record") + frame["record"].max())]))


def thin(frame: Frame, seed: int = 1, keep: float = 0.5) -> Frame:
    """Keep a share of records."""
    records = frame["record"].unique().sort().to_list()
    kept = np.random.default_rng(seed).random(len(records)) < keep
    return frame.filter(pl.col("record").is_in([record for record, hit in zip(records, kept, strict=True) if hit]))


def eager(frame: Frame) -> Frame:
    """Every action that is not an exposure twice."""
    acts = frame.filter(~pl.col("action").is_in(list(VIEWS.values())))
    return _sorted(pl.concat([frame, acts.with_columns(seconds=pl.col("seconds") + 0.5)]))


def utopia(frame: Frame, seed: int = 7, share: float = 0.7) -> Frame:
    """A share of negative actions becomes the positive twin (never a purchase)."""
    r = np.random.default_rng(seed)
    twins = {"dislike": "like", "unfollow": "follow", "report": "like", "refund": "share"}
    flip = pl.Series(r.random(len(frame)) < share) & frame["action"].is_in(list(NEGATIVE))
    return frame.with_columns(action=pl.when(flip).then(pl.col("action").replace(twins)).otherwise(pl.col("action")))


def drop_tail(frame: Frame, seed: int = 7, q: float = 0.2) -> Frame:
    """Items that carry the bottom q of the mass become head items of the same category."""
    r = np.random.default_rng(seed)
    n = frame.group_by("item", "category").len().sort("len", "item")
    tail = set(n.filter(pl.col("len").cum_sum() <= q * len(frame))["item"])
    head = n.filter(~pl.col("item").is_in(list(tail)))
    pool = {
        category: head.filter(pl.col("category") == category)["item"].to_list() for category in n["category"].unique()
    }
    items = [
        pool[c][r.integers(len(pool[c]))] if i in tail and pool[c] else i
        for i, c in zip(frame["item"], frame["category"], strict=True)
    ]
    return frame.with_columns(item=pl.Series(items))


PAYLOAD = ("scenario", "action", "item", "category")


def _permute(frame: Frame, order: np.ndarray, columns: tuple[str, ...] = PAYLOAD) -> Frame:
    return frame.with_columns(frame.select(columns)[order])


def average_person(frame: Frame, seed: int = 7) -> Frame:
    """Payloads permuted over the whole log, users and times kept."""
    return _permute(frame, np.random.default_rng(seed).permutation(len(frame)))


def _within(frame: Frame, keys: list[str], seed: int) -> np.ndarray:
    r = np.random.default_rng(seed)
    order = np.arange(len(frame))
    for rows in frame.with_row_index("row").group_by(keys, maintain_order=True).agg("row")["row"]:
        index = rows.to_numpy()
        order[index] = r.permutation(index)
    return order


def shuffle_order(frame: Frame, seed: int = 7) -> Frame:
    """Payloads permuted over the user's own times."""
    return _permute(frame, _within(frame, ["user"], seed))


def unlink(frame: Frame, seed: int = 7) -> Frame:
    """Items with their categories permuted within user and scenario."""
    return _permute(frame, _within(frame, ["user", "scenario"], seed), ("item", "category"))


def reverse_days(frame: Frame) -> Frame:
    """Days in reverse order, clock within the day kept."""
    day = (pl.col("seconds") / DAY).floor()
    return _sorted(frame.with_columns(seconds=pl.col("seconds") + (DAYS - 1 - 2 * day) * DAY))


def flat_clock(frame: Frame, seed: int = 7) -> Frame:
    """Sessions start at a uniform hour of the same day, inner gaps kept."""
    r = np.random.default_rng(seed)
    seconds, user = frame["seconds"].to_numpy(), frame["user"].to_numpy()
    new = np.r_[True, (user[1:] != user[:-1]) | (np.diff(seconds) > 1800)]
    starts = seconds[new]
    shift = np.floor(starts / DAY) * DAY + r.uniform(0, DAY - 3600, len(starts)) - starts
    moved = np.clip(seconds + shift[np.cumsum(new) - 1], 0, DAYS * DAY - 1)
    return _sorted(frame.with_columns(seconds=pl.Series(moved)))


def relabel(frame: Frame) -> Frame:
    """Every trace under the next user's id."""
    ids = frame["user"].unique().sort().to_list()
    return _sorted(frame.with_columns(pl.col("user").replace(dict(zip(ids, [*ids[1:], ids[0]], strict=True)))))


SURGERY: dict[str, Callable[[Frame], Frame]] = {
    "inflate": inflate,
    "thin": thin,
    "eager": eager,
    "utopia": utopia,
    "drop_tail": drop_tail,
    "average_person": average_person,
    "shuffle_order": shuffle_order,
    "unlink": unlink,
    "reverse_days": reverse_days,
    "flat_clock": flat_clock,
}

WINDOW_END = START + timedelta(days=DAYS)
