"""Textbook values of the secondary metrics, each from another source than the engine; and what is not there."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_matrix

from tests.engine.fixtures import golden
from tests.engine.test_engine_golden import own_values
from tracelens.align import Pair, Side, align
from tracelens.axes import REGISTRY
from tracelens.axes.clock import harmonic
from tracelens.axes.diversity import icc
from tracelens.axes.drift import third_distances
from tracelens.axes.habits import entropy, gamma_poisson_zeros, selectivity
from tracelens.axes.likeness import (
    balls,
    closer,
    clusters,
    first_of_pool,
    frontier_area,
    held_out_scores,
    logistic,
    pseudo_values,
    surprises,
)
from tracelens.axes.paths import conditional_divergence
from tracelens.axes.people import DRAWN, draw, squared_distances
from tracelens.axes.rarity import best_x_min, chao1, exponent, gini, on_rare, rare
from tracelens.axes.twins import mix_distance, rank_products
from tracelens.axes.valence import between_variance, grouped_median
from tracelens.metric import js_divergence, midranks

GIRDLED = np.array([46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2, *[1] * 12], dtype=float)
LOGGED = np.array([88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, *[3] * 4, *[2] * 4, *[1] * 14], dtype=float)
"""The spider data of iNEXT."""


def counted(counts):
    return [np.array([float(n)]) for n in (counts.sum(), len(counts), (counts == 1).sum(), (counts == 2).sum())]


@pytest.mark.parametrize(("counts", "richness"), [(GIRDLED, 43.893), (LOGGED, 61.403)])
def test_chao_of_the_spider_data(counts, richness):
    assert chao1(*counted(counts))[0] == pytest.approx(richness, abs=1e-3)


def test_chao_without_doubletons_is_bias_corrected():
    once = np.array([4.0])
    assert chao1(np.array([10.0]), np.array([6.0]), once, np.zeros(1))[0] == pytest.approx(6 + 0.9 * 4 * 3 / 2)


def test_unseen_mass_of_the_micro_log():
    # x is touched by two users, y and z by one each: 2 of 4 (user, item)
    assert own_values("L5u", of="item")[0] == 0.5
    assert own_values("L5", of="item")[0] == pytest.approx(3 + 2 / 3 * 2**2 / 2)


def test_a_discrete_power_law_is_found_again():
    r = np.random.default_rng(0)
    # Inverse of the cumulative sum, by hand: no library draws it from x_min on.
    x = np.arange(5, 200_000)
    chance = x**-2.5
    drawn = r.choice(x, 200_000, p=chance / chance.sum()).astype(float)
    assert exponent(drawn[None], 5.0)[0] == pytest.approx(2.5, abs=0.02)
    assert np.isnan(exponent(np.ones((1, 4)), 5.0)[0])


def test_x_min_is_where_the_power_law_begins():
    r = np.random.default_rng(1)
    tail = np.floor(8 * r.random(3000) ** (-1 / 1.5) + 0.5)
    body = r.integers(1, 8, 5000).astype(float)
    found = best_x_min(np.concatenate([tail, body]))
    assert found is not None
    assert 6 <= found <= 12
    assert best_x_min(np.ones(20)) is None


def test_gini_of_known_shares():
    assert gini(np.array([[1.0, 1.0, 1.0, 1.0]]))[0] == 0
    assert gini(np.array([[0.0, 0.0, 0.0, 8.0]]))[0] == pytest.approx(0.75)
    x = np.array([1.0, 2.0, 5.0, 9.0])
    by_pairs = np.abs(x[:, None] - x).mean() / (2 * x.mean())
    assert gini(x[None])[0] == pytest.approx(by_pairs)
    assert np.isnan(gini(np.zeros((1, 3)))[0])


def test_what_is_rare_carries_its_share_and_no_more():
    mass = np.array([50.0, 30.0, 10.0, 5.0, 3.0, 2.0, 0.0])
    assert rare(mass, 0.2).tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert rare(mass, 0.05).tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert rare(np.ones(10), 0.2).sum() == 0, "ties at the cut stay out"
    assert rare(np.zeros(3), 0.2).sum() == 0


@pytest.mark.parametrize("shape", [0.3, 1.0, 4.0])
def test_zeros_of_a_gamma_poisson_mixture(shape):
    mean = 2.5
    counts = stats.nbinom(shape, shape / (shape + mean)).rvs(400_000, random_state=0).astype(float)
    sums = (np.array([float(len(counts))]), counts[None].sum(-1), (counts[None] ** 2).sum(-1))
    assert gamma_poisson_zeros(*sums)[0] == pytest.approx((counts == 0).mean(), abs=0.01)
    assert gamma_poisson_zeros(np.array([5.0]), np.array([10.0]), np.array([20.0]))[0] == pytest.approx(math.exp(-2))
    assert gamma_poisson_zeros(np.array([5.0]), np.zeros(1), np.zeros(1))[0] == 1


def test_never_purchasing_and_sessions_of_the_micro_log():
    assert own_values("H4", action="purchase")[0] == pytest.approx(1 / 3)
    assert own_values("H7")[0] == pytest.approx(12 / 7)
    assert own_values("H7", statistic="sessions per user")[0] == pytest.approx(7 / 3)
    assert own_values("C1r")[0] == pytest.approx(9 / 7)
    assert own_values("C1s")[0] == 0.5, "two of a's three sessions begin elsewhere than the last one ended"
    assert own_values("U2")[0] == pytest.approx((3 - 2) / 7)
    assert own_values("U4")[0] == pytest.approx(1 / 3), "a has only a purchase"
    # b and c have two valenced actions, one of them negative: alike, and each as far from an extreme as can be
    assert own_values("U4", statistic="variance between users")[0] == pytest.approx(-0.5)


def test_entropy_with_the_correction_of_miller_and_madow():
    counts = csr_matrix(np.array([[3.0, 3.0, 0.0], [5.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    plain = stats.entropy([3, 3], base=2)
    assert entropy(counts).tolist() == pytest.approx([plain + 1 / (2 * 6 * math.log(2)), 0, 0])


def some_side(size, **tables):
    return Side(np.array([f"u{i}" for i in range(size)]), tables, {})


def test_who_chooses_is_told_from_who_likes_everything():
    r = np.random.default_rng(0)
    rows = []
    for user in range(200):
        shown = r.multinomial(200, [0.25] * 4)
        # by category; at random; everything
        acted = (shown * [1, 0, 0, 1], r.binomial(shown, 0.5), shown)[user % 3]
        for category, (n, k) in enumerate(zip(shown, acted, strict=True)):
            rows += [(user, category, yes, count) for yes, count in ((1, k), (0, n - k)) if count]
    columns = dict(zip(("user", "category", "acted", "count"), map(np.array, zip(*rows, strict=True)), strict=True))
    found, seen = selectivity(some_side(200, selectivity=columns), 4)
    assert (seen == 200).all()
    assert found[0::3].mean() == pytest.approx(1, abs=0.02)
    assert found[1::3].mean() == pytest.approx(0, abs=0.004), "the correction takes what chance alone would give"
    assert (found[2::3] == 0).all()


def test_variance_of_chances_is_free_of_how_many_actions_there_are():
    r = np.random.default_rng(0)
    chance = r.beta(2, 6, 60_000)
    for few in (2, 30):
        n = r.integers(2, few + 1, len(chance))
        k = r.binomial(n, chance)
        sums = {
            "negative:share": np.array([[(k / n).sum()]]),
            "negative:square": np.array([[(k * (k - 1) / (n * (n - 1))).sum()]]),
            "negative:share:n": np.array([[float(len(n))]]),
        }
        assert between_variance(sums)[0] == pytest.approx(stats.beta(2, 6).var(), rel=0.1)


def test_drift_is_what_odd_and_even_days_do_not_explain():
    columns = ("user", "third", "half", "category", "count")
    moving = [(0, third, half, third // 2, 5) for third in (0, 2) for half in (0, 1)]
    still = [(1, third, half, half, 5) for third in (0, 2) for half in (0, 1)]
    once = [(2, 0, 0, 0, 5)]
    middle = [(0, 1, 0, 3, 99)]
    rows = np.array([*moving, *still, *once, *middle]).T
    found = third_distances(some_side(3, thirds=dict(zip(columns, rows, strict=True))), 4)
    assert found[:2].tolist() == [1, -1]
    assert np.isnan(found[2])


def test_a_tail_of_others_is_as_heavy_as_it_is():
    """The tail of the very users on whom it is measured is too light; that of others is not."""
    r = np.random.default_rng(0)
    chance = 1 / np.arange(1, 301) ** 1.1
    own, crossed = [], []
    for _ in range(60):
        real, fresh = (csr_matrix(r.multinomial(40, chance / chance.sum(), 40).astype(float)) for _ in (0, 1))
        pair = Pair(some_side(40), some_side(40), {}, "population", roster=True, blocks={"it": (real, fresh)})
        tail = rare(np.asarray(real.sum(axis=0)).ravel(), 0.2)
        own.append(np.log((fresh @ tail).sum() / (real @ tail).sum()))
        left, right = on_rare(pair, "it", 0.2, any_of_it=False)
        crossed.append(np.log(right.sum() / left.sum()))
    assert np.mean(own) > 0.1
    assert abs(np.mean(crossed)) < 0.04


def test_the_first_harmonic_of_a_day():
    one, flat = np.eye(24)[[6]], np.ones((1, 24))
    assert abs(harmonic(one)[0]) == pytest.approx(1)
    assert np.angle(harmonic(one)[0]) * 24 / (2 * np.pi) == pytest.approx(6)
    assert abs(harmonic(flat)[0]) == pytest.approx(0, abs=1e-12)
    assert np.isnan(harmonic(np.zeros((1, 24)))[0])


def test_median_of_grouped_waits():
    # 4 in the first hour, 4 in the third: half lie before its end; of 3 in one hour the middle is its middle.
    assert grouped_median(np.array([[4.0, 0.0, 4.0], [0.0, 3.0, 0.0], [1.0, 3.0, 0.0]])).tolist() == pytest.approx(
        [1.0, 1.5, 1 + 1 / 3]
    )
    assert np.isnan(grouped_median(np.zeros((1, 3)))[0])


class Given(dict):
    """Sums handed in."""


def halves(first, second):
    both, n = first + second, np.array([[float(len(first))]])
    return Given(
        {
            "half:n": n,
            "half:sum": both.sum(0)[None],
            "half:squares": (first**2 + second**2).sum(0)[None],
            "half:products": (first * second).sum(0)[None],
        }
    )


def test_icc_of_two_halves_is_that_of_the_analysis_of_variance():
    # two of the judges of Shrout and Fleiss (1979)
    first, second = np.array([[9.0, 6, 8, 7, 10, 6]]).T, np.array([[2.0, 1, 4, 1, 5, 2]]).T
    rows = np.hstack([first, second])
    between = 2 * rows.mean(1).var(ddof=1)
    within = rows.var(1, ddof=1).mean()
    assert icc(halves(first, second))[0, 0] == pytest.approx((between - within) / (between + within))
    assert np.isnan(icc(halves(np.ones((5, 1)), np.ones((5, 1))))[0, 0]), "a constant is nobody's trait"
    r = np.random.default_rng(0)
    person = r.normal(size=(20_000, 1))
    noisy = [person + r.normal(size=person.shape) for _ in range(2)]
    assert icc(halves(*noisy))[0, 0] == pytest.approx(0.5, abs=0.02)


def test_vendi_scores():
    def vendi(kernel):
        return math.exp(surprises(np.asarray(kernel, dtype=float)).mean())

    assert vendi(np.eye(5)) == pytest.approx(5)
    assert vendi(np.ones((5, 5))) == pytest.approx(1)
    assert vendi(np.kron(np.eye(2), np.ones((3, 3)))) == pytest.approx(2)
    assert vendi(np.full((4, 4), 0.5) + np.eye(4) / 2) == pytest.approx(2.92573, abs=1e-5)


def prdc(real, sim, k=5):
    """Precision, recall, density by sorting, one point at a time."""

    def radii(points):
        return np.array([np.sort(np.linalg.norm(points - p, axis=1))[k] for p in points])

    def inside(points, centres):
        reach = radii(centres)
        return np.array([(np.linalg.norm(centres - p, axis=1) <= reach).sum() for p in points])

    return (inside(sim, real) > 0).mean(), (inside(real, sim) > 0).mean(), inside(sim, real).mean() / k


def test_manifolds_as_in_the_papers():
    r = np.random.default_rng(0)
    real, sim = r.normal(size=(2, 1000, 8))
    assert (balls(sim, real) > 0).mean() == pytest.approx(0.928, abs=0.03)
    assert (balls(real, sim) > 0).mean() == pytest.approx(0.944, abs=0.03)
    assert balls(sim, real).mean() == pytest.approx(1, abs=0.1), "the density expected of the same distribution"
    for scale, precision, recall in ((0.3, 1.0, 0.025), (3.0, 0.026, 1.0)):
        other = np.round(scale * sim * 2**20) / 2**20
        found = (balls(other, real) > 0).mean(), (balls(real, other) > 0).mean()
        assert found == pytest.approx((precision, recall), abs=0.02)
    few = np.round(r.normal(size=(2, 60, 4)) * 2**20) / 2**20
    slow = prdc(*few)
    assert ((balls(few[1], few[0]) > 0).mean(), (balls(few[0], few[1]) > 0).mean(), balls(few[1], few[0]).mean()) == (
        pytest.approx(slow)
    )


def test_a_logistic_regression_is_that_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    r = np.random.default_rng(0)
    x = r.normal(size=(200, 4))
    side = (x @ [1.0, -1, 0, 0] + r.normal(size=200) > 0.3).astype(float)
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(x, side)
    assert logistic(x, side) == pytest.approx([*theirs.coef_[0], theirs.intercept_[0]], abs=1e-5)


def test_ranks_give_the_area_under_the_curve():
    from sklearn.metrics import roc_auc_score

    r = np.random.default_rng(0)
    real, sim = r.normal(size=(2, 150, 5))
    sim[:, 0] += 1
    scores = held_out_scores(real, sim)
    ranks = midranks(scores) / 300
    area = roc_auc_score(np.repeat([0, 1], 150), scores)
    assert ranks[150:].mean() - ranks[:150].mean() + 0.5 == pytest.approx(area)
    assert area > 0.7
    assert midranks(np.array([3.0, 1, 3, 2])).tolist() == stats.rankdata([3, 1, 3, 2]).tolist()
    same = held_out_scores(real, real)
    assert (same[:150] == same[150:]).all(), "who looks alike scores alike"
    assert (held_out_scores(np.ones((30, 2)), np.ones((30, 2))) == 0).all(), "constant features tell nothing"


def test_pseudo_values_carry_the_mean_over_pairs_and_its_variance():
    r = np.random.default_rng(0)
    pairs = r.normal(size=(40, 40))
    off = ~np.eye(40, dtype=bool)
    assert pseudo_values(pairs).mean() == pytest.approx(pairs[off].mean())
    # Gini's mean difference of samples: the variance over samples is that of the pseudo-values over n.
    means, variances = [], []
    for _ in range(400):
        x = r.normal(size=60)
        parts = pseudo_values(np.abs(x[:, None] - x))
        means.append(parts.mean())
        variances.append(parts.var() / 60)
    assert np.mean(variances) == pytest.approx(np.var(means), rel=0.2)


def test_being_known_again():
    own_nearest = np.array([[0.0, 2, 2], [2, 0, 2], [2, 2, 0]])
    assert pseudo_values(closer(own_nearest)).tolist() == [1, 1, 1]
    assert pseudo_values(closer(np.zeros((3, 3)))).mean() == 0.5, "ties are chance"
    r = np.random.default_rng(0)
    nearer = closer(r.random((80, 80)))
    k = 79 - (nearer.sum(-1) - np.diag(nearer))  # others nearer than oneself
    exact = stats.hypergeom(79, k.astype(int), 49).pmf(0)
    assert first_of_pool(nearer) == pytest.approx(exact)


def test_the_frontier_of_equal_and_of_disjoint_masses():
    same = np.array([[1.0, 2.0, 3.0]])
    assert frontier_area(same, 2 * same)[0] == pytest.approx(1)
    apart = frontier_area(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))[0]
    assert apart < 0.05
    assert apart < frontier_area(np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]]))[0] < 1


def test_clusters_of_three_heaps():
    r = np.random.default_rng(0)
    points = np.repeat([[0.0, 0], [9, 0], [0, 9]], 20, axis=0) + r.normal(size=(60, 2)) * 0.1
    found = min((clusters(points, 3, seed) for seed in range(5)), key=lambda labels: max(np.bincount(labels)))
    assert [len(set(found[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    assert len(set(clusters(np.ones((20, 2)), 3, 0))) == 1, "empty clusters are no error"


def test_what_comes_next_given_what_is_there():
    # from a: to b or c; from b: to a only. The left side is in a twice as often as in b.
    left, right = np.array([[3.0, 1.0, 2.0]]), np.array([[1.0, 1.0, 7.0]])
    expected = 4 / 6 * js_divergence(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]))[0]
    first = np.array([0, 2])
    assert conditional_divergence(left, right, first)[0] == pytest.approx(expected)
    assert conditional_divergence(left, 5 * left, first)[0] == 0
    never = np.array([[0.0, 0.0, 7.0]])
    assert conditional_divergence(left, never, first)[0] == 0, "a row one side never was in says nothing"
    assert np.isnan(conditional_divergence(left, np.zeros((1, 3)), first)[0])


def test_twins():
    left, right = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    found = mix_distance(left, right)
    assert found[:2].tolist() == [0, 1], "who does nothing has nothing in common"
    assert np.isnan(found[2])
    r = np.random.default_rng(0)
    x = r.poisson(3, 50).astype(float)
    y = x + r.poisson(3, 50)
    assert rank_products(x, y).mean() == pytest.approx(stats.spearmanr(x, y).statistic)
    assert rank_products(np.ones(5), np.arange(5.0)).tolist() == [0] * 5


def test_as_many_events_are_drawn_of_everyone():
    counts = np.array([[100.0, 300.0, 0.0], [5.0, 5.0, 5.0], [10_000.0, 0.0, 30_000.0]])
    keys = np.random.default_rng(0).random(4096)
    drawn = draw(counts, keys)
    assert drawn.sum(-1).tolist() == [DRAWN, 15, DRAWN]
    assert (drawn <= counts).all()
    alone = draw(counts[2:], keys)
    assert alone.tolist() == drawn[2:].tolist(), "a user draws alike in any company"
    means = np.mean([draw(counts[:1], np.random.default_rng(k).random(4096))[0] for k in range(300)], axis=0)
    assert means / DRAWN == pytest.approx([0.25, 0.75, 0], abs=0.02)


def test_distances_are_exact():
    r = np.random.default_rng(0)
    points = np.round(r.random((30, 7)) * 2**20) / 2**20
    slow = ((points[:, None] - points) ** 2).sum(-1)
    assert (squared_distances(points, points) == slow).all()


def test_three_users_have_no_profiles():
    pair = align(golden(), golden(), "paired")
    for metric in ("G2", "G3", "G4", "G5", "G6", "G7", "G9", "P1", "P4"):
        assert [e.missing for e in REGISTRY[metric].estimates(pair)] == ["too few users"], metric
