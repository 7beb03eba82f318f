"""Axis G, likeness: is a user told from others, does one lie where real ones do, and can the sides be told apart."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from tracelens.align import Floats, Ints, Pair, fixed
from tracelens.axes.people import Profiles, Sides, profiles, squared_distances
from tracelens.metric import Estimate, Metric, Sums, both, difference, each, log_gap, mean, midranks, missing

N = "people"
"""The block that counts the sampled users."""
POOL = 50
NEIGHBOURS = 5
FOLDS = 5
SEEDS = 5
MOST_CLUSTERS = 50
STEPS = 20
"""Of Lloyd's and of Newton's iteration, at most."""
MIXTURES = np.linspace(0.05, 0.95, 10)
SHARPNESS = 5.0
"""Constant c of the frontier."""


def _of_profiles(estimates: Callable[[Pair, Sides], Iterable[Estimate]], pair: Pair) -> list[Estimate]:
    found = profiles(pair)
    if isinstance(found, str):
        return missing(found)
    # One thread: what comes of the linear algebra must not depend on how many there are.
    with threadpool_limits(1, "blas"):
        return list(estimates(pair, found))


def _add(pair: Pair, name: str, sides: Sides, values: Iterable[Floats]) -> str:
    """Register one value a sampled user."""
    columns = (p.column(s.size, v) for p, s, v in zip(sides, pair.sides, values, strict=True))
    return pair.add(f"{N}:{name}", *columns)


def _users(sides: Sides) -> tuple[int, int]:
    return len(sides[0].rows), len(sides[1].rows)


def _scopes(sides: Sides) -> list[tuple[dict[str, str], slice]]:
    """All features together, then each group by itself."""
    return [({}, slice(None)), *(({"group": group}, kept) for group, kept in sides[0].groups.items())]


def across(mine: Profiles, kept: slice) -> Floats:
    """Distances of each user's first half (rows) from everyone's second half (columns), shape (n, n)."""
    return np.sqrt(np.maximum(squared_distances(mine.halves[0][:, kept], mine.halves[1][:, kept]), 0.0))


def pseudo_values(pairs: Floats) -> Floats:
    """Give each user of a mean over ordered pairs of different users a part in it, shape (n,).

    The jackknife's pseudo-values: their mean is the mean over pairs, and their variance over n is its variance, for
    each user is in pairs twice, as the one and as the other (Sen 1960).

    Parameters
    ----------
    pairs : ndarray, shape (n, n)
        The diagonal is left out.
    """
    n = len(pairs)
    rest = pairs - np.diag(np.diag(pairs))
    total: float = rest.sum() / (n * (n - 1))
    parts: Floats = (rest.sum(0) + rest.sum(1)) / (n - 1) - total
    return parts


def _inter_intra(pair: Pair, sides: Sides) -> Iterator[Estimate]:
    for scope, kept in _scopes(sides):
        distances = [across(mine, kept) for mine in sides]
        label = scope.get("group", "all")
        others = _add(pair, f"others:{label}", sides, map(pseudo_values, distances))
        own = _add(pair, f"own:{label}", sides, map(np.diag, distances))
        shown, columns = both(others, own), COLUMNS.get(label)
        yield Estimate(log_gap(shown), shown, _users(sides), scope, difference(others, own), columns)


def closer(distances: Floats) -> Floats:
    """Whether a user's own other half is nearer than that of another user, ties half, shape (n, n)."""
    own = np.diag(distances)[:, None]
    nearer: Floats = (own < distances) + (own == distances) / 2
    return nearer


def first_of_pool(nearer: Floats) -> Floats:
    """Chance that nobody is nearer than oneself among POOL, oneself included: exact over all such pools, shape (n,)."""
    n = len(nearer) - 1
    worse = nearer.sum(-1) - np.diag(nearer)
    drawn = np.arange(POOL - 1)
    chance: Floats = np.prod(np.clip((worse[:, None] - drawn) / (n - drawn), 0.0, 1.0), axis=-1)
    return chance


