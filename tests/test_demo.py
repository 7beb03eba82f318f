"""The demo population: the release's layout with its traps, and a simulation with the planted biases."""

import time

import orjson
import polars as pl
import pytest

from tracelens.demo import demo_events, write_demo
from tracelens.errors import TracelensError
from tracelens.sides import sides_in

SCENARIO = {
    "Search Behavior": "search",
    "搜索行为": "search",
    "Video Browsing": "video",
    "视频浏览": "video",
    "Advertisement": "ad",
    "广告推荐": "ad",
    "Live Streaming": "live",
    "直播间": "live",
    "E-commerce": "shop",
    "商城购物": "shop",
}


def histories(folder):
    found = {}
    for path in sorted(folder.glob("*.json")):
        content = orjson.loads(path.read_bytes())
        assert list(content) == [path.stem]
        assert list(content[path.stem]) == ["user_profile", "action_history"]
        found |= {user: value["action_history"] for user, value in content.items()}
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    directory = tmp_path_factory.mktemp("demo")
    truth = write_demo(directory, users=60, days=30, seed=4)
    assert orjson.loads((directory / "truth.json").read_bytes()) == truth
    return histories(directory / "real"), histories(directory / "sim"), truth


def test_both_sides_are_the_same_people(demo):
    real, sim, _ = demo
    assert list(real) == list(sim)
    assert len(real) == 60


def test_the_traps_of_the_release_are_there(demo):
    records = [r for history in demo[0].values() for r in history]
    actions = [(r, a) for r in records for a in r["action"]]
    kinds = {r["type"] for r in records}
    assert kinds == set(SCENARIO), "six names in two languages"
    assert all("context" not in r for r in records if SCENARIO[r["type"]] == "search")
    lengths = {len(r["timestamp"]) for r in records}
    assert lengths == {10, 19}
    assert {SCENARIO[r["type"]] for r in records if len(r["timestamp"]) == 10} == {"ad"}
    shops = [r for r in records if SCENARIO[r["type"]] == "shop"]
    assert all([a["type"] for a in r["action"]] == ["cart", "purchase"] for r in shops)
    assert {a["is_pay"] for _, a in actions if a["type"] == "purchase"} == {True, False}
    assert any(r["context"]["duration"] == 0 for r in records if SCENARIO[r["type"]] == "video")
    assert any(r["context"].get("caption") == "" for r in records if SCENARIO[r["type"]] == "video")
    assert any("caption" not in r["context"] for r in records if SCENARIO[r["type"]] == "video")
    assert any("live_title" not in r["context"] for r in records if SCENARIO[r["type"]] == "live")
    assert any(str(a.get("play_duration", "")).endswith("秒") for _, a in actions)
    assert any(value is None for r in records for value in r.get("context", {}).values())


def test_histories_are_in_order_and_categories_are_one_vocabulary(demo):
    keys = {"ad": "industry_main", "live": "live_category", "shop": "category_level1_name"}
    seen = {scenario: set() for scenario in keys}
    for history in demo[0].values():
        timed = [r["timestamp"] for r in history if len(r["timestamp"]) == 19]
        assert timed == sorted(timed)
        assert all("2025-09-01" <= stamp < "2025-10-01" for stamp in timed)
        for record in history:
            scenario = SCENARIO[record["type"]]
            if scenario in keys:
                seen[scenario] |= {record["context"].get(keys[scenario])} - {None}
    assert seen["ad"] == seen["live"] == seen["shop"]


def test_the_simulation_has_the_planted_biases(demo):
    truth = demo[2]
    real, sim = truth["measured"]["real"], truth["measured"]["sim"]
    assert sim["records"] > 1.2 * real["records"]
    assert sim["actions_per_record"] > 1.2 * real["actions_per_record"]
    assert sim["negative_share"] < 0.5 * real["negative_share"]
    assert sim["items"] < 0.3 * real["items"]


def test_truth_counts_what_is_in_the_files(demo):
    for side, name in zip(demo[:2], ("real", "sim"), strict=True):
        measured = demo[2]["measured"][name]
        records = [r for history in side.values() for r in history]
        assert measured["records"] == len(records)
        assert measured["purchases"] == sum(a.get("is_pay", False) for r in records for a in r["action"])


