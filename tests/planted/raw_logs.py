"""Small raw logs of many shapes, made up here, and what a careful reader would make of each.

Every log has the same people: each is at it on a few days, mostly by day, and does what people do in that kind of log.
"""

import csv
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2023, 9, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Raw:
    """A log: its files, and the truth about them."""

    files: dict[str, str | bytes]
    event: dict[str, Any]
    """Event column -> the field that is right, as the mapping language has it."""
    users: int
    events: int
    """Events that a right mapping reads."""
    says: tuple[str, ...] = ()
    """Words that have to stand among what is unsure."""
    explode: tuple[str, ...] = ()
    tables: dict[str, Any] = field(default_factory=dict)
    """Other tables of the mapping, or parts of them."""

    def write(self, folder: Path) -> Path:
        """Write the files, and return what to read: the file, or the folder of several."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder / next(iter(self.files)) if len(self.files) == 1 else folder


def visits(seed: int = 0, users: int = 8, each: int = 30) -> list[tuple[int, datetime]]:
    """Who, and when: each person's visits in order."""
    draw = random.Random(seed)
    found = []
    for user in range(users):
        at = START + timedelta(hours=draw.uniform(8, 20))
        for _ in range(each):
            found.append((user, at.replace(microsecond=draw.randrange(10**6))))
            at += timedelta(minutes=draw.uniform(1, 600))
    return found


def table(rows: list[dict[str, Any]], separator: str = ",", *, header: bool = True) -> str:
    """Rows as delimited text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    if header:
        writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


def lines(rows: list[dict[str, Any]]) -> str:
    """Rows as ndjson."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def epoch_csv() -> Raw:
    draw = random.Random(1)
    rows = [
        {
            "uid": 1000 + user,
            "ts": int(at.timestamp()),
            "event": draw.choice(["view", "view", "view", "add_to_cart", "purchase", "refund"]),
            "product_id": draw.randrange(40),
            "price": round(draw.uniform(1, 90), 2),
        }
        for user, at in visits()
    ]
    event = {
        "user": "uid",
        "time": {"path": "ts", "format": ["epoch_s"]},
        "action": "event",
        "item": "product_id",
        "value": "price",
    }
    tables = {
        "role": {"exposure": ["view"], "conversion": ["purchase"]},
        "valence": {"positive": ["purchase"], "negative": ["refund"]},
    }
    return Raw({"shop.csv": table(rows)}, event, 8, 240, ("epoch_s or epoch_ms", "purchase", "refund"), tables=tables)


def chinese_tsv() -> Raw:
    draw = random.Random(2)
    rows = [
        {
            "用户ID": f"u{user}",
            "时间": f"{at:%Y/%m/%d %H:%M:%S}",
            "行为": draw.choice(["曝光", "曝光", "点击", "收藏", "购买", "退款"]),
            "商品编号": f"g{draw.randrange(50)}",
            "类目": draw.choice(["茶具", "服饰", "家电"]),
            "金额": draw.randrange(1, 500),
        }
        for user, at in visits()
    ]
    event = {
        "user": "用户ID",
        "time": {"path": "时间", "format": ["%Y/%m/%d %H:%M:%S"], "zone": "UTC"},
        "action": "行为",
        "item": "商品编号",
        "category": "类目",
        "value": "金额",
    }
    tables = {
        "role": {"exposure": ["曝光"], "conversion": ["购买"]},
        "valence": {"positive": ["收藏", "购买"], "negative": ["退款"]},
    }
    return Raw({"日志.tsv": table(rows, "\t")}, event, 8, 240, ("times without zone",), tables=tables)