def _identity(pair: Pair, sides: Sides) -> Iterator[Estimate]:
    for scope, kept in _scopes(sides):
        label = scope.get("group", "all")
        nearer = [closer(across(mine, kept)) for mine in sides]
        auc = _add(pair, f"auc:{label}", sides, map(pseudo_values, nearer))
        columns = COLUMNS.get(label)
        yield Estimate(difference(auc, N), both(auc, N), _users(sides), scope, columns=columns)
        if not scope and min(_users(sides)) >= POOL:
            top = _add(pair, "first", sides, map(first_of_pool, nearer))
            yield Estimate(difference(top, N), both(top, N), _users(sides), {"statistic": f"first of {POOL}"})


def surprises(kernel: Floats) -> Floats:
    """What each user adds to the entropy of a similarity kernel, nats; the mean is ln of the Vendi score, shape (n,).

    With l and u the eigenvalues and vectors of K / n, the entropy -sum l ln l is the mean over users i of
    -n sum_k l_k u_ik^2 ln l_k: a sum over users, whose resampling is exact to first order.
    """
    n = len(kernel)
    values, vectors = np.linalg.eigh(kernel / n)
    weights = np.where(values > 1e-12, -n * values * np.log(np.maximum(values, 1e-300)), 0.0)
    parts: Floats = (vectors * vectors) @ weights
    return parts


def _personas(pair: Pair, sides: Sides) -> list[Estimate]:
    squares = squared_distances(sides[0].whole, sides[0].whole)
    bandwidth = float(np.median(squares[np.triu_indices(len(squares), 1)]))
    if bandwidth <= 0:
        return missing("real users do not differ")
    kernels = [np.exp(-squared_distances(mine.whole, mine.whole) / (2 * bandwidth)) for mine in sides]
    name = _add(pair, "surprise", sides, map(surprises, kernels))
    return [Estimate(difference(name, N), each(lambda sums: np.exp(mean(sums, name, N))), _users(sides))]


def balls(points: Floats, centres: Floats) -> Floats:
    """In how many balls around centres each point lies, in units of NEIGHBOURS, shape (n,).

    A ball reaches to the centre's own NEIGHBOURS-th nearest among the centres (Kynkaanniemi 2019; Naeem 2020): more
    than 0 is inside the manifold, the mean is the density.
    """
    among = squared_distances(centres, centres)
    reach = np.partition(among, min(NEIGHBOURS, len(centres) - 1), axis=-1)[:, min(NEIGHBOURS, len(centres) - 1)]
    count: Floats = (squared_distances(points, centres) <= reach).sum(-1) / NEIGHBOURS
    return count


def _within(pair: Pair, sides: Sides, of: int, measure: Callable[[Floats], Floats]) -> list[Floats]:
    """Measure in how many balls around users of one side the users of both lie, none of the balls their own.

    Every other user of that side is a centre; the rest of them are asked, then the other way round. So are users of
    the other side, or both times where they are other people.
    """
    half = np.arange(len(sides[of].rows)) % 2
    found = []
    for mine in sides:
        first, second = (measure(balls(mine.whole, sides[of].whole[half != fold])) for fold in (0, 1))
        halved = mine is sides[of] or pair.paired
        found.append(np.where(half == 0, first, second) if halved else (first + second) / 2)
    return found


def _inside(count: Floats) -> Floats:
    return (count > 0).astype(np.float64)


def _manifolds(pair: Pair, sides: Sides) -> Iterator[Estimate]:
    users = _users(sides)
    for statistic, measure in (("precision", _inside), ("density", np.asarray)):
        name = _add(pair, statistic, sides, _within(pair, sides, 0, measure))
        yield Estimate(difference(name, N), both(name, N), users, {"statistic": statistic})
    inside = f"{N}:precision"
    name = _add(pair, "recall", sides, _within(pair, sides, 1, _inside))

    def recall(real: Sums, sim: Sums) -> Floats:
        return mean(real, name, N) - mean(sim, name, N)

    def shown(real: Sums, sim: Sums) -> tuple[Floats, Floats]:
        return mean(real, inside, N), mean(real, name, N)

    yield Estimate(recall, shown, users, {"statistic": "recall"})


