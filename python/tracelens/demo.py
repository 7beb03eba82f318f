"""The demo: a made-up population and a biased simulation of it, in OmniBehavior's own JSON or as canonical events."""

from datetime import datetime, timedelta, timezone
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tracelens import population
from tracelens.population import AD, CATEGORIES, ITEMS, LIVE, SEARCH, SHOP, VIDEO, Behaviour, Log, simulate

if TYPE_CHECKING:
    import polars as pl

ZONE = "Asia/Shanghai"
FIRST_DAY = datetime(2025, 9, 1, tzinfo=timezone(timedelta(hours=8)))
CHINESE_EVERY = 12
"""One user in so many is logged with the Chinese names of the scenarios."""

TYPES = {
    SEARCH: ("Search Behavior", "搜索行为"),
    VIDEO: ("Video Browsing", "视频浏览"),
    AD: ("Advertisement", "广告推荐"),
    LIVE: ("Live Streaming", "直播间"),
    SHOP: ("E-commerce", "商城购物"),
}
STYLES = ("Compact", "Classic", "Bright", "Quiet", "Golden", "Little", "Northern", "Daily", "Second", "Open")


def write_demo(directory: str | PathLike[str], *, users: int = 300, days: int = 30, seed: int = 0) -> dict[str, Any]:
    """Write a population, ``real/``, and a simulation of the same people, ``sim/``, one JSON file per user.

    The simulation is hyper-active, homogenized, Utopian, without a tail and without chains. What was planted, and what
    came of it, is written to ``truth.json`` beside the two.

    Parameters
    ----------
    directory : path
        Made if need be; an earlier demo in it is replaced.
    users, days : int
        Size of the population, >= 2, and length of its log, >= 1.
    seed : int

    Returns
    -------
    dict
        The content of ``truth.json``.

    Raises
    ------
    TracelensError
        TL110 for a smaller size, or a directory that holds anything but an earlier demo.
    """
    import orjson

    from tracelens.errors import TracelensError, require_own

    if users < 2 or days < 1:
        raise TracelensError.new(
            110, "a demo needs two users and a day", help="give --users of 2 or more and --days of 1 or more"
        )
    directory = Path(directory)
    require_own(directory, "truth.json")
    sides = {
        "real": simulate(users, days, seed, population.REAL),
        "sim": simulate(users, days, seed, population.SIMULATED),
    }
    for name, log in sides.items():
        folder = directory / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("user_*.json"):
            old.unlink()
        for user, history in _histories(log, np.random.default_rng([seed, 3])):
            content = {user: {"user_profile": _profile(user, seed), "action_history": history}}
            (folder / f"{user}.json").write_bytes(orjson.dumps(content))
    truth = {
        "about": "Made by tracelens demo: sim/ is a simulation of the people of real/, with these biases planted.",
        "users": users,
        "days": days,
        "seed": seed,
        "planted": vars(population.SIMULATED),
        "measured": {name: _measured(log) for name, log in sides.items()},
    }
    (directory / "truth.json").write_bytes(orjson.dumps(truth, option=orjson.OPT_INDENT_2) + b"\n")
    return truth


