"""Planted simulators: each moves what it says, leaves the rest identical to the bit, and depends on the seed alone."""

import polars as pl
import pytest

from tracelens.demo import demo_events
from tracelens.errors import TracelensError
from tracelens.plant import PLANTS, plant, write_planted

ZONE = "Asia/Shanghai"
OPTIONS = {"exposure_by_record": True, "zone": ZONE}
SLOT = ["user", "time", "time_precision", "record"]
DONE = ["scenario", "action", "role", "valence", "occurred", "item", "category", "value", "count"]


@pytest.fixture(scope="module")
def events():
    return plant(demo_events(users=60, days=20, seed=2), "copy", **OPTIONS)


@pytest.fixture(scope="module")
def planted(events):
    made = {}

    def make(name, strength=None, seed=1):
        key = (name, strength, seed)
        if key not in made:
            made[key] = plant(events, name, strength=strength, seed=seed, **OPTIONS)
        return made[key]

    return make


def bag(frame, columns):
    """The rows of some columns, whatever their order."""
    return frame.select(columns).sort(columns, nulls_last=True)


def records(frame, *more):
    return frame.group_by("user", "record").agg(pl.col("time").min(), pl.col("time_precision").first(), *more)


def local(frame):
    return frame.with_columns(local=pl.col("time").dt.convert_time_zone(ZONE))


def clock(frame):
    return bag(local(frame).with_columns(clock=pl.col("local").dt.time()), ["user", "scenario", "action", "clock"])


def active_days(frame):
    return local(frame).select("user", pl.col("local").dt.date()).unique().sort("user", "local")


IDENTICAL = {
    "copy": ["user", "time", "time_precision", "seq", *DONE, "text", "record"],
    "drop-tail": ["user", "time", "time_precision", "seq", *(c for c in DONE if c != "item"), "text", "record"],
    "utopia": ["user", "time", "time_precision", "seq", *(c for c in DONE if c not in ("action", "valence")), "record"],
    "unlink": ["user", "time", "time_precision", "seq", *(c for c in DONE if c not in ("item", "category")), "record"],
    "replay": ["user", "time", "time_precision", "seq", "scenario", "occurred", "item", "category", "text", "record"],
}


@pytest.mark.parametrize("name", IDENTICAL)
def test_columns_that_stay_identical_row_by_row(name, events, planted):
    after = planted(name)
    for column in IDENTICAL[name]:
        assert after[column].equals(events[column]), column


SAME_BAGS = {
    "average-person": [SLOT[:3], DONE],
    "average-person-days": [["time", "time_precision", "seq", *DONE, "record"]],
    "shuffle-order": [["user", *DONE]],
    "circular-shift": [["user", *DONE, "record"]],
    "reverse-days": [["user", *DONE, "record"]],
    "shuffle-days": [["user", *DONE, "record"]],
    "flat-clock": [["user", *DONE, "record"]],
    "relabel": [["time", "time_precision", "seq", *DONE, "record"]],
    "unlink": [["user", "scenario", "action"]],
}


@pytest.mark.parametrize("name", SAME_BAGS)
def test_what_is_only_moved_about_is_all_still_there(name, events, planted):
    for columns in SAME_BAGS[name]:
        if name == "average-person" and columns == SLOT[:3]:
            assert bag(records(planted(name)), SLOT).equals(bag(records(events), SLOT))
        else:
            assert bag(planted(name), columns).equals(bag(events, columns)), columns


@pytest.mark.parametrize("name", [name for name in PLANTS if name != "copy"])
def test_every_plant_does_something_and_depends_on_the_seed_alone(name, events):
    once = plant(events, name, seed=1, **OPTIONS)
    turned = plant(events.sample(fraction=1.0, shuffle=True, seed=9), name, seed=1, **OPTIONS)
    assert once.equals(turned), "independent of the order of rows"
    assert not once.equals(events)
    if name not in ("relabel", "reverse-days", "eager"):
        assert not plant(events, name, seed=2, **OPTIONS).equals(once)


WITHIN_RECORDS = ("utopia", "eager", "drop-tail", "replay", "unlink")


@pytest.mark.parametrize("name", [name for name in PLANTS if name not in WITHIN_RECORDS])
def test_a_record_stays_together(name, events, planted):
    """Each record of the planted log holds what some record of the real log holds."""
    held = pl.struct("scenario", "action", "item", "category", "value").sort_by("action", "value").alias("held")

    def contents(frame):
        return set(frame.group_by("user", "record").agg(held)["held"].list.eval(pl.element().hash(0)).list.sum())

    assert contents(planted(name)) <= contents(events)
    assert records(planted(name), pl.col("time").n_unique().alias("times"))["times"].max() == 1


