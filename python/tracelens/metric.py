"""The record of a metric, its estimates on the data at hand, and the few statistics that metrics are made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tracelens.align import Block, Floats, Pair, fixed

MINIMUM_USERS = 30
"""A primary with fewer contributing users in either arm is "too few users to tell": no data is not a match."""


Part = tuple[Floats, Block]
"""Weights of shape (B, U), or (1, U) for all resamples, and a sparse block of shape (K, U)."""


class Sums(Protocol):
    """Sums of user columns under a block of B resamples: ``sums["events"]`` has shape (B, K)."""

    taken: dict[Any, Floats]
    """What was counted of this group and another one."""

    def __getitem__(self, name: str) -> Floats: ...

    def parts(self, name: str) -> list[Part]:
        """What a block adds up from: for sums over more things than a matrix of resamples could hold."""
        ...


Statistic = Callable[[Sums, Sums], Floats]
Shown = Callable[[Sums, Sums], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Estimate:
    """One number that a metric gives on the data at hand: the metric itself, or one of its scopes.

    Attributes
    ----------
    value : callable
        (real sums, simulated sums) -> the effect (signed metrics) or the distance, shape (B,).
    shown : callable, optional
        (real sums, simulated sums) -> the two sides' own values; distances have none.
    users : tuple of int
        Contributing users of the real and of the simulated side: those whose own terms are not empty.
    scope : mapping
        What of the metric this is, e.g. ``{"action": "like"}``.
    fallback : callable, optional
        The test statistic where the effect is not finite (a difference where a ratio has a zero).
    columns : tuple of str, optional
        The event columns it depends on, where they are not the metric's.
    blunt : bool
        The data are too sparse for a real difference to reach the margin: a gap may be found, but none ruled out.
    missing : str, optional
        Why it cannot be computed; the other fields then play no part.
    """

    value: Statistic | None = None
    shown: Shown | None = None
    users: tuple[int, int] = (0, 0)
    scope: Mapping[str, str] = field(default_factory=dict)
    fallback: Statistic | None = None
    columns: tuple[str, ...] | None = None
    blunt: bool = False
    missing: str | None = None


@dataclass(frozen=True)
class Metric:
    """The record of a metric: all that is known about it without data.

    Attributes
    ----------
    id, axis, title, unit : str
    definition : str
        How it is computed, in words.
    kind : {"signed", "distance"}
        Signed metrics are 0 when nothing differs; distances are never negative and read as their excess over the floor.
    interval : {"percentile", "basic", "half-sample"}
        Of a signed metric: percentile bootstrap for means, basic bootstrap for ratios of sums, half-sampling for
        statistics that users drawn twice would bias (as for all distances).
    columns : tuple of str
        Event columns it depends on; all given to the simulator means "given, not tested".
    estimates : callable
        Registers user columns with a `Pair` and gives the metric's estimates on it.
    range, bias : str
        What values are possible; where simulators by language models tend to go.
    primary : bool
        Stands for its axis and enters Holm's correction.
    margin : float, optional
        The largest effect that does not matter; a fraction of the real value where `relative`.
    relative : bool
    equal_users : bool
        Depends on the number of users, so compared only between equally many.
    needs_real_value : bool
        Not computable where the real value's interval includes 0: there is nothing to lose.
    null : float
        The effect where nothing differs.
    minimum : int
        Contributing users in either arm below which a primary is "too few users to tell".
    dear : bool
        Costs much to read off sums, so that only the first of the resamples are: p is no less than 1 / (1 + 199).
    reference : str
        Where the method stems from.
    """

    id: str
    axis: str
    title: str
    unit: str
    kind: Literal["signed", "distance"]
    interval: Literal["percentile", "basic", "half-sample"]
    columns: tuple[str, ...]
    estimates: Callable[[Pair], Iterable[Estimate]]
    range: str
    bias: str
    definition: str = ""
    primary: bool = False
    margin: float | None = None
    relative: bool = False
    equal_users: bool = False
    needs_real_value: bool = False
    null: float = 0.0
    minimum: int = MINIMUM_USERS
    dear: bool = False
    reference: str = ""


def missing(reason: str, **scope: str) -> list[Estimate]:
    """Return the one estimate of a metric that cannot be computed."""
    return [Estimate(missing=reason, scope=scope)]


def one(block: Floats) -> Floats:
    """Return the only column of a block of sums, shape (B,)."""
    return block[..., 0]


def mean(sums: Sums, name: str, over: str = "users") -> Floats:
    """Ratio of two summed columns, shape (B,)."""
    with np.errstate(all="ignore"):
        return one(sums[name]) / one(sums[over])


def both(name: str, over: str = "users") -> Shown:
    """The two sides' own means."""
    return lambda real, sim: (mean(real, name, over), mean(sim, name, over))


