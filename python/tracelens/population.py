"""A made-up population of app users: how the demo's people, and a biased simulation of them, behave.

Everything is drawn column-wise with numpy from one seed. The people (tastes, rates, clocks) depend on the seed alone:
a simulation of the same seed is a simulation of the same people, and what they do in it is drawn anew.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SCENARIOS = ("search", "video", "ad", "live", "shop")
SEARCH, VIDEO, AD, LIVE, SHOP = range(5)
CATEGORIES = ("Phones", "Beauty", "Sports", "Food", "Games", "Fashion", "Travel", "Pets", "Music", "Home")
ITEMS = 150
"""Items of one category in one scenario; their popularity falls with the rank (Zipf)."""

DAY, HOUR = 86_400, 3_600
LONGEST_SESSION = 40

# What can be done about a record: scenario -> (action, base rate per record, listed even if it did not happen).
OFFERS: dict[int, tuple[tuple[str, float, bool], ...]] = {
    SEARCH: (("search", 1.0, False), ("show", 1.0, False), ("click", 0.5, False)),
    VIDEO: (
        ("watch", 1.0, False),
        ("like", 0.12, False),
        ("comment", 0.03, False),
        ("collect", 0.04, False),
        ("share", 0.02, False),
        ("follow", 0.03, False),
        ("dislike", 0.045, False),
        ("report", 0.012, False),
    ),
    AD: (
        ("watch", 1.0, False),
        ("conversion", 0.05, False),
        ("activation", 0.04, True),
        ("submit", 0.04, True),
        ("dislike", 0.05, False),
        ("report", 0.02, False),
    ),
    LIVE: (
        ("watch", 1.0, False),
        ("like", 0.12, False),
        ("comment", 0.15, False),
        ("send_gift", 0.08, False),
        ("follow", 0.05, False),
        ("share", 0.02, False),
        ("join_group", 0.02, False),
        ("unfollow", 0.035, False),
        ("report", 0.012, False),
    ),
    SHOP: (("cart", 0.3, True), ("purchase", 0.12, True)),
}
ACTIONS = tuple(dict.fromkeys(action for offers in OFFERS.values() for action, _, _ in offers))
ALWAYS = ("search", "show", "watch")
NEGATIVE = ("dislike", "report", "unfollow")
POSITIVE = ("like", "collect", "share", "follow", "send_gift", "join_group", "purchase")
PASSIVE = ("watch", "show")
CONVERSION = ("purchase",)

# Where people go next, relative to their liking: searches open videos and shops, ads and live rooms sell.
FLOW = np.array(
    [
        [0.2, 3.0, 0.5, 0.5, 2.0],
        [0.5, 0.2, 2.5, 1.5, 0.3],
        [1.0, 1.0, 0.2, 0.5, 3.0],
        [0.3, 1.0, 0.5, 0.2, 3.0],
        [2.0, 1.0, 0.3, 1.5, 0.2],
    ]
)


@dataclass(frozen=True)
class Behaviour:
    """What sets one side's behaviour off from the population's own.

    Attributes
    ----------
    rate : float
        Factor on the records of a user, > 0.
    eagerness : float
        Factor on the probability of every optional action that is not negative, > 0.
    negatives : float
        Factor on the probability of negative actions, >= 0.
    homogenize : float
        0 = everybody as they are, 1 = everybody the mean person.
    head : float
        Share of each catalogue, from the most popular item on, that is ever seen, in (0, 1].
    chain : bool
        Whether needs are followed up over days, and scenarios in order.
    """

    rate: float = 1.0
    eagerness: float = 1.0
    negatives: float = 1.0
    homogenize: float = 0.0
    head: float = 1.0
    chain: bool = True


REAL = Behaviour()
SIMULATED = Behaviour(rate=2.5, eagerness=1.9, negatives=0.3, homogenize=0.85, head=0.15, chain=False)


@dataclass(frozen=True)
class Log:
    """What a population did: records, sorted by user and time, and the actions on them.

    Attributes
    ----------
    users, days : int
    records : dict of ndarray, each of shape (R,)
        ``user``, ``time`` (seconds since the first local midnight), ``scenario``, ``category``, ``item`` (-1 unsaid;
        else an index over scenario, category and rank), ``dated`` (only the date is logged), ``seconds`` (of play).
    actions : dict of ndarray, each of shape (A,), sorted by record
        ``record``, ``action`` (index into ACTIONS), ``occurred``.
    """

    users: int
    days: int
    records: dict[str, NDArray[np.int64]]
    actions: dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class _People:
    active: Floats  # (U,) probability that a day is active
    sessions: Floats  # (U,) sessions of an active day
    length: Floats  # (U,) records of a session
    needs: Floats  # (U,) needs a day
    mix: Floats  # (U, 5) liking of scenarios
    taste: Floats  # (U, C) liking of categories
    phase: Floats  # (U,) hour of the day
    night: Floats  # (U,) share of sessions at night
    traits: Floats  # (U, A) inclination to each action


def simulate(users: int, days: int, seed: int, behaviour: Behaviour = REAL) -> Log:
    """Draw what a population of people does.

    Parameters
    ----------
    users, days : int
    seed : int
        Equal seeds give the same people; equal seeds and behaviours give the same log.
    behaviour : Behaviour
    """
    people = _people(users, np.random.default_rng([seed, 0]), behaviour.homogenize)
    rng = np.random.default_rng([seed, 1 if behaviour == REAL else 2])
    parts = [_sessions(people, days, rng, behaviour)]
    if behaviour.chain:
        parts.append(_needs(people, days, rng))
    records = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((records["scenario"], records["time"], records["user"]))
    records = {name: column[order] for name, column in records.items()}
    bought = records.pop("bought").astype(bool)
    records |= _contents(records, rng, behaviour)
    return Log(users, days, records, _actions(people, records, bought, rng, behaviour))


def _people(users: int, rng: np.random.Generator, homogenize: float) -> _People:
    def shrink(x: Floats) -> Floats:
        shrunk: Floats = homogenize * x.mean(0, keepdims=True) + (1 - homogenize) * x
        return shrunk

    traits = np.exp(rng.normal(0.0, 0.8, (users, len(ACTIONS))))
    traits[rng.random(traits.shape) < 0.35] = 0.0  # many people never do a given thing
    for action in ALWAYS:
        traits[:, ACTIONS.index(action)] = 1.0
    return _People(
        active=1 / (1 + np.exp(-shrink(rng.normal(0.9, 0.9, users)))),
        sessions=np.exp(shrink(rng.normal(0.2, 0.5, users))),
        length=np.exp(shrink(rng.normal(1.3, 0.4, users))),
        needs=np.exp(shrink(rng.normal(np.log(0.18), 0.5, users))),
        mix=shrink(rng.dirichlet([0.8, 3.6, 1.4, 2.2, 0.9], users)),
        taste=shrink(rng.dirichlet(np.full(len(CATEGORIES), 0.3), users)),
        phase=shrink(rng.normal(20.0, 2.5, users)),
        night=shrink(rng.beta(1.0, 8.0, users)),
        traits=shrink(traits),
    )


def _draw(weights: Floats, rng: np.random.Generator) -> Ints:
    """One column index per row, in proportion to the row's weights."""
    cumulative = weights.cumsum(-1)
    return np.asarray((rng.random((len(weights), 1)) * cumulative[:, -1:] >= cumulative).sum(-1), dtype=np.int64)


