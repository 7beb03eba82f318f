"""Axis C, chains: in which order people move between scenarios, and what led to a conversion."""

from collections.abc import Callable, Iterator

import numpy as np

from tracelens.align import Floats, Ints, Pair, Side, fixed, share
from tracelens.axes.clock import capped_shares
from tracelens.metric import (
    MINIMUM_USERS,
    Estimate,
    Metric,
    Sums,
    both,
    contributing,
    difference,
    gap,
    js_divergence,
    missing,
    weighted_median,
)
from tracelens.statistics import FIXED

SWITCH_CAP = 20.0
CONVERSION_CAP = 5.0
LEAD_CAP = 20.0
LINKS = ("item", "category", "content")
"""By the codes of `lead`."""
COLUMNS = ("item", "category", "text")
"""What each of them is made of."""
WINDOWS = (3, 1, 7)
MONTH = 30
"""Days of log that the before/after asymmetry needs."""
QUARTER = 900_000_000
"""Spans are kept in quarters of an hour (in microseconds)."""
DAY_QUARTERS = 96


def _switches(pair: Pair) -> list[Estimate]:
    width = len(pair.names["scenario"])
    if width < 3:
        return missing("one scenario" if width < 2 else "two scenarios")
    blocks = []
    for side in pair.sides:
        rows = side.table("switches")
        matrix = side.histogram(rows["user"], rows["source"] * width + rows["target"], rows["count"], width * width)
        blocks.append(capped_shares(matrix, SWITCH_CAP))
    if not all(block.any() for block in blocks[:1]):
        return missing("no clock" if not pair.has("clock") else "no switches of scenario")
    pair.add("switches", *blocks)
    return [
        Estimate(
            lambda real, sim: js_divergence(real["switches"], sim["switches"]), None, contributing(pair, "switches")
        )
    ]


def no_order(pair: Pair) -> str | None:
    """Why no scenario comes after another."""
    if not pair.has("clock"):
        return "no clock"
    return "one scenario" if len(pair.names["scenario"]) < 2 else None


def no_conversions(pair: Pair) -> str | None:
    if reason := no_order(pair):
        return reason
    if not all(len(side.tables["conversions"]["user"]) for side in pair.sides):
        return "no conversions"
    return None


def conversion_weight(side: Side) -> Floats:
    """Weight of each conversion: a user's count for CONVERSION_CAP at most."""
    rows = side.tables["conversions"]
    n = np.bincount(rows["user"], minlength=side.size)
    return fixed(np.minimum(1.0, CONVERSION_CAP / np.maximum(n, 1)))[rows["user"]]


def _weighted(pair: Pair, name: str, values: Callable[[dict[str, Ints]], Floats]) -> str:
    """Register a per-user weighted sum over conversions."""
    sums = []
    for side in pair.sides:
        product = fixed(values(side.tables["conversions"]) * conversion_weight(side))
        sums.append(np.bincount(side.tables["conversions"]["user"], weights=product, minlength=side.size))
    return pair.add(name, *sums)


def _conversions(pair: Pair) -> tuple[int, int]:
    """Register the weighted number of conversions; count the users that have one."""
    _weighted(pair, "conversions", lambda rows: np.ones(len(rows["user"])))
    return contributing(pair, "conversions")


def _cross(pair: Pair) -> list[Estimate]:
    reason = no_conversions(pair)
    if reason:
        return missing(reason)
    users = _conversions(pair)
    _weighted(pair, "conversions:cross", lambda rows: (rows["scenarios"] > 1).astype(np.float64))
    return [Estimate(difference("conversions:cross", "conversions"), both("conversions:cross", "conversions"), users)]


def _median(
    pair: Pair, name: str, values: Callable[[dict[str, Ints]], Ints], scale: float, users: tuple[int, int]
) -> Estimate:
    """Median over conversions of a whole number, from the weighted histogram of its distinct values."""
    distinct = np.unique(np.concatenate([values(side.tables["conversions"]) for side in pair.sides]))
    blocks = []
    for side in pair.sides:
        rows = side.tables["conversions"]
        code = np.searchsorted(distinct, values(rows))
        blocks.append(side.sparse(rows["user"], code, conversion_weight(side), len(distinct)))
    pair.add(name, *blocks)
    levels = distinct / scale

    def shown(real: Sums, sim: Sums) -> tuple[Floats, Floats]:
        return weighted_median(real[name], levels), weighted_median(sim[name], levels)

    return Estimate(gap(shown), shown, users, {"statistic": "median"})