def demo_events(users: int = 300, days: int = 30, seed: int = 0, **behaviour: Any) -> "pl.DataFrame":
    """Return the population's log as canonical events; each record is one exposure, days are counted in Asia/Shanghai.

    Parameters
    ----------
    users, days, seed : int
    **behaviour
        Fields of :class:`tracelens.population.Behaviour`, e.g. ``homogenize=0.5``; the real side if none.
    """
    import polars as pl

    log = simulate(users, days, seed, Behaviour(**behaviour))
    records, actions = log.records, log.actions
    row = actions["record"]
    local = np.where(records["dated"] == 1, records["time"] // population.DAY * population.DAY, records["time"])
    micros = (int(FIRST_DAY.timestamp()) + local) * 1_000_000
    role = [_role(name) for name in population.ACTIONS]
    valence = [int(name in population.POSITIVE) - int(name in population.NEGATIVE) for name in population.ACTIONS]
    speaks = (records["item"] >= 0) & np.isin(records["scenario"], [AD, LIVE, SHOP])
    category = np.where(speaks, records["category"], len(CATEGORIES))
    seconds = np.isin(actions["action"], [population.ACTIONS.index("watch")])
    names = np.array([*(_title(item) for item in range(len(TYPES) * len(CATEGORIES) * ITEMS)), None], dtype=object)
    return pl.DataFrame(
        {
            "user": _take(_users(users), records["user"][row]),
            "time": pl.Series(micros[row]).cast(pl.Datetime("us", "UTC")),
            "time_precision": _take(["s", "day"], records["dated"][row]),
            "seq": pl.zeros(len(row), pl.UInt32, eager=True),
            "scenario": _take(population.SCENARIOS, records["scenario"][row]),
            "action": _take(population.ACTIONS, actions["action"]),
            "role": _take(role, actions["action"]),
            "valence": pl.Series(np.array(valence, dtype=np.int8)[actions["action"]]),
            "occurred": pl.Series(actions["occurred"].astype(bool)),
            "item": pl.Series(names[records["item"][row]].tolist(), dtype=pl.String),
            "category": _take([*CATEGORIES, None], category[row]),
            "value": pl.Series(np.where(seconds, records["seconds"][row], np.nan)).fill_nan(None),
            "count": pl.ones(len(row), pl.UInt32, eager=True),
            "text": pl.Series([None], dtype=pl.String).new_from_index(0, len(row)),
            "record": pl.Series(row.astype(np.uint64)),
        }
    )


def _take(names: Any, codes: Any) -> "pl.Series":
    import polars as pl

    return pl.Series(list(names), dtype=pl.String).gather(codes)


def _role(action: str) -> str:
    return "passive" if action in population.PASSIVE else "conversion" if action in population.CONVERSION else "active"


def _users(users: int) -> list[str]:
    return [f"user_{number:04d}" for number in range(1, users + 1)]


def _title(item: int) -> str:
    """The words by which an item is known: unlike from item to item, with the name of its category in them."""
    place, rank = divmod(item, ITEMS)
    scenario, category = divmod(place, len(CATEGORIES))
    words = f"{STYLES[rank % 10]} {CATEGORIES[category]} {rank // 10 + 1}"
    return {VIDEO: f"#{words}", AD: f"{words} Store", LIVE: f"{words} live", SHOP: str(25_000_000_000 + item)}.get(
        scenario, words
    )


def _profile(user: str, seed: int) -> str:
    rng = np.random.default_rng([seed, 4, int(user.removeprefix("user_"))])
    who, age = rng.choice(["woman", "man"]), rng.choice(["18 to 24", "25 to 34", "35 to 49", "50 or older"])
    home, city = rng.choice(["with", "without"]), rng.choice(["large", "small"])
    return f"A {who} aged {age}, {home} children, living in a {city} city."


def _histories(log: Log, rng: np.random.Generator) -> Any:
    """Yield (user id, action history) in the release's layout, with the release's traps."""
    ids = _users(log.users)
    records, actions = log.records, log.actions
    columns = (c.tolist() for c in (records[n] for n in ("user", "scenario", "category", "item", "seconds", "dated")))
    stamps = np.datetime_as_string(np.datetime64(FIRST_DAY.replace(tzinfo=None), "s") + records["time"], unit="s")
    odd = rng.integers(0, 10, len(stamps)).tolist()
    ends = np.searchsorted(actions["record"], np.arange(len(stamps)), side="right").tolist()
    done = list(
        zip((population.ACTIONS[a] for a in actions["action"].tolist()), actions["occurred"].tolist(), strict=True)
    )
    history: list[dict[str, Any]] = []
    current, start = 0, 0
    for user, scenario, category, item, seconds, dated, stamp, chance, end in zip(
        *columns, stamps.tolist(), odd, ends, strict=True
    ):
        while current < user:
            yield ids[current], history
            current, history = current + 1, []
        chinese = user % CHINESE_EVERY == CHINESE_EVERY - 1
        record: dict[str, Any] = {
            "type": TYPES[scenario][chinese],
            "timestamp": stamp[:10] if dated else stamp.replace("T", " "),
        }
        context = _context(scenario, category, item, seconds, chance)
        if context is not None:
            record["context"] = context
        record["action"] = [
            {"type": name} | _attributes(name, bool(happened), scenario, category, seconds, chance, chinese)
            for name, happened in done[start:end]
        ]
        start = end
        history.append(record)
    while current < log.users:
        yield ids[current], history
        current, history = current + 1, []


def _context(scenario: int, category: int, item: int, seconds: int, chance: int) -> dict[str, Any] | None:
    if scenario == SEARCH:
        return None
    if scenario == VIDEO:
        known = {"caption": _title(item)} if item >= 0 else {"caption": ""} if chance < 5 else {}
        return {
            "photo_type": "VIDEO",
            **known,
            "duration": 0 if chance < 3 else seconds + 5,
            "like_cnt": 7 * seconds,
            "ocr": None,
        }
    if scenario == AD:
        return {
            "product": _title(item),
            "industry_main": CATEGORIES[category],
            "caption": None,
            "duration": None,
            "show_cnt": 1,
        }
    if scenario == LIVE:
        if item < 0:
            return {"live_comment_cnt": seconds, "live_like_cnt": 0}
        return {
            "live_category": CATEGORIES[category],
            "live_title": _title(item),
            "is_shop_live": chance < 3,
            "live_comment_cnt": 3 * seconds,
            "live_like_cnt": 11 * seconds,
        }
    name = CATEGORIES[category]
    return {
        "product_source": "Order Details Page" if chance < 5 else "Buyer's Homepage",
        "product_id": _title(item),
        "item_title": f"{STYLES[item % 10]} {name} {item % ITEMS // 10 + 1}",
        "item_desc": None,
        "item_price": 9.9 + item % 90,
        "category_level1_name": name,
    }


def _attributes(
    action: str, happened: bool, scenario: int, category: int, seconds: int, chance: int, chinese: bool
) -> dict[str, Any]:
    match action:
        case "search":
            return {"keyword": f"{STYLES[chance]} {CATEGORIES[category]}"}
        case "show":
            return {"show_cnt": chance + 1}
        case "watch" if scenario == AD:
            return {"is_complete_play": chance < 4}
        case "watch" if scenario == VIDEO:
            return {"play_duration": seconds, "played_loop_cnt": 1, "is_complete_play": chance < 3}
        case "watch":
            return {"play_duration": f"{seconds}秒" if chinese else seconds, "play_count": 1}
        case "cart":
            return {"is_add_to_cart": happened}
        case "purchase":
            return {"is_pay": happened}
        case "activation":
            return {"activation_cnt": int(happened)}
        case "submit":
            return {"form_submit_total_cnt": int(happened)}
        case "send_gift":
            return {"gift_amount": 1 + chance}
        case "follow" | "unfollow":
            return {f"is_{action}_action": True}
        case "join_group":
            return {"join_fans_group_cnt": 1}
        case _:
            return {f"{action}_cnt": 1}


def _measured(log: Log) -> dict[str, float]:
    """What came of it, counted on the whole log."""
    actions, records = log.actions, log.records
    happened = actions["occurred"] == 1
    named = {name: int((happened & (actions["action"] == code)).sum()) for code, name in enumerate(population.ACTIONS)}
    size = len(records["user"])
    negative, positive = (sum(named[name] for name in names) for names in (population.NEGATIVE, population.POSITIVE))
    done = sum(count for name, count in named.items() if name not in population.PASSIVE)
    items = records["item"][records["item"] >= 0]
    return {
        "records": size,
        "records_per_user": size / log.users,
        "actions_per_record": done / max(size, 1),
        "negative_share": negative / max(negative + positive, 1),
        "purchases": named["purchase"],
        "items": len(np.unique(items)),
    }
