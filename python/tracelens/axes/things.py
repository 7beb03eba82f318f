"""Axis L, things that people do more or less of: items, categories, actions (in their scenarios), what follows what."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracelens.align import Pair
from tracelens.axes import tail
from tracelens.metric import Estimate, missing

MOST = 1 << 11
"""Things whose sums are looked at one by one: of more, a fixed sample stands for all, and the scope says so."""

Scope = dict[str, str]
Columns = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of things that people do more or less of: its table, and the code of a row of it."""

    name: str
    table: str
    code: Callable[[dict[str, NDArray[np.int64]], Pair], NDArray[np.int64]]
    columns: tuple[str, ...]


KINDS = (
    Kind("item", "items", lambda rows, pair: rows["item"], ("item",)),
    Kind("category", "categories", lambda rows, pair: rows["category"], ("category",)),
    Kind("action", "behaviours", lambda rows, pair: rows["action"], ("action",)),
    Kind(
        "scenario and action",
        "behaviours",
        lambda rows, pair: rows["scenario"] * len(pair.names["action"]) + rows["action"],
        ("scenario", "action"),
    ),
    Kind(
        "action bigram",
        "bigrams",
        lambda rows, pair: rows["action"] * len(pair.names["action"]) + rows["next_action"],
        ("time", "action"),
    ),
)


def counts_of(pair: Pair, kind: Kind) -> str:
    """Register events by user and thing, of the things that are there on either side, and those of a user in all."""
    name = tail.counts(pair) if kind.name == "item" else f"counts:{kind.name}"
    if name not in pair.blocks:
        codes = [kind.code(side.tables[kind.table], pair) for side in pair.sides]
        there = np.unique(np.concatenate(codes))
        blocks = []
        for side, code in zip(pair.sides, codes, strict=True):
            rows = side.tables[kind.table]
            blocks.append(side.sparse(rows["user"], np.searchsorted(there, code), rows["count"], len(there)))
        pair.add(name, *blocks)
    pair.add(f"{name}:all", *(np.asarray(block.sum(axis=1)).ravel() for block in pair.blocks[name]))
    return name


def each_kind(pair: Pair, estimates: Callable[[str, Scope, Columns], Iterable[Estimate]]) -> Iterator[Estimate]:
    """The estimates for each kind of things; where there are none of a kind, that."""
    for kind in KINDS:
        name = counts_of(pair, kind)
        there = all(block.nnz for block in pair.blocks[name]) and min(pair.real.size, pair.sim.size) > 1
        scope = {"of": kind.name}
        yield from estimates(name, scope, kind.columns) if there else missing(f"no {kind.name}s", **scope)


def one_by_one(pair: Pair, estimates: Callable[[str, Scope, Columns], Iterable[Estimate]]) -> Iterator[Estimate]:
    """The same, from the sums of each thing: of more than MOST things, of a sample, about which they then are."""

    def of_sample(name: str, scope: Scope, columns: Columns) -> Iterable[Estimate]:
        things = pair.blocks[name][0].shape[1]
        if things <= MOST:
            return estimates(name, scope, columns)
        kept = np.sort(np.random.default_rng(0).choice(things, MOST, replace=False))
        blocks = [block[:, kept] for block in pair.blocks[name]]
        sample = pair.add(f"{name}:sample", *blocks)
        pair.add(f"{sample}:all", *(np.asarray(block.sum(axis=1)).ravel() for block in blocks))
        return estimates(sample, {**scope, "sample": f"{MOST} of {things}"}, columns)

    return each_kind(pair, of_sample)