def _hours(people: _People, user: Ints, rng: np.random.Generator) -> Ints:
    """Seconds since midnight, by the person's own clock."""
    evening = rng.normal(people.phase[user], 2.0) % 24
    night = rng.uniform(0, 6, len(user))
    return (np.where(rng.random(len(user)) < people.night[user], night, evening) * HOUR).astype(np.int64)


def _sessions(people: _People, days: int, rng: np.random.Generator, behaviour: Behaviour) -> dict[str, Ints]:
    """Everyday use: sessions at the person's hours, one record after the other."""
    users, more = len(people.active), behaviour.rate**0.5
    active = rng.random((users, days)) < people.active[:, None]
    count = active * np.maximum(1, rng.poisson(people.sessions[:, None] * more, (users, days)))
    user, day = (np.repeat(axis.ravel(), count.ravel()) for axis in np.indices((users, days)))
    length = (1 + rng.poisson(np.maximum(people.length * more - 1, 0.2)[user])).clip(max=LONGEST_SESSION)
    time = day * DAY + _hours(people, user, rng)
    scenario, category = _draw(people.mix[user], rng), _draw(people.taste[user], rng)
    columns = []
    for position in range(int(length.max(initial=0))):
        if position:
            kept = length > position
            user, time, scenario, category, length = (c[kept] for c in (user, time, scenario, category, length))
            flow = FLOW[scenario] if behaviour.chain else 1.0
            moves = rng.random(len(user)) < 0.4
            scenario = np.where(moves, _draw(people.mix[user] * flow, rng), scenario)
            category = np.where(rng.random(len(user)) < 0.3, _draw(people.taste[user], rng), category)
            time = time + 5 + rng.lognormal(4.0, 0.9, len(user)).astype(np.int64)
        inside = time < days * DAY
        columns.append([c[inside] for c in (user, time, scenario, category)])
    names = ("user", "time", "scenario", "category")
    records = {name: np.concatenate(column) for name, column in zip(names, zip(*columns, strict=True), strict=True)}
    return records | {"bought": np.zeros(len(records["user"]), dtype=np.int64)}


