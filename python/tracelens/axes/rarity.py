"""Axis L, what is rare: is it still done, by how many, and how unequal are the shares of what is done."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tracelens.align import Floats, Pair
from tracelens.axes.things import Columns, Scope, each_kind, one_by_one
from tracelens.metric import (
    Estimate,
    Metric,
    Shown,
    Statistic,
    Sums,
    both,
    contributing,
    difference,
    each,
    gap,
    js_cells,
    log_gap,
    log_ratio,
    missing,
    one,
)

TAIL, RARE = 0.2, 0.05
"""Shares of the mass, from the rarest thing up, that are called the tail, and rare."""
HEAD = 0.8
"""Share of the mass, from the most frequent thing down, that is called the head."""
LEAST_TAIL = 50
"""Things from x_min on below which no exponent is fitted."""


def rare(mass: Floats, share: float) -> Floats:
    """The things that carry the bottom share of a mass, as 0 and 1, shape (I,).

    Ties at the cut stay out; what has no mass at all is in.
    """
    order = np.argsort(mass, kind="stable")
    beyond = mass[order].cumsum() > share * mass.sum()
    cut = mass[order][beyond.argmax()] if beyond.any() else 0.0
    return (mass < cut).astype(np.float64)


def on_rare(pair: Pair, name: str, share: float, *, any_of_it: bool) -> list[Floats]:
    """Events of each user on what is rare among the *other* half of the real users, or if there are any, (U,) each.

    A tail that is chosen by the users on whom it is then measured is too light there (the winner's curse). Simulated
    users are held against both halves, unless they are the same people.
    """
    half = np.arange(pair.real.size) % 2
    block = pair.blocks[name][0]
    tails = [rare(np.asarray(block[half != mine].sum(axis=0)).ravel(), share) for mine in (0, 1)]
    columns = []
    for side, block in zip(pair.sides, pair.blocks[name], strict=True):
        first, second = (block @ tail for tail in tails)
        if any_of_it:
            first, second = (np.minimum(column, 1.0) for column in (first, second))
        columns.append(np.where(half == 0, first, second) if side is pair.real or pair.paired else (first + second) / 2)
    return columns


def _tail_mass(pair: Pair) -> Iterator[Estimate]:
    def estimates(name: str, scope: Scope, columns: Columns) -> list[Estimate]:
        names = pair.add(f"{name}:tail", *on_rare(pair, name, TAIL, any_of_it=False)), f"{name}:all"
        return [Estimate(log_ratio(*names), both(*names), contributing(pair, name), scope, difference(*names), columns)]

    return each_kind(pair, estimates)


def chao1(n: Floats, seen: Floats, once: Floats, twice: Floats) -> Floats:
    """Lower bound of how many there are, from those seen at all, once and twice in n draws (Chao 1984)."""
    with np.errstate(all="ignore"):
        plain = once**2 / (2 * twice)
    return seen + (n - 1) / n * np.where(twice > 0, plain, once * (once - 1) / 2)


def _seen(sums: Sums, name: str) -> tuple[Floats, Floats, Floats]:
    """Things that any, one and two users did."""
    users = sums[name]
    seen, once, twice = (np.count_nonzero(kept, axis=-1) for kept in (users > 0, users == 1, users == 2))
    return seen.astype(np.float64), once.astype(np.float64), twice.astype(np.float64)


def _in_all(sums: Sums, name: str) -> Floats:
    """How many there are, the unseen among them; the draws are users."""
    return chao1(one(sums["users"]), *_seen(sums, name))


def _unseen(sums: Sums, name: str) -> Floats:
    """Share of the next (user, thing) that would be of a thing not seen before (Good 1953)."""
    with np.errstate(all="ignore"):
        share: Floats = np.count_nonzero(sums[name] == 1, axis=-1) / sums[name].sum(-1)
    return share


def _users(pair: Pair, name: str) -> str:
    """Register who did a thing at all: one fan who repeats it is no crowd."""
    return pair.add(f"{name}:any", *((block > 0).astype(np.float64) for block in pair.blocks[name]))


def _of_users(pair: Pair, own: Callable[..., Floats], effect: Callable[[Shown], Statistic]) -> Iterator[Estimate]:
    def estimates(name: str, scope: Scope, columns: Columns) -> list[Estimate]:
        shown = each(partial(own, name=_users(pair, name)))
        return [Estimate(effect(shown), shown, contributing(pair, name), scope, columns=columns)]

    return one_by_one(pair, estimates)


def _parts(pair: Pair) -> Iterator[Estimate]:
    """The split is by both sides together: no relabelling of users can change it."""

    def estimates(name: str, scope: Scope, columns: Columns) -> Iterator[Estimate]:
        totals = [np.asarray(block.sum(axis=0)).ravel() for block in pair.blocks[name]]
        in_tail = rare(sum(total / total.sum() for total in totals), 1 - HEAD) > 0
        users = contributing(pair, name)
        for part, kept in (("head", np.flatnonzero(~in_tail)), ("tail", np.flatnonzero(in_tail))):
            value = partial(_js_part, name=name, kept=kept)
            yield Estimate(value, None, users, {**scope, "part": part}, columns=columns)

    return one_by_one(pair, estimates)


def _js_part(real: Sums, sim: Sums, name: str, kept: NDArray[np.int64]) -> Floats:
    """What some things add to the Jensen-Shannon divergence of all, in bits."""
    with np.errstate(all="ignore"):
        p, q = (side[name][:, kept] / side[f"{name}:all"] for side in (real, sim))
        bits: Floats = js_cells(p, q).sum(-1)
    return np.maximum(bits, 0.0)


def exponent(counts: Floats, x_min: float) -> Floats:
    """Exponent of a power law of counts from x_min on, shape (B,): the discrete likelihood's maximum, nearly.

    1 + n / sum ln(x / (x_min - 1/2)) (Clauset, Shalizi & Newman 2009, eq. 3.7; good from x_min 6 on). It is not claimed
    that there is a power law: the number says how steeply the tail falls.
    """
    logs = np.log(np.maximum(counts, x_min) / (x_min - 0.5))
    above = counts >= x_min
    with np.errstate(all="ignore"):
        alpha: Floats = 1 + above.sum(-1) / np.where(above, logs, 0.0).sum(-1)
    return np.where(above.any(-1), alpha, np.nan)


def best_x_min(counts: Floats) -> float | None:
    """Where a power law begins to fit: the least Kolmogorov-Smirnov distance, with LEAST_TAIL things from it on."""
    x = np.sort(counts[counts > 0])
    if len(x) < LEAST_TAIL:
        return None
    values = np.unique(x[: len(x) - LEAST_TAIL + 1])
    distances = []
    for x_min in values:
        above = x[np.searchsorted(x, x_min) :]
        fitted = ((above - 0.5) / (x_min - 0.5)) ** (1 - exponent(above[None], x_min)[0])
        at_least = 1 - np.searchsorted(above, above) / len(above)
        distances.append(np.abs(fitted - at_least).max())
    return float(values[np.argmin(distances)])


def _exponent(pair: Pair) -> Iterator[Estimate]:
    def estimates(name: str, scope: Scope, columns: Columns) -> list[Estimate]:
        any_ = _users(pair, name)
        totals = [np.asarray(block.sum(axis=0)).ravel() for block in pair.blocks[any_]]
        x_min = best_x_min(totals[0])
        if x_min is None:
            return missing("too few of them", **scope)
        within = np.flatnonzero(totals[0] + totals[1] >= x_min)  # no group of users can lift another so far
        shown = each(lambda sums: exponent(sums[any_][:, within], x_min))
        return [
            Estimate(gap(shown), shown, contributing(pair, name), {**scope, "x_min": f"{x_min:.0f}"}, columns=columns)
        ]

    return one_by_one(pair, estimates)


def gini(mass: Floats) -> Floats:
    """Gini coefficient of rows of masses, shape (B,): 0 all alike, 1 one has all; things without mass count."""
    ordered = np.sort(mass, axis=-1)
    n = mass.shape[-1]
    with np.errstate(all="ignore"):
        coefficient: Floats = (ordered @ (2.0 * np.arange(1, n + 1) - n - 1)) / (n * mass.sum(-1))
    return coefficient


def _rare_users(pair: Pair) -> Iterator[Estimate]:
    def estimates(name: str, scope: Scope, columns: Columns) -> list[Estimate]:
        rare_ = pair.add(f"{name}:rare", *on_rare(pair, name, RARE, any_of_it=True))
        users = contributing(pair, name)
        return [Estimate(difference(rare_), both(rare_), users, scope, columns=columns)]

    return each_kind(pair, estimates)


def _inequality(pair: Pair) -> Iterator[Estimate]:
    def estimates(name: str, scope: Scope, columns: Columns) -> list[Estimate]:
        shown = each(lambda sums: gini(sums[name]))
        return [Estimate(gap(shown), shown, contributing(pair, name), scope, columns=columns)]

    return one_by_one(pair, estimates)


METRICS = (
    Metric(
        id="L1",
        axis="tail",
        title="mass of the tail, 20 %, as other real users have it",
        definition=(
            "Users alternate into two halves. The tail of one half are the rarest things with up to 20 % of its "
            "mass, ties at the cut left out, and what it never met; a real user's events on the tail of the other "
            "half, over all events, pooled; simulated users by the tail of the half they are not in (paired) or of "
            "both; ln of the ratio, simulated over real."
        ),
        unit="ln ratio",
        kind="signed",
        interval="basic",
        columns=("item",),
        estimates=_tail_mass,
        range="any real number; shares in [0, 1]",
        bias="down",
    ),
    Metric(
        id="L5",
        axis="tail",
        title="how many there are, the unseen among them (Chao)",
        definition=(
            "Things done by any user, by exactly one (f1) and by exactly two (f2) of n: seen + (n-1)/n f1^2 / (2 "
            "f2), bias-corrected where f2 = 0; ln of the ratio, simulated over real, between equally many users; of "
            "more than 2,048 things, about a sample of so many."
        ),
        unit="ln ratio",
        kind="signed",
        interval="half-sample",
        columns=("item",),
        estimates=partial(_of_users, own=_in_all, effect=log_gap),
        range="any real number",
        bias="down",
        equal_users=True,
        reference="Chao 1984",
        dear=True,
    ),
    Metric(
        id="L5u",
        axis="tail",
        title="unseen mass, 1 - coverage",
        definition=(
            "Things done by exactly one user over all (user, thing): the share of the next that would be new; "
            "simulated less real, between equally many users; of more than 2,048 things, about a sample of so many."
        ),
        unit="difference of shares",
        kind="signed",
        interval="half-sample",
        columns=("item",),
        estimates=partial(_of_users, own=_unseen, effect=gap),
        range="[-1, 1]",
        bias="down",
        equal_users=True,
        reference="Good 1953",
        dear=True,
    ),
    Metric(
        id="L6",
        axis="tail",
        title="head and tail of the divergence of what is done",
        definition=(
            "What the head (the most frequent things with 80 % of the mass of both sides together) and the tail add "
            "to the Jensen-Shannon divergence of shares of events in bits, less what halves of real people have; of "
            "more than 2,048 things, about a sample of so many."
        ),
        unit="bits (Jensen-Shannon, excess)",
        kind="distance",
        interval="percentile",
        columns=("item",),
        estimates=_parts,
        range="[0, 1] before the floor is subtracted",
        bias="up in the tail",
        reference="Lin 1991",
        dear=True,
    ),
    Metric(
        id="L7",
        axis="tail",
        title="exponent of the tail of users per item",
        definition=(
            "Of the things done by x_min users or more, 1 + n / sum ln(users / (x_min - 1/2)), x_min where a power "
            "law begins to fit the real side; simulated less real, between equally many users; of more than 2,048 "
            "things, about a sample of so many. No power law is claimed."
        ),
        unit="difference",
        kind="signed",
        interval="half-sample",
        columns=("item",),
        estimates=_exponent,
        range="exponents > 1",
        bias="down: mass that the tail has lost is with the head",
        equal_users=True,
        reference="Clauset, Shalizi & Newman 2009",
        dear=True,
    ),
    Metric(
        id="L8",
        axis="tail",
        title="users who do something rare, 5 % of the mass of other real users",
        definition=(
            "Share of users with an event on the rarest things that carry 5 % of the mass of the other half of the "
            "real users (as L1); simulated less real."
        ),
        unit="difference of shares of users",
        kind="signed",
        interval="percentile",
        columns=("item",),
        estimates=_rare_users,
        range="[-1, 1]",
        bias="down",
    ),
    Metric(
        id="L8g",
        axis="tail",
        title="inequality of popularity (Gini)",
        definition=(
            "Gini coefficient of events over the things that there are on either side; simulated less real, between "
            "equally many users; of more than 2,048 things, about a sample of so many."
        ),
        unit="difference",
        kind="signed",
        interval="half-sample",
        columns=("item",),
        estimates=_inequality,
        range="[-1, 1]; each side's own in [0, 1]",
        bias="up",
        equal_users=True,
        reference="Gini 1912",
        dear=True,
    ),
)
