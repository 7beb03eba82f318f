"""Axis H, hyper-activity: how much simulated users do, and how much of it per thing they see."""

import math
from collections.abc import Iterator

import numpy as np

from tracelens.align import Floats, Pair, fixed
from tracelens.metric import (
    Estimate,
    Metric,
    Sums,
    both,
    contributing,
    difference,
    gap,
    log_gap,
    log_ratio,
    missing,
)


def _volume(pair: Pair) -> list[Estimate]:
    events = [side.per_user("events") for side in pair.sides]
    pair.add("log_events", *(fixed(np.log(n + 0.5)) for n in events))
    return [Estimate(difference("log_events"), both("log_events"), (pair.real.size, pair.sim.size))]


def _ratio(pair: Pair) -> Iterator[Estimate]:
    pair.add("events", *(side.per_user("events") for side in pair.sides))
    sizes = (pair.real.size, pair.sim.size)
    yield Estimate(log_ratio("events"), both("events"), sizes, fallback=difference("events"))
    for code, scenario in enumerate(pair.names["scenario"]):
        name = f"events:{scenario}"
        counts = []
        for side in pair.sides:
            rows = side.table("scenarios", scenario=code)
            counts.append(side.totals(rows, rows["events"]))
        pair.add(name, *counts)
        yield Estimate(log_ratio(name), both(name), contributing(pair, name), {"scenario": scenario}, difference(name))


def _active_days(pair: Pair) -> list[Estimate]:
    if not pair.has("clock"):
        return missing("no clock")
    pair.add("days", *(side.per_user("days") for side in pair.sides))
    spans = [float(side.meta["days"]) for side in pair.sides]

    def shares(real: Sums, sim: Sums) -> tuple[Floats, Floats]:
        left, right = both("days")(real, sim)
        return left / spans[0], right / spans[1]

    return [Estimate(log_gap(shares), shares, contributing(pair, "days"))]


def _rates(real: Sums, sim: Sums, actions: str, start: int, width: int) -> tuple[Floats, Floats]:
    """Actions per exposure of both sides, shape (B,) each.

    Standardised by the real side's exposure shares over the scenarios with exposures on both sides.
    """
    seen = real["exposures"], sim["exposures"]
    shared = (seen[0] > 0) & (seen[1] > 0)
    weight = np.where(shared, seen[0], 0.0)
    with np.errstate(all="ignore"):
        weight = weight / weight.sum(-1, keepdims=True)
        done = (side[actions][:, start : start + width] for side in (real, sim))
        left, right = ((weight * np.where(shared, a / e, 0.0)).sum(-1) for a, e in zip(done, seen, strict=True))
    return left, right


def _eagerness(pair: Pair) -> Iterator[Estimate]:
    if not pair.has("exposures"):
        yield Estimate(missing="no exposures in the mapping")
        return
    scenarios, actions = pair.names["scenario"], pair.names["action"]
    width = len(scenarios)
    seen, done, by_action = [], [], []
    for side in pair.sides:
        rows, acts = side.table("exposures"), side.table("actions")
        seen.append(side.histogram(rows["user"], rows["scenario"], rows["count"], width))
        done.append(side.histogram(acts["user"], acts["scenario"], acts["count"], width))
        by_action.append(
            side.sparse(acts["user"], acts["action"] * width + acts["scenario"], acts["count"], len(actions) * width)
        )
    pair.add("exposures", *seen)
    pair.add("actions", *done)
    pair.add("actions:each", *by_action)
    users = contributing(pair, "exposures")

    def estimate(block: str, start: int, scope: dict[str, str]) -> Estimate:
        def rates(real: Sums, sim: Sums) -> tuple[Floats, Floats]:
            return _rates(real, sim, block, start, width)

        return Estimate(log_gap(rates), rates, users, scope, gap(rates))

    yield estimate("actions", 0, {})
    totals = np.add(*(np.asarray(block.sum(axis=0)).reshape(len(actions), width).sum(-1) for block in by_action))
    for code in np.flatnonzero(totals):
        yield estimate("actions:each", int(code) * width, {"action": actions[code]})
    if width < 2:
        return
    for column, scenario in enumerate(scenarios):
        real, sim = (int((side[:, column] > 0).sum()) for side in seen)
        if real and sim:
            yield _one_scenario(column, scenario, (real, sim))


def _one_scenario(code: int, scenario: str, users: tuple[int, int]) -> Estimate:
    def rates(real: Sums, sim: Sums) -> tuple[Floats, Floats]:
        with np.errstate(all="ignore"):
            left, right = (side["actions"][:, code] / side["exposures"][:, code] for side in (real, sim))
        return left, right

    return Estimate(log_gap(rates), rates, users, {"scenario": scenario}, gap(rates))


METRICS = (
    Metric(
        id="H1",
        axis="activity",
        title="volume",
        definition=(
            "Mean over users of ln(events + 1/2) in the observation window, simulated less real. Users without "
            "events count where a roster, or the paired design, knows them."
        ),
        unit="difference of mean ln(events + 1/2)",
        kind="signed",
        interval="percentile",
        columns=("time", "volume"),
        estimates=_volume,
        range="any real number",
        bias="up",
        primary=True,
        margin=math.log(1.1),
        reference="Field & Welsh 2007; Cameron & Miller 2015",
    ),
    Metric(
        id="H1r",
        axis="activity",
        title="ratio of mean events",
        definition="ln of the ratio of mean events per user, simulated over real; also by scenario.",
        unit="ln ratio",
        kind="signed",
        interval="basic",
        columns=("time", "volume"),
        estimates=_ratio,
        range="any real number",
        bias="up",
        margin=math.log(1.1),
        reference="Field & Welsh 2007",
    ),
    Metric(
        id="H2",
        axis="activity",
        title="active-day share",
        definition=(
            "Mean share of the days of the window on which a user has an event; ln of the ratio, simulated over real."
        ),
        unit="ln ratio",
        kind="signed",
        interval="basic",
        columns=("time",),
        estimates=_active_days,
        range="shares in [0, 1]",
        bias="up",
        margin=math.log(1.05),
    ),
    Metric(
        id="H3",
        axis="activity",
        title="actions per exposure",
        definition=(
            "Actions (role active or conversion) per exposure in each scenario with exposures on both sides, "
            "averaged by the real side's exposure shares; ln of the ratio, simulated over real; also by action "
            "and by scenario."
        ),
        unit="ln ratio",
        kind="signed",
        interval="basic",
        columns=("scenario", "action"),
        estimates=_eagerness,
        range="any real number",
        bias="up",
        primary=True,
        margin=math.log(1.1),
        reference="OmniBehavior, hyper-activity",
    ),
)