def analytics_ndjson() -> Raw:
    draw = random.Random(3)
    rows = []
    for user, at in visits():
        params = [
            {"key": "ga_session_id", "value": {"int_value": str(draw.randrange(10**9))}},
            {"key": "page_location", "value": {"string_value": f"https://shop.example/{draw.randrange(30)}"}},
        ]
        if draw.random() < 0.5:
            params.append({"key": "engagement_time_msec", "value": {"int_value": str(draw.randrange(9000))}})
        rows.append(
            {
                "event_date": f"{at:%Y%m%d}",
                "event_timestamp": str(int(at.timestamp() * 1e6)),
                "event_name": draw.choice(["page_view", "page_view", "scroll", "add_to_cart", "purchase"]),
                "event_params": params,
                "user_id": None,
                "user_pseudo_id": f"{user + 1}.{1600000000 + user}",
                "device": {"category": draw.choice(["mobile", "desktop"])},
            }
        )
    event = {
        "user": "user_pseudo_id",
        "time": {"path": "event_timestamp", "format": ["epoch_us"]},
        "action": "event_name",
        "item": "event_params[key=page_location].value.string_value",
        "value": "event_params[key=engagement_time_msec].value.int_value",
    }
    tables = {"role": {"exposure": ["page_view"], "passive": ["scroll"], "conversion": ["purchase"]}}
    return Raw({"events.ndjson": lines(rows)}, event, 8, 240, ("instants",), tables=tables)


def _history(user: int, seed: int) -> dict[str, Any]:
    draw = random.Random(seed)
    records = []
    for owner, at in visits(4, 5, 12):
        if owner != user:
            continue
        kind = draw.choice(["Video", "Shop"])
        deeds: list[dict[str, Any]] = (
            [{"type": "watch", "play_duration": draw.randrange(90)}] if kind == "Video" else []
        )
        if kind == "Shop":
            deeds = [{"type": "purchase", "is_pay": draw.random() < 0.5}, {"type": "cart", "is_add_to_cart": True}]
        context = {"video_id": draw.randrange(99)} if kind == "Video" else {"product_id": f"p{draw.randrange(99)}"}
        time = f"{at:%Y-%m-%d %H:%M:%S}" if draw.random() < 0.9 else f"{at:%Y-%m-%d}"
        records.append({"type": kind, "timestamp": time, "context": context, "action": deeds})
    return {"profile": "made up", "history": records}