def test_inflate_repeats_whole_records_within_the_hour(events, planted):
    after = planted("inflate", 1.5)
    original = after.filter(pl.col("record") <= events["record"].max())
    assert original.equals(events)
    copies = records(after).height - records(events).height
    assert copies == pytest.approx(0.5 * records(events).height, rel=0.05)
    assert active_days(after).equals(active_days(events))
    hours = [
        f.filter(pl.col("time_precision") == "s")
        .select("user", pl.col("time").dt.truncate("1h"))
        .unique()
        .sort(pl.all())
        for f in (after, events)
    ]
    assert hours[0].equals(hours[1])
    new = after.filter(pl.col("record") > events["record"].max(), pl.col("time_precision") == "s")
    gaps = new.select(time=pl.col("time").dt.timestamp("us")).to_series()
    assert (gaps % 1_000_000 == 0).all(), "at the precision of the log"


def test_inflate_by_a_whole_number_is_exact(events, planted):
    assert planted("inflate", 3.0).height == 3 * events.height


def test_thin_keeps_whole_records_as_they_are(events, planted):
    after = planted("thin", 0.3)
    kept = after["record"].unique()
    assert after.equals(events.filter(pl.col("record").is_in(kept.implode())))
    assert len(kept) == pytest.approx(0.3 * events["record"].n_unique(), rel=0.1)


def test_eager_doubles_every_action_in_every_scenario_and_shows_nothing_more(events, planted):
    after = planted("eager", 2.0)
    done = pl.col("role").is_in(["active", "conversion"]) & pl.col("occurred")
    by = ["user", "scenario", "action"]
    counts = [f.filter(done).group_by(by).len().sort(by) for f in (events, after)]
    assert counts[1].equals(counts[0].with_columns(pl.col("len") * 2))
    assert bag(records(after), SLOT).equals(bag(records(events), SLOT))
    passive = ~pl.col("role").is_in(["active", "conversion"]) | ~pl.col("occurred")
    assert after.filter(passive).equals(events.filter(passive))
    # a record in which nothing happened is still one in which nothing happened
    seen = [f.group_by("record").agg(pl.col("occurred").any()).sort("record") for f in (events, after)]
    assert seen[0].equals(seen[1])
    # what is added lies on the record's own time, scenario and item
    assert after.group_by("record").agg(pl.col("time").n_unique(), pl.col("scenario").n_unique())["time"].max() == 1


def test_eager_with_exposures_as_events():
    exposures = pl.DataFrame(
        {"user": ["a"] * 4, "action": ["view"] * 3 + ["like"], "role": ["exposure"] * 3 + ["active"]}
    )
    after = plant(exposures, "eager", strength=3.0)
    assert after.filter(pl.col("role") == "exposure").height == 3
    assert after.filter(pl.col("action") == "like").height == 3


def test_average_person_moves_what_is_done_from_person_to_person(events, planted):
    after = planted("average-person")
    taste = [
        f.group_by("user").agg((pl.col("category") == "Pets").mean().alias("pets"))["pets"].std()
        for f in (events, after)
    ]
    assert taste[1] < 0.5 * taste[0]


def test_average_person_days_keeps_each_day_whole(events, planted):
    after = planted("average-person-days")
    day = pl.col("time").dt.convert_time_zone(ZONE).dt.date()
    owners = after.select("record", "time", to="user").join(
        events.select("record", "time", was="user"), on=["record", "time"]
    )
    owners = owners.select("to", "was", day).unique()
    assert owners.select("was", "time").is_duplicated().sum() == 0, "a day goes to one person"
    assert owners.select("to", "time").is_duplicated().sum() == 0, "a person gets one day"
    assert active_days(after).equals(active_days(events))


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_drop_tail_takes_that_share_of_events_and_no_item_is_new(share, events, planted):
    after = planted("drop-tail", share)
    of_record = ("user", "record")
    # a record in which nothing happened was seen once all the same
    seen = ~pl.col("occurred").any().over(of_record) & (pl.int_range(pl.len()).over(of_record) == 0)
    happened = events.filter(pl.col("occurred") | seen, pl.col("item").is_not_null())
    gone = set(events["item"]) - set(after["item"])
    lost = happened["item"].is_in(list(gone)).mean()
    assert share - 0.002 < lost <= share
    assert set(after["item"]) < set(events["item"])
    assert after["item"].null_count() == events["item"].null_count()
    rarest = happened["item"].value_counts()
    kept = rarest.filter(~pl.col("item").is_in(list(gone)))["count"].min()
    assert rarest.filter(pl.col("item").is_in(list(gone)))["count"].max() <= kept


