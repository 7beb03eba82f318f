"""States: summaries of users that are kept, joined and compared in place of their logs."""

import random
import re
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

import tracelens
from tracelens.cli import main
from tracelens.errors import TracelensError

WINDOW = "2025-09-01..2025-09-28"


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code != 0
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up population of people and a simulation of it, a file a user."""
    directory = tmp_path_factory.mktemp("states")
    run("demo", directory / "demo", "--users", "60", "--days", "28")
    return directory / "demo"


def by_user(logs: Path, into: Path) -> list[Path]:
    """The events of each user as a file of its own."""
    frame = tracelens.read_traces(logs).to_polars()
    into.mkdir()
    for (user,), events in frame.group_by("user", maintain_order=True):
        events.write_parquet(into / f"{user}.parquet")
    return sorted(into.iterdir())


@pytest.mark.parametrize(("seed", "more"), [(1, ()), (2, ()), (3, ("--look-backs",))])
def test_states_of_parts_merge_into_that_of_the_whole(
    logs: Path, tmp_path: Path, seed: int, more: tuple[str, ...]
) -> None:
    files = by_user(logs / "real", tmp_path / "users")
    whole = tmp_path / "whole.tls"
    options = ("--window", WINDOW, "--mapping", "events", *more)
    run("sketch", *files, "-o", whole, *options)
    order = random.Random(seed)
    order.shuffle(files)
    cuts = sorted(order.sample(range(1, len(files)), 3))
    parts = [tmp_path / f"{i}.tls" for i in range(4)]
    for part, (a, b) in zip(parts, zip([0, *cuts], [*cuts, len(files)], strict=True), strict=True):
        jobs = str(order.choice([1, 2, 3]))
        run("sketch", *files[a:b], "-o", part, *options, "--jobs", jobs)
    order.shuffle(parts)
    run("merge", *parts[:2], "-o", tmp_path / "some.tls")
    run("merge", tmp_path / "some.tls", *parts[2:], "-o", tmp_path / "all.tls")
    assert (tmp_path / "all.tls").read_bytes() == whole.read_bytes()


def test_a_state_has_the_look_backs_of_its_logs_if_they_were_asked_for(logs: Path, tmp_path: Path) -> None:
    window = (date(2025, 9, 1), date(2025, 9, 28))
    with_them, without = (tracelens.sketch(logs / "real", window=window, look_backs=asked) for asked in (True, False))
    tracelens.write_state(with_them, tmp_path / "real.tls")
    state = tracelens.read_state(tmp_path / "real.tls")
    traces = tracelens.read_traces(logs / "real")
    assert state.window is not None
    found, expected = (side.statistics(days=state.window, look_backs=True) for side in (state, traces))
    for name in ("look_backs", "first_touches"):
        assert len(expected.tables[name]["user"]) > 100, name
        for column, values in expected.tables[name].items():
            ours = found.tables[name][column]
            if column == "path":
                assert [found.names[column][i] for i in ours] == [expected.names[column][i] for i in values]
            else:
                assert ours.tolist() == values.tolist(), (name, column)
    assert state.statistics().tables.keys() == without.statistics().tables.keys()
    with pytest.raises(TracelensError, match="no events left to look back to"):
        without.statistics(look_backs=True)
    some = tracelens.State(without.summary.only([True] + [False] * 59), without.about, without.window, without.report)
    with pytest.raises(TracelensError, match="another choice of look-backs: with them and without"):
        tracelens.merge([with_them, some])


def test_states_compare_as_their_logs_do(logs: Path, tmp_path: Path) -> None:
    for side in ("real", "sim"):
        run("sketch", logs / side, "-o", tmp_path / f"{side}.tls", "--window", WINDOW)
    by_logs = orjson.loads(run("compare", logs / "real", logs / "sim", "--no-score", "--format", "json"))
    states = (tmp_path / "real.tls", tmp_path / "sim.tls")
    by_states = orjson.loads(run("compare", *states, "--no-score", "--format", "json"))
    assert any("cannot be seen from a state" in said for said in by_states["warnings"])
    (logs_say,), (states_say,) = by_logs["comparisons"], by_states["comparisons"]
    assert all(known(states_say) == known(logs_say) for known in (metrics, axes))
    mixed = tracelens.compare(logs / "real", tracelens.read_state(states[1]))
    assert metrics(mixed.result["comparisons"][0]) == metrics(logs_say)


def metrics(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    """All but the leads by content: how rare a word is depends on all users, so states hold nothing of what was said.

    How many leads there are goes into how the p of each is adjusted.
    """
    found = [m for m in comparison["metrics"] if m["scope"].get("link") != "content"]
    return [m if m["id"] != "C9" else {**m, "p_adjusted": None} for m in found]


def axes(comparison: dict[str, Any]) -> Any:
    return comparison["axes"]


def test_what_does_not_belong_together_is_refused(logs: Path, tmp_path: Path) -> None:
    real, again, later = (tmp_path / f"{name}.tls" for name in ("real", "again", "later"))
    run("sketch", logs / "real", "-o", real, "--window", WINDOW)
    run("sketch", logs / "real", "-o", again, "--window", WINDOW)
    run("sketch", logs / "sim", "-o", later, "--window", "2025-09-02..2025-09-28")
    code, said = refused("merge", real, again, "-o", tmp_path / "all.tls")
    assert code == 3
    assert "TL301" in said
    assert "60 users in more than one state" in said
    assert "another observation window" in refused("merge", real, later, "-o", tmp_path / "all.tls")[1]
    code, said = refused("compare", real, later)
    assert code == 3
    assert "sketch the logs with --window" in said
    assert not (tmp_path / "all.tls").exists()
    run("sketch", logs / "sim", "-o", later, "--window", WINDOW, "--conversion-scenario", "video")
    assert "--conversion-scenario" in refused("compare", real, later)[1]


def test_no_file_that_is_not_a_whole_state_is_taken_for_one(logs: Path, tmp_path: Path) -> None:
    state = tmp_path / "real.tls"
    run("sketch", logs / "real", "-o", state)
    data = state.read_bytes()
    foreign = tmp_path / "foreign.tls"
    for damaged in (b"", b"PAR1 and no more", data[: len(data) // 2], data[:-1], data[9:]):
        foreign.write_bytes(damaged)
        code, said = refused("compare", foreign, state)
        assert code == 3
        assert "TL203" in said
        assert f"--> {foreign}" in said
    refusals = []
    for at in range(7, len(data), len(data) // 150):
        foreign.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            damaged_state = tracelens.read_state(foreign)
        except tracelens.TracelensError as error:
            refusals.append(error.code)
            continue
        # Between the columns lies padding: who reads past it reads what was written.
        tracelens.write_state(damaged_state, tmp_path / "again.tls")
        assert (tmp_path / "again.tls").read_bytes() == data
    assert len(refusals) > 50
    assert set(refusals) == {"TL203"}
    assert "TL201" in refused("merge", tmp_path / "none.tls", "-o", tmp_path / "all.tls")[1]
    assert "end it in .tls" in refused("sketch", logs / "real", "-o", tmp_path / "real.parquet")[1]
    assert "no scenario 'shpo'" in refused("sketch", logs / "real", "-o", state, "--conversion-scenario", "shpo")[1]
    code, said = refused("sketch", logs / "real", "-o", state, "--window", "2024-09-01..2024-09-02")
    assert "TL301" in said
    assert "2025-09-01 to 2025-09-28" in said
    assert "not a window of days" in refused("sketch", logs / "real", "-o", state, "--window", "September")[1]
    assert "is empty" in refused("sketch", logs / "real", "-o", state, "--window", "2025-09-02..2025-09-01")[1]


def test_events_outside_the_window_are_counted(logs: Path, tmp_path: Path) -> None:
    window = (date(2025, 9, 3), date(2025, 9, 4))
    state = tracelens.sketch(logs / "real", window=window)
    traces = tracelens.read_traces(logs / "real")
    local = traces.to_polars(["time"])["time"].dt.convert_time_zone(traces.zone).dt.date()
    outside = int((~local.is_between(*window)).sum())
    assert 0 < outside < len(local)
    assert state.summary.meta["outside"] == outside
    assert state.report["events_used"] == len(local)


def test_a_log_without_a_clock_has_a_state_too(tmp_path: Path) -> None:
    lines = [{"user": u, "action": a, "scenario": "talk"} for u in ("a", "b") for a in ("ask", "answer")]
    for user in ("a", "b"):
        own = [orjson.dumps(line) for line in lines if line["user"] == user]
        (tmp_path / f"{user}.ndjson").write_bytes(b"\n".join(own))
    sketches = [tracelens.sketch(tmp_path / f"{u}.ndjson", mapping="events") for u in ("b", "a")]
    merged = tracelens.merge(sketches)
    assert merged.users == ["a", "b"]
    assert merged.window is None
    assert merged.statistics().tables["users"]["events"].tolist() == [2, 2]
    with pytest.raises(TracelensError, match="no state"):
        tracelens.merge([])


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (["--mapping", "omnibehavior"], "--mapping omnibehavior can have no effect on real, sim.tls"),
        (["--mapping", "real=omnibehavior"], "--mapping real=omnibehavior can have no effect on real"),
        (["--mapping", "sim=omnibehavior"], "--mapping sim=omnibehavior can have no effect on sim.tls"),
        (["--on-bad-row", "drop"], "--on-bad-row can have no effect on real, sim.tls"),
        (["--max-bad", "0"], "--max-bad can have no effect on real, sim.tls"),
        (["--align", "entry"], "--align entry can have no effect on real, sim.tls"),
    ],
)
def test_what_can_have_no_effect_on_states_is_refused(
    logs: Path, tmp_path: Path, options: list[str], refusal: str
) -> None:
    real, sim = tmp_path / "real.tls", tmp_path / "sim.tls"
    run("sketch", logs / "real", "-o", real, "--window", WINDOW)
    run("sketch", logs / "sim", "-o", sim, "--window", WINDOW)
    status, said = refused("compare", real, sim, *options)
    assert (status, "error[TL110]" in said, "help: " in said) == (2, True, True)
    assert refusal in said
    # Where a log is read as well it has one.
    if options[0] != "--align" and "real" not in options[1]:
        run("compare", real, logs / "sim", *options)


def test_inspect_says_what_a_state_is(logs: Path, tmp_path: Path) -> None:
    state = tmp_path / "real.tls"
    run("sketch", logs / "real", "-o", state, "--window", WINDOW)
    said = run("inspect", state)
    for part in ("a state, not a log", "60 users", WINDOW, "omnibehavior", f"compare {state}", f"merge {state}"):
        assert part in said
    facts = orjson.loads(run("inspect", state, "--format", "json"))
    assert (facts["users"], facts["window"], facts["zone"]) == (60, WINDOW, "Asia/Shanghai")
    for arguments, part in (
        (("inspect", state, "--mapping", "events"), "is a state, whose logs were read before"),
        (("init", state), "is a state, not a log"),
    ):
        status, said = refused(*arguments)
        assert status == 2
        assert part in said


def test_one_is_told_as_one(tmp_path: Path) -> None:
    log, state = tmp_path / "log.csv", tmp_path / "one.tls"
    log.write_text("user,action,time\nann,see,2025-09-01T10:00:00Z\n")
    said = run("sketch", log, "-o", state)
    said += run("merge", state, "-o", tmp_path / "all.tls")
    said += run("inspect", state)
    said += run("inspect", log)
    said += run("convert", log, "-o", tmp_path / "log.parquet")
    said += run("users", log, "-o", tmp_path / "users.csv")
    said += run("compare", log, log)
    for one in ("1 user of 1 state", "1 event in = 1 used", "1 user, 1 event", "1 of 1 event used"):
        assert one in said
    assert re.findall(r"\b1 \w+s\b", said) == []
