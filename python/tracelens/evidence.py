"""The rows behind a sentence: lost and added paths, missed items, the furthest users."""

from typing import Any

import numpy as np

from tracelens.align import Floats, Pair
from tracelens.axes.chains import conversion_weight

PATHS = 10
ROWS = 20


def evidence(pair: Pair) -> dict[str, list[dict[str, Any]]]:
    """Return the evidence of a comparison: ``paths``, ``items`` and ``users``, most telling first."""
    return {"paths": _paths(pair), "items": _items(pair), "users": _users(pair)}


def _paths(pair: Pair) -> list[dict[str, Any]]:
    """The collapsed conversion paths whose share, users weighted equally up to a cap, falls or rises most."""
    names = pair.names["path"]
    shares: list[Floats] = []
    for side in pair.sides:
        path = side.tables["conversions"]["path"]
        mass = np.bincount(path, weights=conversion_weight(side), minlength=len(names))
        shares.append(mass / max(mass.sum(), 1.0))
    if not all(mass.any() for mass in shares):
        return []
    change = shares[1] - shares[0]
    order = np.argsort(change, kind="stable")
    lost = [code for code in order[:PATHS] if change[code] < 0]
    added = [code for code in order[::-1][:PATHS] if change[code] > 0]
    return [
        {"path": names[code], "change": kind, "real": float(shares[0][code]), "sim": float(shares[1][code])}
        for kind, codes in (("lost", lost), ("added", added))
        for code in codes
    ]


def _items(pair: Pair) -> list[dict[str, Any]]:
    """The items of most real mass that the simulation never touches."""
    tables = [side.tables["items"] for side in pair.sides]
    width = len(pair.names["item"])
    mass, simulated = (np.bincount(table["item"], weights=table["count"], minlength=width) for table in tables)
    users = np.bincount(tables[0]["item"], minlength=width)
    missed = np.flatnonzero((mass > 0) & (simulated == 0))
    top = missed[np.argsort(-mass[missed], kind="stable")[:ROWS]]
    total = max(mass.sum(), 1.0)
    return [
        {
            "item": pair.names["item"][code],
            "share": float(mass[code] / total),
            "events": int(mass[code]),
            "users": int(users[code]),
        }
        for code in top
    ]


def _users(pair: Pair) -> list[dict[str, Any]]:
    """The users whose simulated volume is furthest from their own; none where the sides are different people."""
    if not pair.paired:
        return []
    real, sim = (side.per_user("events") for side in pair.sides)
    ratio = np.log(sim + 0.5) - np.log(real + 0.5)
    top = np.argsort(-np.abs(ratio), kind="stable")[:ROWS]
    return [
        {"user": str(pair.real.users[row]), "real": int(real[row]), "sim": int(sim[row]), "ln_ratio": float(ratio[row])}
        for row in top
    ]
