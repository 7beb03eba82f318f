"""Textbook values, and the parts of the engine each by itself."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tracelens.axes.chains import weighted_median
from tracelens.axes.tail import _richness, incidence
from tracelens.metric import js_divergence
from tracelens.resample import Plan, _groups, _nulls
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
    mass = np.array([[3.0, 1.0]])
    drawn = 1 - (1 - 2 / 4) ** 3 + 1 - (1 - 2 / 4)
    assert _richness(mass, np.array([[4.0]]), np.array([[2.0]]))[0] == pytest.approx(drawn)


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