def logistic(features: Floats, side: Floats) -> Floats:
    """Weights of a logistic regression with an L2 penalty of 1 and a free intercept (the last), by Newton's method."""
    x = np.hstack([features, np.ones((len(features), 1))])
    penalty = np.append(np.ones(features.shape[1]), 1e-9)
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (chance - side) + penalty * weights
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curvature, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def held_out_scores(real: Floats, sim: Floats) -> Floats:
    """How simulated each user looks to a classifier that was not shown that user, real ones first, shape (2n,)."""
    pooled = np.vstack([real, sim])
    kept = pooled.std(0) > 0
    x = (pooled[:, kept] - pooled[:, kept].mean(0)) / pooled[:, kept].std(0)
    side = np.repeat([0.0, 1.0], len(real))
    fold = np.tile(np.arange(len(real)) % FOLDS, 2)
    scores = np.zeros(len(pooled))
    for k in range(FOLDS):
        weights = logistic(x[fold != k], side[fold != k])
        scores[fold == k] = x[fold == k] @ weights[:-1] + weights[-1]
    return scores.round(6)  # who looks alike scores alike, to the last bit


def _classifier(pair: Pair, sides: Sides) -> list[Estimate]:
    # AUC - 1/2 is the difference of mean ranks over the number of all users (Mann & Whitney 1947).
    ranks = midranks(held_out_scores(sides[0].whole, sides[1].whole)) / sum(_users(sides))
    name = _add(pair, "rank", sides, np.split(ranks, 2))
    return [Estimate(difference(name, N), None, _users(sides))]


def clusters(points: Floats, k: int, seed: int) -> Ints:
    """The nearest of k centres of each point, by Lloyd's k-means from k of the points, shape (n,)."""
    centres = points[np.random.default_rng(seed).choice(len(points), k, replace=False)]
    nearest = np.full(len(points), -1)
    for _ in range(STEPS):
        before, nearest = nearest, squared_distances(points, centres).argmin(-1)
        if (before == nearest).all():
            break
        members = (nearest == np.arange(k)[:, None]).astype(np.float64)
        n = members.sum(-1, keepdims=True)
        centres = np.where(n > 0, fixed(members @ points / np.maximum(n, 1)), centres)
    return nearest


def frontier_area(left: Floats, right: Floats) -> Floats:
    """Area under the divergence frontier of rows of masses, shape (B,), 1 if they are alike (Pillutla et al. 2021)."""
    with np.errstate(all="ignore"):
        p, q = (side / side.sum(-1, keepdims=True) for side in (left, right))
        x, y = np.ones((2, len(p), len(MIXTURES) + 2))
        x[:, -1] = y[:, 0] = 0.0
        for i, share in enumerate(MIXTURES, start=1):
            mixed = share * p + (1 - share) * q
            for curve, of in ((x, q), (y, p)):
                divergence = np.where(of > 0, of * np.log(of / mixed), 0.0).sum(-1)
                curve[:, i] = np.exp(-SHARPNESS * divergence)
        area: Floats = ((x[:, :-1] - x[:, 1:]) * (y[:, :-1] + y[:, 1:])).sum(-1) / 2
    return area