def keyed_json() -> Raw:
    document = {f"user_{u}": _history(u, u) for u in range(5)}
    number = sum(len(r["action"]) for d in document.values() for r in d["history"])
    event = {
        "user": {"key": 0},
        "time": {"path": "^.timestamp", "format": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"], "zone": "UTC"},
        "scenario": "^.type",
        "action": "type",
        "item": {"first": ["^.context.product_id", "^.context.video_id"]},
        "value": "play_duration",
        "record": {"index": 1},
    }
    tables = {"occurred": {"purchase": {"true": ["is_pay"]}}, "rows": {"exposure": "record"}}
    explode = ("$.*", "history[*]", "action[*]")
    said = ("is_pay is false", "dates without a time of day", "one exposure")
    return Raw({"people.json": json.dumps(document)}, event, 5, number, said, explode, tables)


def keyed_files() -> Raw:
    whole = keyed_json()
    document = json.loads(whole.files["people.json"])
    files: dict[str, str | bytes] = {f"{user}.json": json.dumps({user: told}) for user, told in document.items()}
    return Raw(files, whole.event, 5, whole.events, whole.says, whole.explode, whole.tables)


def sessions_json() -> Raw:
    draw = random.Random(5)
    people = []
    for user in range(6):
        sessions = []
        for _, at in visits(user, 1, 4):
            events = [
                {
                    "action": draw.choice(["search", "click", "order"]),
                    "at": int((at.timestamp() + s) * 1000),
                    "sku": draw.randrange(9),
                }
                for s in range(5)
            ]
            sessions.append({"channel": draw.choice(["web", "app"]), "events": events})
        people.append({"user_id": f"u{user}", "sessions": sessions})
    event = {
        "user": "^^.user_id",
        "time": {"path": "at", "format": ["epoch_ms"], "precision": None},
        "scenario": "^.channel",
        "action": "action",
        "item": "sku",
    }
    return Raw({"sessions.json": json.dumps(people)}, event, 6, 120, (), ("$[*]", "sessions[*]", "events[*]"))


def chats() -> Raw:
    draw = random.Random(6)
    files: dict[str, str | bytes] = {}
    for user in range(5):
        for number in range(2):
            turns = []
            for turn in range(4):
                turns.append(
                    {"role": "user", "content": f"please tell me more about {draw.choice(['tea', 'pots'])}, {turn}"}
                )
                turns.append({"role": "assistant", "content": f"with pleasure, here is number {draw.randrange(99)}"})
            dialogue = {"user_id": f"u{user}", "task": draw.choice(["travel", "gifts"]), "messages": turns}
            files[f"{user}_{number}.json"] = json.dumps(dialogue)
    event = {
        "user": "^.user_id",
        "scenario": "^.task",
        "action": {"const": "user_turn"},
        "text": "content",
        "value": {"path": "content", "measure": "chars"},
        "record": {"index": 0},
    }
    tables = {"rows": {"keep": {"path": "role", "is": ["user"]}}}
    return Raw(
        files, event, 5, 40, ("only what users say", "no column looks like a time"), ("$", "messages[*]"), tables
    )


def wide_csv() -> Raw:
    draw = random.Random(7)
    rows = []
    for user, at in visits():
        seen = draw.randrange(0, 20_000, 250)
        flags = {
            name: int(draw.random() < p)
            for name, p in (("click", 0.4), ("like", 0.1), ("follow", 0.05), ("hate", 0.05))
        }
        rows.append(
            {
                "user_id": user,
                "video_id": draw.randrange(60),
                "time_ms": int(at.timestamp() * 1000),
                **{f"is_{name}": flag for name, flag in flags.items()},
                "play_time_ms": seen,
                "is_rand": draw.randrange(2),
                "tab": draw.randrange(3),
            }
        )
    deeds = ("is_click", "is_like", "is_follow", "is_hate")
    number = sum(sum(r[d] for d in deeds) + (r["play_time_ms"] > 0) or 1 for r in rows)
    melt = {"click": "is_click", "like": "is_like", "follow": "is_follow", "hate": "is_hate"}
    melt["watch"] = {"path": "play_time_ms", "above": 0}  # type: ignore[assignment]
    event = {
        "user": "user_id",
        "time": {"path": "time_ms", "format": ["epoch_ms"]},
        "item": "video_id",
        "scenario": "tab",
        "value": "play_time_ms",
    }
    tables = {
        "melt": melt,
        "rows": {"exposure": "record"},
        "valence": {"positive": ["like", "follow"], "negative": ["hate"]},
        "role": {"passive": ["watch"]},
    }
    return Raw({"log_random.csv": table(rows)}, event, 8, number, ("is_rand", "negative by name: hate"), tables=tables)


def dates_csv() -> Raw:
    draw = random.Random(8)
    rows = [
        {
            "customer": f"c{user}",
            "order_date": f"{at:%Y-%m-%d}",
            "action": draw.choice(["order", "return"]),
            "sku": draw.randrange(30),
        }
        for user, at in visits()
    ]
    event = {
        "user": "customer",
        "time": {"path": "order_date", "format": ["%Y-%m-%d"], "zone": "UTC"},
        "action": "action",
        "item": "sku",
    }
    return Raw({"orders.csv": table(rows)}, event, 8, 240, ("dates only", "the order within a day is unknown"))


def _ordered(days: range) -> list[dict[str, Any]]:
    draw = random.Random(9)
    return [
        {
            "member_id": draw.randrange(5),
            "date": f"{d:02d}/{d % 9 + 1:02d}/2025 {h:02d}:30",
            "event": draw.choice(["click", "buy"]),
            "item_id": d,
        }
        for d in days
        for h in (9, 15, 20)
    ]


def ambiguous_csv() -> Raw:
    time = {"path": "date", "format": ["%d/%m/%Y %H:%M"], "zone": "UTC"}
    event = {"user": "member_id", "time": time, "action": "event", "item": "item_id"}
    return Raw({"log.csv": table(_ordered(range(1, 12)))}, event, 5, 33, ("no row decides",))


def decided_csv() -> Raw:
    time = {"path": "date", "format": ["%d/%m/%Y %H:%M"], "zone": "UTC"}
    event = {"user": "member_id", "time": time, "action": "event", "item": "item_id"}
    return Raw({"log.csv": table(_ordered(range(1, 29)))}, event, 5, 84, ("can only be read so",))


def big_ids_ndjson() -> Raw:
    draw = random.Random(10)
    rows = [
        {
            "userId": 7_000_000_000_000_000_000 + user * 12_345_678_901,
            "eventTime": int(at.timestamp() * 1000),
            "eventType": draw.choice(["impression", "click", "like"]),
            "photoId": 5_190_000_000_000_000_000 + draw.randrange(10**9),
            "serverIp": draw.randrange(1_600_000_000, 1_700_000_000),
        }
        for user, at in visits()
    ]
    event = {
        "user": "userId",
        "time": {"path": "eventTime", "format": ["epoch_ms"]},
        "action": "eventType",
        "item": "photoId",
    }
    return Raw({"log.jsonl": lines(rows)}, event, 8, 240, ("epoch_ms or epoch_s",))


def headless_csv() -> Raw:
    draw = random.Random(11)
    rows = [
        {
            "u": 100 + user,
            "i": draw.randrange(10_000, 10_120),
            "c": draw.randrange(500, 515),
            "b": draw.choice(["pv", "pv", "fav", "cart", "buy"]),
            "t": int(at.timestamp()),
        }
        for user, at in visits()
    ]
    event = {
        "user": {"column": 0},
        "item": {"column": 1},
        "category": {"column": 2},
        "action": {"column": 3},
        "time": {"column": 4, "format": ["epoch_s"]},
    }
    tables = {"delimited": {"header": False}, "role": {"exposure": ["pv"], "conversion": ["buy"]}}
    return Raw(
        {"UserBehavior.csv": table(rows, header=False)}, event, 8, 240, ("columns have no names",), tables=tables
    )


def ratings_csv() -> Raw:
    draw = random.Random(12)
    rows = [
        {
            "userId": user,
            "movieId": draw.randrange(80),
            "rating": draw.randrange(1, 6),
            "timestamp": int(at.timestamp()),
        }
        for user, at in visits()
    ]
    event = {
        "user": "userId",
        "item": "movieId",
        "value": "rating",
        "time": {"path": "timestamp", "format": ["epoch_s"]},
        "action": {"const": "rate"},
    }
    said = ("rating runs from 1 to 5 and could be a valence", "offset = -3", "no column says what was done")
    return Raw({"ratings.csv": table(rows)}, event, 8, 240, said)


def payload_csv() -> Raw:
    draw = random.Random(13)
    rows = [
        {
            "visitor_id": f"v{user}",
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "type": draw.choice(["click", "search", "purchase"]),
            "payload": json.dumps({"product": {"id": draw.randrange(40)}, "price": draw.randrange(99)}),
        }
        for user, at in visits()
    ]
    event = {
        "user": "visitor_id",
        "time": {"path": "time", "format": ["rfc3339"]},
        "action": "type",
        "item": "payload{json}.product.id",
        "value": "payload{json}.price",
    }
    return Raw({"log.csv": table(rows)}, event, 8, 240)


def survey_csv() -> Raw:
    draw = random.Random(14)
    rows = [
        {"TWIN_ID": f"{user}.0", "variable_name": f"q{q}", "value": draw.randrange(1, 8), "respondent_type": side}
        for side in ("human", "twin")
        for q in range(12)
        for user in range(10)
    ]
    event = {
        "user": {"path": "TWIN_ID", "strip": [".0"]},
        "item": "variable_name",
        "value": "value",
        "action": {"const": "answer"},
    }
    return Raw({"study.csv": table(rows)}, event, 10, 240, ("tells people from simulations", "the .0 is taken off"))


def paid_csv() -> Raw:
    draw = random.Random(15)
    rows = []
    for user, at in visits():
        action = draw.choice(["browse", "cart", "purchase", "purchase"])
        paid = draw.choice(["true", "false"]) if action == "purchase" else ""
        rows.append(
            {
                "user": f"u{user}",
                "time": f"{at:%Y-%m-%d %H:%M:%S}",
                "page": draw.choice(["home", "sale"]),
                "action": action,
                "is_pay": paid,
            }
        )
    event = {
        "user": "user",
        "time": {"path": "time", "format": ["%Y-%m-%d %H:%M:%S"], "zone": "UTC"},
        "scenario": "page",
        "action": "action",
    }
    tables = {
        "occurred": {"purchase": {"true": ["is_pay"]}},
        "role": {"passive": ["browse"], "conversion": ["purchase"]},
    }
    return Raw({"log.csv": table(rows)}, event, 8, 240, ("is_pay is false", "these count as purchase"), tables=tables)


def bare_files() -> Raw:
    draw = random.Random(16)
    files: dict[str, str | bytes] = {}
    for user in range(4):
        rows = [
            {
                "timestamp": f"{at:%Y-%m-%d %H:%M}",
                "what": draw.choice(["click", "scroll"]),
                "url": f"/p{draw.randrange(20)}",
            }
            for _, at in visits(user, 1, 15)
        ]
        files[f"participant_{user:02d}.csv"] = table(rows, ";")
    event = {
        "user": {"file": "stem"},
        "time": {"path": "timestamp", "format": ["%Y-%m-%d %H:%M"], "zone": "UTC"},
        "action": "what",
        "item": "url",
    }
    tables = {"delimited": {"separator": ";"}}
    return Raw(files, event, 4, 60, ("no column says whose events",), tables=tables)


def predicted_csv() -> Raw:
    draw = random.Random(17)
    rows = [
        {
            "user_id": user,
            "timestamp": f"{at:%Y-%m-%d %H:%M:%S}",
            "event": draw.choice(["click", "skip"]),
            "predicted_event": draw.choice(["click", "skip"]),
            "item_id": draw.randrange(40),
        }
        for user, at in visits()
    ]
    event = {
        "user": "user_id",
        "time": {"path": "timestamp", "format": ["%Y-%m-%d %H:%M:%S"], "zone": "UTC"},
        "action": "event",
        "item": "item_id",
    }
    return Raw({"log.csv": table(rows)}, event, 8, 240, ("predicted_event looks like what was predicted",))


def split_time_csv() -> Raw:
    draw = random.Random(18)
    rows = [
        {
            "user_id": user,
            "date": f"{at:%d.%m.%Y}",
            "time": f"{at:%H:%M}",
            "step": n,
            "behavior": draw.choice(["pv", "buy"]),
        }
        for n, (user, at) in enumerate(visits())
    ]
    event = {
        "user": "user_id",
        "time": {"join": ["date", "time"], "format": ["%d.%m.%Y %H:%M"], "zone": "UTC"},
        "seq": "step",
        "action": "behavior",
    }
    return Raw({"log.csv": table(rows)}, event, 8, 240, ("times without zone",))


LOGS: dict[str, Callable[[], Raw]] = {
    make.__name__: make
    for make in (
        epoch_csv,
        chinese_tsv,
        analytics_ndjson,
        keyed_json,
        keyed_files,
        sessions_json,
        chats,
        wide_csv,
        dates_csv,
        ambiguous_csv,
        decided_csv,
        big_ids_ndjson,
        headless_csv,
        ratings_csv,
        payload_csv,
        survey_csv,
        paid_csv,
        bare_files,
        predicted_csv,
        split_time_csv,
    )
}
"""Name -> the log."""
