"""Axis G, profiles: what each of a sample of users does, in two halves of their days, at equal numbers of events.

All that is said of a profile by its likeness to others becomes one number a user, found once: how well a user is told
from others, whether others surround a user, on which side a classifier puts a user. Floors, intervals and p-values
then come from sums of user columns, as all others do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracelens.align import HALF_BLOCKS, Floats, Ints, Pair, Side, fixed
from tracelens.axes.diversity import SEEN, half_events
from tracelens.metric import MINIMUM_USERS

SAMPLE = 500
"""Users of each side whose profiles are compared, at most: the cost is their square."""
DRAWN = 20
"""Events drawn from each half of a user's log: how well people are told apart grows with what is known of them."""
WIDEST = 64
"""Features of a group: what most real users do; all the rest is one more."""
MANY = 4096
"""From so many events on, drawing with replacement is as good as without."""


@dataclass(frozen=True)
class Profiles:
    """Profiles of the sampled users of one side.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Which users of the side.
    halves : ndarray, shape (2, n, F)
        Square roots of the shares of scenarios, actions and categories: Hellinger's coordinates. Multiples of 2^-20.
    whole : ndarray, shape (n, F)
        The same of both halves together.
    groups : dict of slice
        Which features are of scenarios, of actions, of categories.
    """

    rows: Ints
    halves: Floats
    whole: Floats
    groups: dict[str, slice]

    def column(self, size: int, values: Floats) -> Floats:
        """Put one value a sampled user into the rows of the side, 0 for all others."""
        column = np.zeros(size)
        column[self.rows] = fixed(values)
        return column


Sides = tuple[Profiles, Profiles]


def profiles(pair: Pair) -> Sides | str:
    """Profiles of equally many users of both sides, or why there are none; found once."""
    if "profiles" not in pair.memo:
        pair.memo["profiles"] = found = _profiles(pair)
        if not isinstance(found, str):
            both = zip(found, pair.sides, strict=True)
            pair.add("people", *(mine.column(side.size, np.ones(len(mine.rows))) for mine, side in both))
    known: Sides | str = pair.memo["profiles"]
    return known


def _profiles(pair: Pair) -> Sides | str:
    for unit in (0, 1) if pair.has("clock") else (2,):
        enough = pair.chosen([np.all(half_events(side, unit) >= DRAWN, axis=-1) for side in pair.sides])
        eligible = [np.flatnonzero(mask) for mask in enough]
        n = min(SAMPLE, *map(len, eligible))
        if n >= MINIMUM_USERS:
            break
    else:
        return "too few users"
    generator = np.random.default_rng(0)
    rows = [np.sort(generator.permutation(of)[:n]) for of in eligible]
    if pair.paired:
        rows[1] = rows[0]
    given = {column for one in pair.sides for column in one.meta.get("given", ())}
    groups = [group for group in HALF_BLOCKS if group not in given]
    if not groups:
        return "given"
    parts: list[list[Floats]] = [[], []]
    for group in groups:
        both = [_drawn(side, pair, unit, mine, group) for side, mine in zip(pair.sides, rows, strict=True)]
        users = (both[0].sum(0) > 0).sum(0)
        top = np.sort(np.argsort(-users, kind="stable")[:WIDEST])
        for part, counts in zip(parts, both, strict=True):
            rest = counts.sum(-1, keepdims=True) - counts[..., top].sum(-1, keepdims=True)
            part.append(np.concatenate([counts[..., top], rest], axis=-1))
    ends = np.cumsum([0, *(counts.shape[-1] for counts in parts[0])])
    slices = {group: slice(*ends[i : i + 2]) for i, group in enumerate(groups)}
    real, sim = (
        Profiles(mine, _hellinger(counts), _hellinger([block.sum(0) for block in counts]), slices)
        for mine, counts in zip(rows, parts, strict=True)
    )
    return real, sim


def _hellinger(counts: list[Floats]) -> Floats:
    blocks = []
    for block in counts:
        total = block.sum(-1, keepdims=True)
        blocks.append(np.sqrt(np.divide(block, total, out=np.zeros_like(block), where=total > 0)))
    return fixed(np.concatenate(blocks, axis=-1))


def _drawn(side: Side, pair: Pair, unit: int, rows: Ints, group: str) -> Floats:
    """Events drawn from both halves by what the group is of, shape (2, n, width); records seen are one more action."""
    place = np.full(side.size, -1)
    place[rows] = np.arange(len(rows))
    block, width = HALF_BLOCKS.index(group), len(pair.names[group])
    halves = []
    for half in (0, 1):
        counts = np.zeros((len(rows), width + 1))
        for table, last in ((block, False), (SEEN, True))[: 2 if group == "action" else 1]:
            found = side.table("halves", unit=unit, half=half, block=table)
            row = place[found["user"]]
            code = np.full(len(row), width) if last else found["code"]
            np.add.at(counts, (row[row >= 0], code[row >= 0]), found["count"][row >= 0])
        halves.append(draw(counts, np.random.default_rng([half, block]).random(MANY)))
    return np.stack(halves)


def draw(counts: Floats, keys: Floats) -> Floats:
    """DRAWN of each row's events without replacement, all of them where there are no more, shape (n, width).

    Which ones depends on the keys and on how many there are, and on nothing else: a user draws alike in any company.
    """
    picked: dict[int, NDArray[np.int64]] = {}
    drawn = np.zeros_like(counts)
    for row, ends in enumerate(counts.cumsum(-1)):
        n = int(ends[-1])
        if n <= DRAWN:
            drawn[row] = counts[row]
            continue
        if n not in picked:
            picked[n] = np.argpartition(keys[:n], DRAWN)[:DRAWN] if n <= MANY else (keys[:DRAWN] * n).astype(np.int64)
        drawn[row] = np.bincount(np.searchsorted(ends, picked[n], side="right"), minlength=counts.shape[-1])
    return drawn


def squared_distances(left: Floats, right: Floats) -> Floats:
    """Squared Euclidean distances between rows; exact, as the features are multiples of 2^-20."""
    square: Floats = (left * left).sum(-1)[:, None] + (right * right).sum(-1) - 2 * (left @ right.T)
    return square