def test_drop_tail_stays_within_the_category(events, planted):
    after = planted("drop-tail", 0.3)
    shelf = set(events.select("category", "item").unique().iter_rows())
    assert set(after.select("category", "item").unique().iter_rows()) <= shelf
    per_record = after.group_by("record").agg(pl.col("item").n_unique())
    assert per_record["item"].max() == 1, "the events of a record stay about one item"


@pytest.mark.parametrize("share", [0.25, 0.7, 1.0])
def test_utopia_turns_exactly_that_share(share, events, planted):
    after = planted("utopia", share)
    negative = [f.filter(pl.col("valence") < 0, "occurred").height for f in (events, after)]
    assert negative[0] - negative[1] == round(share * negative[0])
    moved = after["action"] != events["action"]
    assert moved.sum() == negative[0] - negative[1]
    pairs = set(zip(events["action"].filter(moved), after["action"].filter(moved), strict=True))
    assert pairs <= {("dislike", "like"), ("report", "like"), ("unfollow", "follow")}
    assert (after["valence"].filter(moved) == 1).all()


def test_utopia_without_a_known_twin_takes_the_usual_yes():
    log = pl.DataFrame({"user": list("aaab"), "action": ["boo", "cheer", "cheer", "nod"], "valence": [-1, 1, 1, 1]})
    assert plant(log, "utopia", strength=1.0)["action"].to_list().count("cheer") == 3


def test_shuffle_order_keeps_the_times_of_each_person(events, planted):
    assert bag(records(planted("shuffle-order")), SLOT).equals(bag(records(events), SLOT))


@pytest.mark.parametrize("name", ["circular-shift", "reverse-days", "shuffle-days"])
def test_moving_days_keeps_the_time_of_day(name, events, planted):
    after = planted(name)
    assert clock(after).equals(clock(events))
    spans = [
        local(f).group_by("user").agg(first=pl.col("local").dt.date().min(), last=pl.col("local").dt.date().max())
        for f in (events, after)
    ]
    both = spans[0].join(spans[1], on="user")
    assert both.select(
        ((pl.col("first_right") >= pl.col("first")) & (pl.col("last_right") <= pl.col("last"))).all()
    ).item()


def test_reversing_days_twice_is_no_change(events, planted):
    assert plant(planted("reverse-days"), "reverse-days", **OPTIONS).equals(events)


def test_shuffle_days_keeps_the_active_days_and_each_day_whole(events, planted):
    after = planted("shuffle-days")
    assert active_days(after).equals(active_days(events))
    moves = local(after).select("user", "record", to=pl.col("local").dt.date())
    moves = moves.join(local(events).select("user", "record", was=pl.col("local").dt.date()), on=["user", "record"])
    assert moves.select("user", "was", "to").unique().select("user", "was").is_duplicated().sum() == 0


def test_circular_shift_moves_each_scenario_by_whole_days(events, planted):
    after = planted("circular-shift")
    day = pl.col("time").dt.convert_time_zone(ZONE).dt.date()
    moves = after.select("user", "record", "scenario", to=day).join(
        events.select("user", "record", was=day), on=["user", "record"]
    )
    span = events.group_by("user").agg(span=(day.max() - day.min()).dt.total_days() + 1)
    moves = moves.join(span, on="user").with_columns(by=(pl.col("to") - pl.col("was")).dt.total_days() % pl.col("span"))
    shifts = moves.group_by("user", "scenario").agg(
        pl.col("by").n_unique(), least=pl.col("by").min(), span=pl.col("span").first()
    )
    assert shifts["by"].max() == 1
    assert shifts.filter(pl.col("span") > 1)["least"].min() >= 1


def test_flat_clock_keeps_days_order_and_gaps_within_sessions(events, planted):
    after = planted("flat-clock")
    assert active_days(after).equals(active_days(events))
    timed = pl.col("time_precision") == "s"
    heads = [records(f.filter(timed)).sort("user", "time", "record") for f in (events, after)]
    assert heads[0]["record"].equals(heads[1]["record"]), "in the same order"
    gap = pl.col("time").diff().over("user").dt.total_seconds()
    day = pl.col("time").dt.convert_time_zone(ZONE).dt.date()
    inner = heads[0].select(short=(gap <= 1800) & (day == day.shift().over("user")))["short"].fill_null(False)
    gaps = [head.select(gap.alias("gap"))["gap"].filter(inner) for head in heads]
    assert gaps[0].equals(gaps[1])
    hours = after.filter(timed).select(pl.col("time").dt.convert_time_zone(ZONE).dt.hour().alias("h"))["h"]
    share = hours.value_counts()["count"] / len(hours)
    assert len(share) == 24
    assert share.max() < 0.08, "an even day has 1/24 in every hour"