def _needs(people: _People, days: int, rng: np.random.Generator) -> dict[str, Ints]:
    """Chains: a need is searched for, met again in videos, ads and live rooms over one to three days, then bought."""
    count = rng.poisson(people.needs * days)
    user = np.repeat(np.arange(len(count)), count)
    first = rng.integers(0, days, len(user))
    lead = rng.choice([1, 2, 3], len(user), p=[0.4, 0.4, 0.2])
    passing = _draw(np.ones((len(user), len(CATEGORIES))), rng)
    category = np.where(rng.random(len(user)) < 0.3, _draw(people.taste[user], rng), passing)
    steps = []
    for scenario, times in (
        (SEARCH, np.ones(len(user), dtype=np.int64)),
        (VIDEO, rng.poisson(1.5, len(user))),
        (AD, 1 + rng.poisson(1.0, len(user))),
        (LIVE, 1 + rng.poisson(1.0, len(user))),
        (SHOP, (rng.random(len(user)) < 0.85) * (1 + rng.poisson(0.5, len(user)))),
    ):
        need = np.repeat(np.arange(len(user)), times)
        if scenario == SEARCH:
            offset = np.zeros(len(need), dtype=np.int64)
        elif scenario == SHOP:
            offset = lead[need]
        else:
            offset = (rng.random(len(need)) * lead[need]).astype(np.int64)
        when = (first[need] + offset) * DAY + _hours(people, user[need], rng)
        steps.append(
            (user[need], when, np.full(len(need), scenario), category[need], np.full(len(need), int(scenario == SHOP)))
        )
    names = ("user", "time", "scenario", "category", "bought")
    records = {name: np.concatenate(column) for name, column in zip(names, zip(*steps, strict=True), strict=True)}
    inside = records["time"] < days * DAY
    return {name: column[inside] for name, column in records.items()}


def _contents(records: dict[str, Ints], rng: np.random.Generator, behaviour: Behaviour) -> dict[str, Ints]:
    """What each record is about, as far as the log says it."""
    scenario, category = records["scenario"], records["category"]
    size = len(scenario)
    seen = max(1, round(behaviour.head * ITEMS))
    popularity = 1 / np.arange(1, seen + 1)
    edges = popularity.cumsum() / popularity.sum()
    rank = np.searchsorted(edges, rng.random(size), side="right").clip(max=seen - 1)
    unsaid = rng.random(size) < 0.08
    silent = (scenario == SEARCH) | (unsaid & ((scenario == VIDEO) | (scenario == LIVE)))
    return {
        "category": category,
        "item": np.where(silent, -1, (scenario * len(CATEGORIES) + category) * ITEMS + rank),
        "dated": ((scenario == AD) & (rng.random(size) < 0.15)).astype(np.int64),
        "seconds": rng.lognormal(2.8, 1.0, size).astype(np.int64),
    }


def _actions(
    people: _People, records: dict[str, Ints], bought: NDArray[np.bool_], rng: np.random.Generator, behaviour: Behaviour
) -> dict[str, Ints]:
    """Actions on each record, by the person's own inclinations."""
    parts = []
    for scenario, offers in OFFERS.items():
        rows = np.flatnonzero(records["scenario"] == scenario)
        for action, base, listed in offers:
            code = ACTIONS.index(action)
            probability = base * people.traits[records["user"][rows], code]
            if action not in ALWAYS:
                probability = probability * (behaviour.negatives if action in NEGATIVE else behaviour.eagerness)
                probability = probability.clip(max=0.9)
            if action in ("cart", "purchase"):
                probability = np.where(bought[rows], 0.8, probability)
            happens = rng.random(len(rows)) < probability
            kept = np.ones(len(rows), dtype=bool) if listed else happens
            parts.append((rows[kept], np.full(int(kept.sum()), code), happens[kept].astype(np.int64)))
    record, action_code, occurred = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(record, kind="stable")
    return {"record": record[order], "action": action_code[order], "occurred": occurred[order]}
