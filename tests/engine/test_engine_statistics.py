"""Textbook values, and the parts of the engine each by itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tracelens.abundance import moments, richness
from tracelens.align import Pair, Side
from tracelens.axes import REGISTRY
from tracelens.axes.tail import incidence
from tracelens.metric import Estimate, both, difference, js_divergence, weighted_median
from tracelens.resample import Plan, _groups, _nulls, resample
from tracelens.sums import Columns, WeightedSums
from tracelens.verdict import benjamini_hochberg, holm, p_value

P = (0.01, 0.04, 0.03, 0.005)


def test_holm():
    assert holm(P) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_benjamini_hochberg():
    assert benjamini_hochberg(P) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_jensen_shannon_is_in_bits_and_is_no_root():
    assert js_divergence(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]]))[0] == pytest.approx(0.311278, abs=1e-6)
    assert js_divergence(np.array([[2.0, 0.0]]), np.array([[0.0, 7.0]]))[0] == 1.0
    assert np.isnan(js_divergence(np.array([[0.0, 0.0]]), np.array([[0.5, 0.5]]))[0])


def test_p_counts_ties_and_draws_without_a_value():
    null = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert p_value(2.0, null, two_sided=True) == pytest.approx(3 / 6)
    assert p_value(2.0, null, two_sided=False) == pytest.approx(2 / 6)
    assert p_value(5.0, np.array([0.0, np.nan]), two_sided=True) == pytest.approx(2 / 3)


def test_weighted_median_lies_in_the_middle_of_a_tie():
    values = np.array([1.0, 2.0, 5.0])
    assert weighted_median(np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]), values)[:2].tolist() == [3, 5]
    assert np.isnan(weighted_median(np.zeros((1, 3)), values)[0])


def test_incidences_of_a_user_weigh_fifty_items_at_most():
    counts = csr_matrix(np.array([[1.0] * 100, [3.0] * 2 + [0.0] * 98]))
    assert incidence(counts).sum(axis=1).ravel().tolist()[0] == [50.0, 2.0]


def test_richness_is_the_expected_number_of_distinct_items():
    masses = csr_matrix(np.array([[3.0, 1.0, 0.0], [2.0, 2.0, 2.0]]))
    one, other = (
        WeightedSums([(np.eye(2)[[user]], Columns({"a": np.ones((2, 1)), "items": masses}))]) for user in (0, 1)
    )
    found = richness(one, other, "items")
    # Two of four, and two of six.
    assert found[0][0] == pytest.approx(1 - (1 - 2 / 4) ** 3 + 1 - (1 - 2 / 4))
    assert found[1][0] == pytest.approx(3 * (1 - (1 - 2 / 6) ** 2))


@pytest.mark.parametrize("paired", [True, False])
def test_abundance_is_that_of_the_sums_however_a_group_is_made(paired):
    r = np.random.default_rng(1)
    users = (12, 12 if paired else 9)
    blocks = {"items": tuple(csr_matrix(r.integers(0, 2, (n, 30)) * r.integers(1, 5, (n, 30)) * 1.0) for n in users)}
    blocks["users"] = tuple(np.ones((n, 1)) for n in users)
    sides = Columns.of(blocks, 0), Columns.of(blocks, 1)
    plan = Plan(paired, users, users if paired else (9, 9), seed=3)
    for stage, groups in (("split", _groups), ("null", _nulls), ("bootstrap", _groups)):
        for first, second, *_ in groups(stage, plan, sides, 7):
            found = moments(first, second, "items")
            x, y = first["items"], second["items"]
            with np.errstate(all="ignore"):
                logs = np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), 0.0).sum(-1)
            np.testing.assert_array_equal(found.total[0], x.sum(-1))
            np.testing.assert_array_equal(found.things[1], (y > 0).sum(-1))
            np.testing.assert_array_equal(found.squares[1], (y * y).sum(-1))
            np.testing.assert_array_equal(found.alone[0], np.where(y > 0, 0, x).sum(-1))
            np.testing.assert_allclose(found.logs[0], logs, rtol=1e-12)


def test_sums_of_dense_and_sparse_columns_agree():
    r = np.random.default_rng(0)
    block = r.integers(0, 5, (40, 7)).astype(float)
    weights = r.integers(0, 3, (6, 40)).astype(float)
    found = WeightedSums([(weights, Columns({"dense": block, "sparse": csr_matrix(block)}))])
    np.testing.assert_array_equal(found["dense"], weights @ block)
    np.testing.assert_array_equal(found["sparse"], weights @ block)


@pytest.mark.parametrize("stage", ["observed", "split", "bootstrap", "null"])
@pytest.mark.parametrize("paired", [True, False])
def test_replicates_do_not_depend_on_the_size_of_blocks(stage, paired):
    plan = Plan(paired, (21, 21), (21, 21), seed=3)
    few = [np.concatenate(parts) for parts in zip(*plan.weights(stage, 7), strict=True)]
    many = [np.concatenate(parts) for parts in zip(*plan.weights(stage, 1000), strict=True)]
    for left, right in zip(few, many, strict=True):
        np.testing.assert_array_equal(left, right)


def test_paired_resampling_acts_on_ids():
    plan = Plan(True, (20, 20), (20, 20), seed=0)
    one, none = np.eye(20), np.zeros((20, 20))
    sides = Columns({"ids": np.hstack([one, none])}), Columns({"ids": np.hstack([none, one])})
    first, second, sim = (sums["ids"] for sums in next(_groups("split", plan, sides, 10)))
    assert (first.sum(-1) == 10).all()
    assert (first * second == 0).all()
    np.testing.assert_array_equal(second[:, :20], sim[:, 20:])
    real, sim = (sums["ids"] for sums in next(_groups("bootstrap", plan, sides, 10)))
    np.testing.assert_array_equal(real[:, :20], sim[:, 20:])
    for group in (sums["ids"] for sums in next(_nulls("null", plan, sides, 10))):
        assert (group[:, :20] + group[:, 20:] == 1).all(), "each id is in each group once"


def test_population_resampling_draws_sides_apart_and_in_equal_halves():
    plan = Plan(False, (40, 15), (40, 15), seed=0)
    first, second, sim = next(iter(plan.weights("split", 10)))
    assert {group.sum() for group in (first[0], second[0], sim[0])} == {15.0}
    (group,) = next(iter(plan.weights("null", 10)))
    assert (group.sum(-1) == 40).all()
    assert group.shape == (10, 55)


def test_where_equally_many_users_are_compared_the_larger_side_is_drawn_from():
    plan = Plan(False, (40, 15), (15, 15), seed=0)
    real, sim = next(iter(plan.weights("observed", 100)))
    assert real.shape == (50, 40)
    assert (real.sum(-1) == 15).all()
    assert (sim == 1).all()
    first, second = next(iter(plan.weights("null", 10)))
    assert (first.sum(-1) == 15).all()
    assert (first * second == 0).all()


@pytest.mark.parametrize("design", ["paired", "population"])
def test_what_is_dear_is_read_off_the_first_resamples(design):
    """The same values as it would have of all of them, and nobody else's change."""
    r = np.random.default_rng(0)
    sides = [Side(np.arange(30).astype(str), {}, {}) for _ in (0, 1)]
    pair = Pair(*sides, {}, design, roster=True)
    for name in ("often", "seldom"):
        pair.add(name, *(r.integers(0, 9, (30, 3)).astype(float) for _ in (0, 1)))
    kept = REGISTRY["H2"]
    estimates = [(replace(kept, dear=name == "seldom"), Estimate(difference(name), both(name))) for name in pair.blocks]
    often, seldom = resample(pair, estimates, 0)
    all_often, all_seldom = resample(pair, [(kept, estimate) for _, estimate in estimates], 0)
    assert (len(seldom.null), len(seldom.floor), len(seldom.bootstrap)) == (199, 100, 200)
    assert seldom.observed == all_seldom.observed
    for stage in ("floor", "split", "half", "bootstrap", "null"):
        found = getattr(seldom, stage)
        np.testing.assert_array_equal(found, getattr(all_seldom, stage)[: len(found)])
        np.testing.assert_array_equal(getattr(often, stage), getattr(all_often, stage))
