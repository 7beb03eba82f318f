"""The hand-checked micro-log: tables of the oracle, and the sides' own values of the metrics."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from tests.engine.fixtures import golden, row
from tracelens.abundance import moments
from tracelens.align import align
from tracelens.axes import REGISTRY
from tracelens.pairwise import compare_statistics
from tracelens.sums import Columns, WeightedSums


def sums(pair):
    blocks = {**pair.blocks, "users": (np.ones((3, 1)), np.ones((3, 1)))}
    columns = [Columns({name: block[i] for name, block in blocks.items()}) for i in (0, 1)]
    return [WeightedSums([(np.ones((1, 3)), side)]) for side in columns]


def own_values(metric: str, **scope: str) -> tuple[float, float]:
    """Both sides' own values of a metric on the micro-log against itself."""
    pair = align(golden(), golden(), "paired")
    estimates = [e for e in REGISTRY[metric].estimates(pair) if dict(e.scope) == scope]
    real, sim = estimates[0].shown(*sums(pair))
    return float(real[0]), float(sim[0])


def test_tables_count_what_a_hand_counts():
    users = golden().tables["users"]
    assert users["events"].tolist() == [5, 4, 3]
    assert users["days"].tolist() == [3, 2, 2]
    assert users["exposures"].tolist() == [4, 2, 1]
    assert users["actions"].tolist() == [1, 2, 2]
    assert users["switches"].tolist() == [4, 0, 0]
    assert users["negative"].tolist() == [0, 1, 1]
    assert users["conversions"].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("metric", "scope", "value"),
    [
        ("H1r", {}, 4.0),
        ("H2", {}, 7 / 12),
        ("U1", {}, 0.4),
        ("L3", {"q": "0"}, 3.0),
        ("L3", {"q": "1"}, 2.381102),
        ("L3", {"q": "2"}, 2.0),
        ("C2", {}, 0.5),
        ("C3", {"statistic": "mean"}, 3.0),
        ("C3", {"statistic": "median"}, 3.0),
    ],
)
def test_metrics_on_the_micro_log(metric, scope, value):
    assert own_values(metric, **scope) == pytest.approx((value, value), abs=1e-6)


def test_crude_actions_per_exposure():
    users = golden().tables["users"]
    assert users["actions"].sum() / users["exposures"].sum() == pytest.approx(0.714286, abs=1e-6)


def test_chains_of_the_micro_log():
    statistics = golden()
    chains = statistics.tables["conversions"]
    paths = [statistics.names["path"][code] for code in chains["path"]]
    assert paths == ["search>video>ad>live>shop", "shop"]
    assert chains["depth"].tolist() == [5, 1]
    assert (chains["span"] / 86_400e6).tolist() == pytest.approx([2.4667, 0.0042], abs=1e-4)
    assert own_values("C4", statistic="mean")[0] == pytest.approx((2.466667 + 0.004167) / 2, abs=1e-5)


def test_hill_numbers_of_the_spider_data():
    # Girdled of the spider data of iNEXT: Hill numbers 26, 12.060, 7.840
    girdled = np.array([[46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2, *[1] * 12]], dtype=float)
    assert girdled.sum() == 168
    one = WeightedSums([(np.ones((1, 1)), Columns({"a": np.ones((1, 1)), "species": csr_array(girdled)}))])
    both = moments(one, one, "species")
    assert [float(both.hill(0, q)[0]) for q in (0, 1, 2)] == pytest.approx([26, 12.060, 7.840], abs=1e-3)


def test_three_users_are_too_few():
    result = compare_statistics(golden(), golden(), name="copy", design="paired", seed=0)
    assert result["axes"]["activity"]["verdict"] == "too few users to tell"
    assert result["weakest_axis"] is None
    assert row(result, "G1")["reason_missing"] == "too few users"