def test_events_are_what_the_files_say(demo):
    events = demo_events(users=60, days=30, seed=4)
    records = [(user, r) for user, history in demo[0].items() for r in history]
    assert events.height == sum(len(r["action"]) for _, r in records)
    assert events["record"].n_unique() == len(records)
    heads = events.unique("record", keep="first").sort("record")
    assert heads["user"].to_list() == [user for user, _ in records]
    assert heads["scenario"].to_list() == [SCENARIO[r["type"]] for _, r in records]
    local = heads["time"].dt.convert_time_zone("Asia/Shanghai").dt.strftime("%Y-%m-%d %H:%M:%S").to_list()
    assert [a[: len(r["timestamp"])] for a, (_, r) in zip(local, records, strict=True)] == [
        r["timestamp"] for _, r in records
    ]
    assert events["action"].to_list() == [a["type"] for _, r in records for a in r["action"]]
    days = heads.filter(pl.col("time_precision") == "day")
    assert days.height > 0
    assert set(days["time"].dt.convert_time_zone("Asia/Shanghai").dt.hour()) == {0}


def test_the_population_is_dense_enough_to_test_on():
    events = demo_events(users=150, days=30, seed=0)
    users = events.group_by("user").agg(
        records=pl.col("record").n_unique(),
        negative=((pl.col("valence") < 0) & pl.col("occurred")).sum(),
        categories=pl.col("category").n_unique(),
    )
    assert users["records"].median() >= 60
    assert users["negative"].mean() >= 3
    assert users["categories"].median() >= 5
    assert events["scenario"].n_unique() == 5
    bought = events.filter(pl.col("role") == "conversion", pl.col("occurred"))
    assert set(bought["scenario"]) == {"shop"}
    assert bought["user"].n_unique() >= 100


def test_people_depend_on_the_seed_alone_and_shrink_to_the_mean():
    one, again, other = (demo_events(40, 10, seed) for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)

    def spread(**behaviour):
        events = demo_events(150, 20, 1, **behaviour)
        shares = events.group_by("user").agg((pl.col("scenario") == "video").mean())
        return shares["scenario"].var()

    assert spread(homogenize=1.0) < 0.5 * spread()


def test_without_chains_nothing_is_bought_after_a_search():
    def searched_before(chain):
        events = demo_events(200, 30, 1, chain=chain)
        shop = events.filter(pl.col("action") == "purchase", pl.col("occurred")).select(
            "user", "category", bought="time"
        )
        ads = events.filter(pl.col("scenario") == "ad", pl.col("action") == "watch").select("user", "category", "time")
        pairs = shop.join(ads, on=["user", "category"])
        gap = (pl.col("bought") - pl.col("time")).dt.total_hours()
        near = pairs.filter(gap.abs() < 72)
        return near.select((gap > 1).mean()).item()

    assert searched_before(chain=True) > 0.65
    assert searched_before(chain=False) < 0.6


def test_three_hundred_users_are_written_in_seconds(tmp_path):
    start = time.perf_counter()
    write_demo(tmp_path)
    assert time.perf_counter() - start < 10, "about 1 s on an idle machine"
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.json")) < 60e6


def test_a_smaller_demo_replaces_a_larger_one(tmp_path):
    write_demo(tmp_path, users=5, days=3, seed=0)
    write_demo(tmp_path, users=2, days=1, seed=0)
    assert len(list((tmp_path / "real").iterdir())) == 2


@pytest.mark.parametrize("size", [{"users": 0}, {"days": 0}])
def test_an_empty_demo_is_refused(tmp_path, size):
    with pytest.raises(TracelensError, match="TL110"):
        write_demo(tmp_path, **size)


def test_a_directory_of_both_sides_is_not_read_as_one(tmp_path, run):
    path = tmp_path / "demo"
    write_demo(path, users=3, days=2)
    refused = run("compare", path, path)
    assert refused.exit_code == 2
    assert f"error[TL110]: {path} looks like two sides" in refused.stderr
    assert f"help: compare them: tracelens compare {path}/real {path}/sim" in refused.stderr
    told = run("inspect", path)
    assert "This looks like two sides, here read as one" in told.stdout
    assert told.stdout.endswith(f"next: tracelens compare {path}/real {path}/sim\n")
    assert orjson.loads(run("inspect", path, "--format", "json").stdout)["looks_like_sides"] == [
        f"{path}/real",
        f"{path}/sim",
    ]
    # Whoever means it can say so, and a mapping that lies there says it.
    assert run("compare", path / "*" / "*.json", path / "*" / "*.json").exit_code == 0
    (path / "tracelens.toml").write_text("")
    assert sides_in(str(path)) == ()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["real_human_user", "LLM_agent_user"], ["real_human_user", "LLM_agent_user"]),
        (["sim-b", "human", "sim-a", ".git"], ["human", "sim-a", "sim-b"]),
        (["real"], []),
        (["real", "human", "sim"], []),
        (["realm", "simple"], []),
        (["2025-09", "2025-10"], []),
    ],
)
def test_directories_that_are_called_like_sides(tmp_path, names, found):
    for name in names:
        (tmp_path / name).mkdir()
    assert sides_in(str(tmp_path)) == tuple(str(tmp_path / name) for name in found)
