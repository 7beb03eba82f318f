"""Axis C, what follows what: actions and scenarios one after the other, sessions, and paths to conversions."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tracelens.align import Floats, Pair, fixed
from tracelens.axes.chains import SWITCH_CAP, conversion_weight, no_conversions, no_order
from tracelens.axes.habits import GAP
from tracelens.metric import (
    Estimate,
    Metric,
    Sums,
    both,
    contributing,
    difference,
    js_cells,
    js_divergence,
    log_ratio,
    missing,
)

MOST_PATHS = 200
LONGEST = 4
"""Paths compared one by one: the most frequent on both sides together, of so many scenarios at most."""


def conditional_divergence(left: Floats, right: Floats, first: NDArray[np.int64]) -> Floats:
    """Divergence of what comes next, given what is there, in bits, shape (B,).

    The Jensen-Shannon divergence of each row of a transition matrix, weighed by the left side's mass in it; the rows
    that one side never was in say nothing.

    Parameters
    ----------
    left, right : ndarray, shape (B, K)
        Masses of the transitions that there are, those of one row side by side.
    first : ndarray of int
        Where in K each row begins.
    """
    with np.errstate(all="ignore"):
        there = np.repeat(np.arange(len(first)), np.diff([*first, left.shape[-1]]))
        totals = [np.add.reduceat(side, first, axis=-1) for side in (left, right)]
        p, q = (side / total[:, there] for side, total in zip((left, right), totals, strict=True))
        known = (totals[0] > 0) & (totals[1] > 0)
        rows = np.where(known, np.add.reduceat(js_cells(p, q), first, axis=-1), 0.0)
        weight = np.where(known, totals[0], 0.0)
        mean: Floats = (weight * rows).sum(-1) / weight.sum(-1)
    return np.maximum(mean, 0.0)


def _next(pair: Pair) -> Iterator[Estimate]:
    for of, table, source, target in (
        ("action", "bigrams", "action", "next_action"),
        ("scenario", "switches", "source", "target"),
    ):
        width = len(pair.names[of])
        rows = [side.tables[table] for side in pair.sides]
        codes = [row[source] * width + row[target] for row in rows]
        if not all(len(code) for code in codes):
            yield Estimate(missing=f"no {of} follows another", scope={"of": of})
            continue
        there = np.unique(np.concatenate(codes))
        first = np.unique(there // width, return_index=True)[1]
        blocks = []
        for side, row, code in zip(pair.sides, rows, codes, strict=True):
            # A user weighs as many transitions as SWITCH_CAP at most.
            total = np.bincount(row["user"], row["count"], side.size)[row["user"]]
            weight = fixed(row["count"] * np.minimum(total, SWITCH_CAP) / total)
            blocks.append(side.sparse(row["user"], np.searchsorted(there, code), weight, len(there)))
        name = pair.add(f"next:{of}", *blocks)
        value = partial(_next_divergence, name=name, first=first)
        yield Estimate(value, None, contributing(pair, name), {"of": of}, columns=("time", of))


def _next_divergence(real: Sums, sim: Sums, name: str, first: NDArray[np.int64]) -> Floats:
    return conditional_divergence(real[name], sim[name], first)


def _session_columns(pair: Pair) -> tuple[int, int]:
    """Register sessions, runs of one scenario in them, and sessions that begin elsewhere than the last one ended."""
    for column in ("sessions", "runs", "changes"):
        counts = []
        for side in pair.sides:
            rows = side.table("sessions", gap=GAP)
            counts.append(side.totals(rows, rows[column]))
        pair.add(f"sitting:{column}", *counts)
    real, sim = (np.maximum(block - 1, 0) for block in pair.blocks["sitting:sessions"])
    pair.add("sitting:again", real, sim)
    return contributing(pair, "sitting:sessions")


def _runs(pair: Pair) -> list[Estimate]:
    if reason := no_order(pair):
        return missing(reason)
    users = _session_columns(pair)
    names = "sitting:runs", "sitting:sessions"
    return [Estimate(log_ratio(*names), both(*names), users, fallback=difference(*names))]


def _changes(pair: Pair) -> list[Estimate]:
    if reason := no_order(pair):
        return missing(reason)
    _session_columns(pair)
    names = "sitting:changes", "sitting:again"
    return [Estimate(difference(*names), both(*names), contributing(pair, "sitting:again"))]


def _paths(pair: Pair) -> list[Estimate]:
    if reason := no_conversions(pair):
        return missing(reason)
    rows = [side.tables["conversions"] for side in pair.sides]
    weights = [conversion_weight(side) for side in pair.sides]
    width = len(pair.names["path"])
    short = [np.where(row["depth"] <= LONGEST, weight, 0.0) for row, weight in zip(rows, weights, strict=True)]
    mass = [np.bincount(row["path"], weight, width) for row, weight in zip(rows, short, strict=True)]
    shared = sum(m / max(w.sum(), 1.0) for m, w in zip(mass, weights, strict=True))
    top = np.argsort(-shared, kind="stable")[:MOST_PATHS]
    top = top[shared[top] > 0]
    column = np.full(width, len(top), dtype=np.int64)
    column[top] = np.arange(len(top))
    blocks = [
        side.sparse(row["user"], column[row["path"]], weight, len(top) + 1)
        for side, row, weight in zip(pair.sides, rows, weights, strict=True)
    ]
    pair.add("paths", *blocks)
    return [Estimate(lambda real, sim: js_divergence(real["paths"], sim["paths"]), None, contributing(pair, "paths"))]


METRICS = (
    Metric(
        id="C0",
        axis="chains",
        title="what follows what, given what is there",
        definition=(
            "Runs of one action, or scenario, collapsed: Jensen-Shannon divergence in bits of what comes next, given "
            "what is there, averaged by how often real people are there, less what halves of real people have; each "
            "user weighs at most 20 steps. Actions within sessions."
        ),
        unit="bits (Jensen-Shannon, excess)",
        kind="distance",
        interval="percentile",
        columns=("time", "action"),
        estimates=_next,
        range="[0, 1] before the floor is subtracted",
        bias="scrambled or scripted; eagerness and volume move it too",
        reference="Lin 1991",
        dear=True,
    ),
    Metric(
        id="C1r",
        axis="chains",
        title="runs of one scenario in a session",
        definition="Runs of one scenario per session (30 minutes); ln of the ratio, simulated over real.",
        unit="ln ratio",
        kind="signed",
        interval="basic",
        columns=("time", "scenario"),
        estimates=_runs,
        range="any real number",
        bias="scrambled up, scripted down",
    ),
    Metric(
        id="C1s",
        axis="chains",
        title="sessions that begin in another scenario than the last one ended in",
        definition=(
            "Share of sessions but the first of a user that begin in another scenario than the one before ended in; "
            "simulated less real."
        ),
        unit="difference of shares",
        kind="signed",
        interval="basic",
        columns=("time", "scenario"),
        estimates=_changes,
        range="[-1, 1]",
        bias="scrambled up, scripted down",
    ),
    Metric(
        id="C5",
        axis="chains",
        title="paths to conversions",
        definition=(
            "The 200 most frequent paths to conversions on both sides together, of 4 scenario runs at most, and all "
            "others as one: Jensen-Shannon divergence of their shares in bits, each user weighing at most 5 "
            "conversions, less what halves of real people have."
        ),
        unit="bits (Jensen-Shannon, excess)",
        kind="distance",
        interval="percentile",
        columns=("time", "scenario", "action", "item", "category"),
        estimates=_paths,
        range="[0, 1] before the floor is subtracted",
        bias="shorter paths",
        reference="Lin 1991",
        dear=True,
    ),
)