def _frontier(pair: Pair, sides: Sides) -> list[Estimate]:
    pooled = np.vstack([mine.whole for mine in sides])
    k = min(MOST_CLUSTERS, len(sides[0].rows) // 10)
    names = []
    for seed in range(SEEDS):
        labels = np.split(clusters(pooled, k, seed), 2)
        members = zip(pair.sides, sides, labels, strict=True)
        blocks = (side.sparse(mine.rows, label, np.ones(len(label)), k) for side, mine, label in members)
        names.append(pair.add(f"{N}:cluster:{seed}", *blocks))

    def value(real: Sums, sim: Sums) -> Floats:
        lost: Floats = 1 - np.mean([frontier_area(real[name], sim[name]) for name in names], axis=0)
        return np.maximum(lost, 0.0)

    return [Estimate(value, None, _users(sides))]


COLUMNS: dict[str, tuple[str, ...]] = {group: ("time", group) for group in ("scenario", "action", "category")}
"""What the likeness in one group of features depends on."""
ALL = ("time", "scenario", "action", "category")

METRICS = (
    Metric(
        id="G2",
        axis="diversity",
        title="distance between users over that between the halves of one",
        definition=(
            "500 users a side at most, 20 events of each half of their days: mean Euclidean distance, in square "
            "roots of shares, of a user's first half from the second halves of others, over that from the user's "
            "own; all features, and scenarios, actions and categories each; ln of the ratio, simulated over real."
        ),
        unit="ln ratio of ratios",
        kind="signed",
        interval="percentile",
        columns=ALL,
        estimates=partial(_of_profiles, _inter_intra),
        range="any real number; ratios near 1 where nobody is told from others",
        bias="down; up where users are scripts",
        reference="Sen 1960 for the pseudo-values",
    ),
    Metric(
        id="G3",
        axis="diversity",
        title="users known again by their other half",
        definition=(
            "500 users a side at most, 20 events of each half of their days: chance that a user's first half is "
            "nearer to the own second half than to another user's, ties half; all features, and scenarios, actions "
            "and categories each. And the chance of being the nearest of a pool of 50. Simulated less real."
        ),
        unit="difference of AUC",
        kind="signed",
        interval="percentile",
        columns=ALL,
        estimates=partial(_of_profiles, _identity),
        range="[-1, 1]; each side's own in [0, 1], 0.5 is chance",
        bias="down; up where users are scripts",
        reference="de Montjoye et al. 2013",
    ),
    Metric(
        id="G5",
        axis="diversity",
        title="effective number of personas (Vendi score)",
        definition=(
            "exp of the entropy of the eigenvalues of K / n, K a Gaussian kernel of the users' square roots of "
            "shares with the median distance of real users as its width; 500 users a side at most, equally many, 40 "
            "events of each; ln of the ratio, simulated over real."
        ),
        unit="ln ratio",
        kind="signed",
        interval="percentile",
        columns=ALL,
        estimates=partial(_of_profiles, _personas),
        range="any real number; scores between 1 and the users sampled",
        bias="down",
        reference="Friedman & Dieng 2023",
    ),
    Metric(
        id="G6",
        axis="diversity",
        title="simulated users among real ones, and real ones among simulated",
        definition=(
            "Balls around every other user of a side, each to its 5th nearest among them. Precision: users in a ball "
            "of real ones; density: balls that a user is in, over 5; recall: real users in a ball of simulated ones. "
            "Simulated less real users of the other half; recall: real less simulated users. 500 users a side at "
            "most, 40 events of each."
        ),
        unit="difference of shares",
        kind="signed",
        interval="percentile",
        columns=ALL,
        estimates=partial(_of_profiles, _manifolds),
        range="[-1, 1]; density any real number",
        bias="recall down",
        reference="Kynkaanniemi et al. 2019; Naeem et al. 2020",
    ),
    Metric(
        id="G7",
        axis="diversity",
        title="sides told apart by a classifier of users",
        definition=(
            "A logistic regression (L2 penalty 1, standardised features, 5 folds of users) tells simulated from real "
            "users by their square roots of shares; area under the curve of users it was not shown, less 1/2; 500 "
            "users a side at most, 40 events of each."
        ),
        unit="AUC - 1/2, excess",
        kind="distance",
        interval="percentile",
        columns=ALL,
        estimates=partial(_of_profiles, _classifier),
        range="[-0.5, 0.5]",
        bias="up",
        reference="Lopez-Paz & Oquab 2017",
    ),
    Metric(
        id="G9",
        axis="diversity",
        title="divergence frontier of users",
        definition=(
            "Users of both sides in k-means clusters (50 or a tenth of a side); area under the frontier of exp(-5 "
            "KL) of both sides from their mixtures, mean over 5 starts; 1 less it, less what halves of real people "
            "have; 500 users a side at most, 40 events of each."
        ),
        unit="1 - area, excess",
        kind="distance",
        interval="percentile",
        columns=ALL,
        estimates=partial(_of_profiles, _frontier),
        range="[0, 1) before the floor is subtracted",
        bias="up",
        reference="Pillutla et al. 2021",
        dear=True,
    ),
)