def gap(shown: Shown) -> Statistic:
    """Simulated minus real of the sides' own values."""

    def value(real: Sums, sim: Sums) -> Floats:
        left, right = shown(real, sim)
        with np.errstate(all="ignore"):
            difference: Floats = right - left
        return difference

    return value


def log_gap(shown: Shown) -> Statistic:
    """ln of simulated over real of the sides' own values."""

    def value(real: Sums, sim: Sums) -> Floats:
        left, right = shown(real, sim)
        with np.errstate(all="ignore"):
            ratio: Floats = np.log(right) - np.log(left)
        return ratio

    return value


def difference(name: str, over: str = "users") -> Statistic:
    """Difference of means, simulated minus real."""
    return gap(both(name, over))


def log_ratio(name: str, over: str = "users") -> Statistic:
    """ln of the ratio of means, simulated over real."""
    return log_gap(both(name, over))


def js_cells(p: Floats, q: Floats) -> Floats:
    """What each cell of two distributions adds to their Jensen-Shannon divergence, in bits."""
    m = (p + q) / 2
    bits: Floats = np.where(p > 0, p * np.log2(p / m), 0.0) + np.where(q > 0, q * np.log2(q / m), 0.0)
    return bits / 2


def js_divergence(left: Floats, right: Floats) -> Floats:
    """Jensen-Shannon divergence in bits of rows of masses, shape (B,); NaN where a row is empty (Lin 1991)."""
    with np.errstate(all="ignore"):
        p = left / left.sum(-1, keepdims=True)
        q = right / right.sum(-1, keepdims=True)
        total: Floats = js_cells(p, q).sum(-1)
    return np.where((left.sum(-1) > 0) & (right.sum(-1) > 0), np.maximum(total, 0.0), np.nan)


def weighted_median(mass: Floats, values: Floats) -> Floats:
    """Median of values under rows of masses, shape (B,); the middle of two values where the half falls between them."""
    cumulative = mass.cumsum(-1)
    half = cumulative[..., -1:] / 2
    lower = values[(cumulative >= half).argmax(-1)]
    upper = values[(cumulative > half).argmax(-1)]
    return np.where(cumulative[..., -1] > 0, (lower + upper) / 2, np.nan)


def midranks(values: Floats) -> Floats:
    """Ranks from 1, those of ties their mean, shape (n,); to import scipy.stats for it would take half a second."""
    _, code, n = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (n.cumsum() - (n - 1) / 2)[code]
    return ranks


def each(own: Callable[[Sums], Floats]) -> Shown:
    """The two sides' own values, each of its sums alone."""
    return lambda real, sim: (own(real), own(sim))


def known_mean(pair: Pair, name: str, values: Sequence[Floats], known: Sequence[NDArray[np.bool_]]) -> str:
    """Register one value a user, of those of whom it is known; their number is the block ``name:n``."""
    pair.add(f"{name}:n", *(mask.astype(np.float64) for mask in known))
    return pair.add(name, *(fixed(np.where(mask, value, 0.0)) for value, mask in zip(values, known, strict=True)))


def contributing(pair: Pair, name: str) -> tuple[int, int]:
    """Users of each side with a non-zero entry in a block."""
    counts = []
    for block in pair.blocks[name]:
        filled = np.asarray(abs(block).sum(axis=1)).ravel() > 0
        counts.append(int(filled.sum()))
    return counts[0], counts[1]