def test_unlink_permutes_items_with_their_categories_within_person_and_scenario(events, planted):
    after = planted("unlink")
    by = ["user", "scenario", "record", "item", "category"]
    units = [f.select(by).unique().drop("record").sort(pl.all(), nulls_last=True) for f in (events, after)]
    assert units[0].equals(units[1])
    assert (after["item"] != events["item"]).mean() > 0.3
    assert after.group_by("record").agg(pl.col("item").n_unique())["item"].max() == 1


def test_replay_draws_from_what_the_person_does_there(events, planted):
    after = planted("replay")
    repertoire = set(events.select("user", "scenario", "action").unique().iter_rows())
    assert set(after.select("user", "scenario", "action").unique().iter_rows()) <= repertoire
    assert (after["action"] != events["action"]).any()


def test_relabel_hands_each_trace_to_the_next_person(events, planted):
    after = planted("relabel")
    users = events["user"].unique().sort().to_list()
    owner = dict(events.select("record", "user").unique().iter_rows())
    assert all(
        users.index(user) == (users.index(owner[record]) + 1) % len(users)
        for record, user in after.select("record", "user").unique().iter_rows()
    )


def test_a_log_without_a_clock():
    log = pl.DataFrame(
        {"user": ["a"] * 6 + ["b"] * 2, "seq": [0, 1, 2, 3, 4, 5, 0, 1], "record": [0, 0, 1, 2, 2, 2, 3, 4]}
        | {"action": list("ppqrrrst"), "scenario": list("xxyzzzxy")}
    )
    after = plant(log, "shuffle-order", seed=3)
    assert after["seq"].to_list() == [0, 1, 2, 3, 4, 5, 0, 1]
    runs = "".join(after.filter(pl.col("user") == "a")["action"])
    assert sorted(runs) == list("ppqrrr")
    assert "pp" in runs
    assert "rrr" in runs
    for name, known in PLANTS.items():
        if known.needs_clock:
            with pytest.raises(TracelensError, match="needs a clock"):
                plant(log, name)


def test_days_are_counted_in_the_zone_even_where_the_clock_changes():
    times = ["2025-03-29T23:30:00", "2025-03-30T00:30:00", "2025-03-30T22:30:00", "2025-03-31T21:59:00"]
    log = pl.DataFrame({"user": ["a"] * 4, "action": list("wxyz"), "time": times}).with_columns(
        pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", time_zone="UTC")
    )
    after = plant(log, "reverse-days", zone="Europe/Berlin")
    berlin = after.sort("action")["time"].dt.convert_time_zone("Europe/Berlin").dt.strftime("%d %H:%M").to_list()
    assert berlin == ["31 00:30", "31 01:30", "30 00:30", "30 23:59"]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("utopai", {}, "did you mean utopia"),
        ("thin", {"strength": 1.5}, "at most 1"),
        ("thin", {"strength": 0.0}, "above 0"),
        ("inflate", {"strength": 1.0}, "above 1"),
        ("relabel", {"strength": 0.5}, "takes no strength"),
        ("utopia", {}, "needs negative actions"),
        ("eager", {}, "needs exposures"),
        ("drop-tail", {}, "needs items"),
    ],
)
def test_what_cannot_be_planted_is_said(name, options, said):
    log = pl.DataFrame({"user": ["a", "b"], "action": ["x", "y"]})
    with pytest.raises(TracelensError, match=said) as error:
        plant(log, name, **options)
    assert error.value.exit_status == 2


def test_a_planted_log_on_disk_reads_back_as_it_was(events, tmp_path):
    traces = pytest.importorskip("tracelens.traces", reason="needs the compiled core (make build)")
    write_planted(events, tmp_path / "log", name="thin", strength=0.5, seed=3, source="somewhere", **OPTIONS)
    note = (tmp_path / "log" / "PLANT.md").read_text(encoding="utf-8")
    assert "thin" in note
    assert "0.5" in note
    assert "somewhere" in note
    back = traces.read_traces(tmp_path / "log")
    assert back.zone == ZONE
    assert back.exposure_by_record
    columns = [c for c in events.columns if c not in ("text", "record")]
    frame = back.to_polars().with_columns(pl.col(pl.Categorical).cast(pl.String))
    assert bag(frame, columns).equals(bag(events, columns))