def _average(name: str, statistic: str, users: tuple[int, int]) -> Estimate:
    return Estimate(difference(name, "conversions"), both(name, "conversions"), users, {"statistic": statistic})


def _depth(pair: Pair) -> Iterator[Estimate]:
    reason = no_conversions(pair)
    if reason:
        yield Estimate(missing=reason)
        return
    users = _conversions(pair)
    yield _median(pair, "depth", lambda rows: rows["depth"], 1.0, users)
    yield _average(_weighted(pair, "depth:log", lambda rows: np.log(np.maximum(rows["depth"], 1))), "mean log", users)
    yield _average(_weighted(pair, "depth:mean", lambda rows: rows["depth"].astype(np.float64)), "mean", users)


def _span(pair: Pair) -> Iterator[Estimate]:
    reason = no_conversions(pair)
    if reason:
        yield Estimate(missing=reason)
        return
    users = _conversions(pair)
    yield _median(pair, "span", lambda rows: rows["span"] // QUARTER, DAY_QUARTERS, users)
    yield _average(_weighted(pair, "span:mean", lambda rows: rows["span"] / (QUARTER * DAY_QUARTERS)), "mean", users)


def _lead_link(pair: Pair) -> int | None:
    """The link of the primary: category where the real log's categories are usable, else item, else content."""
    usable = {1: pair.has("categories"), 0: pair.has("items"), 2: pair.has("texts")}
    users = {link: len(np.unique(pair.real.table("lead", link=link, window=WINDOWS[0])["user"])) for link in usable}
    enough = (link for link in usable if usable[link] and users[link] >= MINIMUM_USERS)
    return next(enough, next((link for link in usable if usable[link]), None))


def _lead_block(pair: Pair, link: int, window: int) -> str:
    name = f"lead:{LINKS[link]}:{window}"
    before, change, weights = [], [], []
    for side in pair.sides:
        rows = side.table("lead", link=link, window=window)
        n = side.totals(rows, rows["conversions"])
        ahead, behind = (side.totals(rows, rows[f"{which}_fixed"] / FIXED) for which in ("before", "after"))
        weight = np.minimum(1.0, LEAD_CAP / np.maximum(n, 1))
        before.append(fixed(ahead * weight))
        change.append(fixed((ahead - behind) * weight))
        weights.append(np.minimum(n, LEAD_CAP))
    pair.add(f"{name}:before", *before)
    pair.add(f"{name}:change", *change)
    pair.add(f"{name}:n", *weights)
    return name


def _lead(pair: Pair) -> Iterator[Estimate]:
    if reason := no_order(pair):
        yield Estimate(missing=reason)
        return
    primary = _lead_link(pair)
    if primary is None:
        yield Estimate(missing="no items, categories or texts")
        return
    links = [link for link in range(len(LINKS)) if LINKS[link] != "content" or pair.has("texts")]
    for link in sorted(links, key=lambda link: link != primary):
        for window in WINDOWS:
            main = link == primary and window == WINDOWS[0]
            scope = {} if main else {"link": LINKS[link], "window": str(window)}
            if not any(len(side.table("lead", link=link, window=window)["user"]) for side in pair.sides):
                if main:
                    yield Estimate(missing="no conversions with full windows")
                continue
            name = _lead_block(pair, link, window)
            users = contributing(pair, f"{name}:n")
            columns = ("time", "scenario", COLUMNS[link])
            for part in ("before", "change"):
                block, over = f"{name}:{part}", f"{name}:n"
                extra = (
                    {}
                    if part == "before"
                    else {"statistic": "before minus after", "link": LINKS[link], "window": str(window)}
                )
                yield Estimate(difference(block, over), both(block, over), users, {**scope, **extra}, columns=columns)


def _asymmetry(pair: Pair) -> list[Estimate]:
    if not pair.has("clock"):
        return missing("no clock")
    if min(int(side.meta["days"]) for side in pair.sides) < MONTH:
        return missing("under 30 days")
    width = len(pair.names["scenario"])
    contrasts, present = [], []
    for side in pair.sides:
        rows = side.table("asymmetry")
        code = rows["source"] * width + rows["target"]
        before, after = (
            side.histogram(rows["user"], code, rows[f"{w}_fixed"] / FIXED, width * width) for w in ("before", "after")
        )
        contrasts.append(fixed(share(after - before, after + before)))
        present.append((after + before > 0).astype(np.float64))
    kept = np.minimum(*(mask.sum(0) for mask in present)) >= MINIMUM_USERS
    if not kept.any():
        return missing("too few users")
    pair.add("asymmetry", *(block[:, kept] for block in contrasts))
    pair.add("asymmetry:n", *(block[:, kept] for block in present))

    def value(real: Sums, sim: Sums) -> Floats:
        left, right = (side["asymmetry"] / np.maximum(side["asymmetry:n"], 1) for side in (real, sim))
        distance: Floats = np.abs(right - left).mean(-1)
        return distance

    return [Estimate(value, None, contributing(pair, "asymmetry:n"))]


METRICS = (
    Metric(
        id="C1",
        axis="chains",
        title="order of scenarios",
        definition=(
            "Switches from one scenario to another (runs collapsed), each user's shares weighted by "
            "min(switches, 20); Jensen-Shannon divergence between the sides in bits, less what halves of real "
            "people have."
        ),
        unit="bits (Jensen-Shannon, excess)",
        kind="distance",
        interval="percentile",
        columns=("time", "scenario"),
        estimates=_switches,
        range="[0, 1] before the floor is subtracted",
        bias="scrambled or scripted",
        primary=True,
        margin=0.0025,
    ),
    Metric(
        id="C2",
        axis="chains",
        title="cross-scenario conversion share",
        definition=(
            "Share of conversions with more than one scenario on their path, each user weighing at most 5; "
            "simulated less real."
        ),
        unit="difference of shares",
        kind="signed",
        interval="basic",
        columns=("time", "scenario", "action", "item", "category"),
        estimates=_cross,
        range="shares in [0, 1]",
        bias="down",
    ),
    Metric(
        id="C3",
        axis="chains",
        title="chain depth",
        definition=(
            "Scenario runs on the path to a conversion, the conversion's own among them: median, mean of ln and "
            "mean; simulated less real."
        ),
        unit="scenario runs",
        kind="signed",
        interval="percentile",
        columns=("time", "scenario", "action", "item", "category"),
        estimates=_depth,
        range="numbers >= 1",
        bias="down",
    ),
    Metric(
        id="C4",
        axis="chains",
        title="chain span",
        definition="Days from the first event of the path to the conversion: median and mean; simulated less real.",
        unit="days",
        kind="signed",
        interval="percentile",
        columns=("time", "scenario", "action", "item", "category"),
        estimates=_span,
        range="0 to 7 days",
        bias="down",
    ),
    Metric(
        id="C6",
        axis="chains",
        title="before/after asymmetry between scenarios",
        definition=(
            "For each ordered pair of scenarios the mean over users of (after - before) / (after + before) "
            "around starts of the first, offset by the calendar; mean absolute difference over pairs, less what "
            "halves of real people have."
        ),
        unit="mean |difference|, excess",
        kind="distance",
        interval="percentile",
        columns=("time", "scenario"),
        estimates=_asymmetry,
        range="[0, 2] before the floor is subtracted",
        bias="towards no direction",
        margin=0.05,
        reference="self-controlled case series",
    ),
    Metric(
        id="C9",
        axis="chains",
        title="linked lead",
        definition=(
            "For each conversion the share of its category (or item, or content) among what the user did in "
            "other scenarios in the three days before, less its share in the user's whole log; mean, each user "
            "weighing at most 20; simulated less real."
        ),
        unit="difference of shares",
        kind="signed",
        interval="basic",
        columns=("time", "scenario", "item", "category"),
        estimates=_lead,
        range="[-1, 1]",
        bias="down",
        primary=True,
        margin=1 / 3,
        relative=True,
        needs_real_value=True,
    ),
)
