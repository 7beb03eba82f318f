"""``tracelens inspect``: what a log holds, how it could be read, what is unsure; on logs whose answer is known."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FIXTURES
from tests.planted.raw_logs import LOGS, Raw, lines, table
from tracelens.inspect import Inspection, inspect_path
from tracelens.inspect.clock import read_clock
from tracelens.inspect.compose import compose
from tracelens.inspect.doubts import doubts_of
from tracelens.inspect.guess import make_guess
from tracelens.inspect.kinds import Kind
from tracelens.inspect.vocabulary import likeness, role_of, valence_of
from tracelens.inspect.words import render

Run = Callable[..., Result]


@pytest.fixture(params=LOGS)
def planted(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Raw, Inspection]:
    """A planted log, and what was found out about it."""
    raw = LOGS[request.param]()
    return raw, inspect_path(str(raw.write(tmp_path)))


def asked(found: Any, truth: Any) -> Any:
    """What was found, of that which the truth speaks of."""
    if isinstance(found, dict) and isinstance(truth, dict):
        return {key: found.get(key) for key in truth}
    return found


def test_every_part_of_the_event_comes_from_the_right_column(planted: tuple[Raw, Inspection]) -> None:
    raw, found = planted
    mapping = tomllib.loads(found.text)
    event = mapping["event"]
    assert {part: asked(event.get(part), field) for part, field in raw.event.items()} == raw.event
    assert event.keys() == raw.event.keys(), "and nothing else is taken for a part"
    assert mapping.get("rows", {}).get("explode", []) == list(raw.explode)
    for name, truth in raw.tables.items():
        assert asked(mapping.get(name, {}), truth) == truth, name


def test_what_a_careful_reader_would_doubt_is_said(planted: tuple[Raw, Inspection]) -> None:
    raw, found = planted
    said = "\n".join(f"{doubt.unsure}. {doubt.change}. {doubt.instead}" for doubt in found.doubts)
    assert [words for words in raw.says if words not in said] == []
    assert all(doubt.change for doubt in found.doubts), "each says what it would change"


def test_the_guess_reads_all_of_the_log(planted: tuple[Raw, Inspection]) -> None:
    raw, found = planted
    assert found.trial.error is None
    assert found.trial.report is not None
    assert found.trial.report["dropped"] == {}
    assert (found.trial.users, found.trial.report["events_used"]) == (raw.users, raw.events)
    assert len(found.events) == min(10, raw.events)


def test_the_text_fits_a_terminal_and_has_every_part(planted: tuple[Raw, Inspection]) -> None:
    _, found = planted
    text = render(found, width=80)
    # A path is never cut.
    assert max(len(line) for line in text.splitlines() if found.path not in line) <= 80
    for heading in ("First ", "What stands in the rows", "What the columns seem to be", "What is unsure"):
        assert heading in text or (heading == "What is unsure" and not found.reading.guessed)
    assert f"{len(found.doubts):>3}. " in text
    render(found, unicode=False).encode("ascii")
    assert "Traceback" not in text


# ---- names


@pytest.mark.parametrize(
    ("name", "role", "valence"),
    [
        ("impression", "exposure", 0),
        ("page_view", "exposure", 0),
        ("itemShow", "exposure", 0),
        ("watch", "passive", 0),
        ("long_view", "passive", 0),
        ("scroll", "passive", 0),
        ("add_to_cart", "active", 0),
        ("view_search_results", "active", 0),
        ("purchase", "conversion", 1),
        ("place_order", "conversion", 1),
        ("payment_failed", "active", 1),
        ("order_cancel", "active", -1),
        ("like", "active", 1),
        ("dislike", "active", -1),
        ("unfollow", "active", -1),
        ("unsubscribe", "active", -1),
        ("not_interested", "active", -1),
        ("refund", "active", -1),
        ("曝光", "exposure", 0),
        ("观看视频", "passive", 0),
        ("支付成功", "conversion", 1),
        ("点赞", "active", 1),
        ("不喜欢", "active", -1),
        ("取消关注", "active", -1),
        ("举报", "active", -1),
        ("xyz", None, 0),
    ],
)
def test_names_of_actions_say_their_role_and_valence(name: str, role: str | None, valence: int) -> None:
    assert role_of(name) == role
    assert valence_of(name) == valence


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("user", ["user_id", "userId", "UID", "visitorid", "customer.id", "用户编号", "TWIN_ID", "respondent"]),
        ("time", ["ts", "created_at", "event_time", "timestamp_ms", "时间", "下单时间", "time:timestamp"]),
        ("action", ["action", "eventName", "behavior_type", "concept:name", "行为类型"]),
        ("item", ["item_id", "videoId", "SKU", "商品ID", "asin"]),
        ("scenario", ["scene", "page_type", "频道", "task"]),
    ],
)
def test_names_of_columns_are_known_however_they_are_written(part: str, names: list[str]) -> None:
    assert [name for name in names if likeness(part, name) < 0.8] == []


# ---- times


@pytest.mark.parametrize(
    ("texts", "formats", "precision"),
    [
        (["2025-09-01 10:00:01", "2025-09-02 11:30:00"], ["%Y-%m-%d %H:%M:%S"], "s"),
        (["2025-09-01 10:00:01", "2025-09-02"], ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"], "s"),
        (["2025-09-01T10:00:01Z", "2025-09-01T10:00:01+08:00"], ["rfc3339"], "s"),
        (["2025-09-01T10:00:01.123456Z"], ["rfc3339"], "us"),
        (["2019-10-01 00:00:01 UTC"], ["%Y-%m-%d %H:%M:%S UTC"], "s"),
        (["01/Sep/2025:10:00:01 +0000"], ["%d/%b/%Y:%H:%M:%S %z"], "s"),
        (["Sep 1, 2025 3:05 PM"], ["%b %d, %Y %I:%M %p"], "min"),
        (["2025年9月1日 10:05"], ["%Y年%m月%d日 %H:%M"], "min"),
        (["20250901", "20250902"], ["%Y%m%d"], "day"),
        ([1756720801, 1756720802], ["epoch_s"], "s"),
        ([1756720801123, 1756720802456], ["epoch_ms"], "ms"),
        ([1756720801123456, 1756720802456789], ["epoch_us"], "us"),
        (["1756720801123456789"], ["epoch_ns"], "us"),
        (["2025-09-01 00:00:00", "2025-09-02 00:00:00"], ["%Y-%m-%d %H:%M:%S"], "day"),
        ([1756684800000 + 86_400_000 * n for n in range(5)], ["epoch_ms"], "day"),
        (["25/04/2025", "03/04/2025"], ["%d/%m/%Y"], "day"),
        (["04/25/2025", "04/03/2025"], ["%m/%d/%Y"], "day"),
        (["1.9.2025", "2.9.2025"], ["%d.%m.%Y"], "day"),
    ],
)
def test_times_are_read_as_they_are_written(texts: list[Any], formats: list[str], precision: str) -> None:
    clock = read_clock(texts)
    assert clock is not None
    assert list(clock.formats) == formats
    assert clock.precision == precision
    assert clock.first is not None
    assert 2019 <= clock.first.year <= 2025


@pytest.mark.parametrize("texts", [["hello"], ["12", "oops"], [""], [None], ["2025-13-45"], [True, False], ["-1"]])
def test_what_is_no_time_is_none(texts: list[Any]) -> None:
    assert read_clock(texts) is None


def test_a_few_broken_times_do_not_make_a_column_another_thing() -> None:
    clock = read_clock([1756720801 + n for n in range(40)] + [0])
    assert clock is not None
    assert clock.formats == ("epoch_s",)
    assert clock.astray == 1


# ---- any log at all

WORDS = [
    "user_id",
    "time",
    "ts",
    "action",
    "type",
    "event",
    "item",
    "history",
    "role",
    "content",
    "value",
    "is_like",
    "key",
]
KEYS = st.sampled_from(WORDS) | st.text(max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["2025-09-01", "2025-09-01 10:00:00", "03/04/2025", "like", "购买", "1756720801", "user", '{"a": 1}']
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)


def kind_of(documents: list[Any], form: str, columns: tuple[str, ...] | None = None) -> Kind:
    table = columns is not None
    return Kind(
        "logs/x.json",
        1,
        1,
        form,
        None,
        False,
        "utf-8",
        "," if table else None,
        table or None,
        columns,
        tuple(documents),
    )


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_any_documents_make_a_mapping_that_is_toml(documents: list[Any]) -> None:
    guess = make_guess(kind_of(documents, "json"))
    text = compose(guess, doubts_of(guess), source="logs\n\x00")
    mapping = tomllib.loads(text)
    assert "user" in mapping["event"]
    assert ("action" in mapping["event"]) != ("melt" in mapping)


@given(st.lists(st.dictionaries(KEYS, SCALARS.map(str), min_size=1, max_size=6), min_size=1, max_size=30))
def test_any_table_makes_a_mapping_that_is_toml(rows: list[dict[str, str]]) -> None:
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    guess = make_guess(kind_of(rows, "delimited", columns))
    mapping = tomllib.loads(compose(guess, doubts_of(guess), source="log"))
    assert ("action" in mapping["event"]) != ("melt" in mapping)


# ---- the command


def test_a_built_in_mapping_that_fits_is_said_first_and_the_columns_are_shown_all_the_same(run: Run) -> None:
    result = run("inspect", FIXTURES / "omnibehavior")
    assert result.exit_code == 0, result.output
    before, after = result.stdout.split("What stands in the rows")
    assert "The built-in mapping omnibehavior fits" in before
    assert "First 10 events" in before
    assert "^.timestamp" in after


def test_json_has_all_that_the_text_has(run: Run, tmp_path: Path) -> None:
    path = LOGS["epoch_csv"]().write(tmp_path)
    result = run("inspect", path, "--format", "json")
    assert result.exit_code == 0, result.output
    found = orjson.loads(result.stdout)
    assert found["schema"] == "tracelens/inspect/1"
    assert found["kinds"][0]["format"] == "delimited"
    assert found["guess"]["user"]["from"] == '"uid"'
    assert "name says user" in found["guess"]["user"]["evidence"]
    assert len(found["events"]) == 10
    assert {row["path"] for row in found["columns"]} == {"uid", "ts", "event", "product_id", "price"}
    assert {"about", "unsure", "would_change", "instead"} == set(found["unsure"][0])
    assert tomllib.loads(found["mapping"])["version"] == 1


def test_a_mapping_of_ones_own_is_shown_instead(run: Run, tmp_path: Path) -> None:
    path = LOGS["epoch_csv"]().write(tmp_path)
    own = tmp_path / "own.toml"
    own.write_text('version = 1\nformat = "delimited"\n[event]\nuser = "uid"\naction = { const = "knock" }\n')
    result = run("inspect", path, "--mapping", own)
    assert result.exit_code == 0, result.output
    assert "Read with" in result.stdout
    assert str(own) in result.stdout
    assert "knock" in result.stdout


@pytest.mark.parametrize("name", ["ragged.csv", "timestamp.csv", "syntax.ndjson"])
def test_where_the_log_is_broken_the_report_says_where(run: Run, name: str) -> None:
    result = run("inspect", FIXTURES / "broken" / name)
    assert result.exit_code == 0, result.output
    assert "cannot read all of it" in result.stdout
    assert "error[TL2" in result.stdout
    assert f"{name}:" in result.stdout
    assert "What stands in the rows" in result.stdout


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({"empty.csv": b""}, "an empty file"),
        ({"header.csv": b"user,time\n"}, "a header alone"),
        ({"noise.bin": bytes(range(256)) * 40}, "binary rubbish"),
        ({"README.md": b"# nothing\n", "LICENSE": b"free\n"}, "a directory without logs"),
        ({}, "an empty directory"),
    ],
)
def test_what_is_no_log_has_its_error(run: Run, tmp_path: Path, content: dict[str, bytes], what: str) -> None:
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    result = run("inspect", tmp_path / next(iter(content)) if len(content) == 1 else tmp_path)
    assert result.exit_code in (2, 3), what
    assert result.stderr.startswith("error[TL"), what
    assert result.stdout == ""


def test_no_such_path(run: Run, tmp_path: Path) -> None:
    result = run("inspect", tmp_path / "nowhere")
    assert result.exit_code == 3
    assert "error[TL201]" in result.stderr


def test_names_from_a_log_can_break_neither_the_mapping_nor_the_terminal(tmp_path: Path) -> None:
    rows = [
        {
            "user": f"u{n % 3}",
            'act"ion\n] = \x1b[31m': "x",
            "event": ["like\x1b[2J", 'say "hi"', "a\\b'c"][n % 3],
            "a.b[0]": n,
        }
        for n in range(30)
    ]
    (tmp_path / "log.ndjson").write_text(lines(rows))
    found = inspect_path(str(tmp_path / "log.ndjson"))
    mapping = tomllib.loads(found.text)
    assert mapping["event"]["action"] == "event"
    assert "\x1b" not in render(found)
    assert "\x1b" not in found.text


def test_a_column_of_a_table_may_be_called_like_a_path(tmp_path: Path) -> None:
    rows = [{"user.id": f"u{n % 3}", "event": "click", "item[0]": n} for n in range(30)]
    (tmp_path / "log.csv").write_text(table(rows))
    found = inspect_path(str(tmp_path / "log.csv"))
    assert found.trial.error is None
    assert found.trial.users == 3


def test_other_files_of_a_directory_are_told_and_left_alone(tmp_path: Path) -> None:
    LOGS["epoch_csv"]().write(tmp_path)
    people = [{"uid": 1000 + n, "age": 20 + n, "city": "Ulm"} for n in range(8)]
    (tmp_path / "people.csv").write_text(table(people))
    found = inspect_path(str(tmp_path))
    assert tomllib.loads(found.text)["files"]["include"] == ["shop.csv"]
    assert found.trial.report is not None
    assert found.trial.report["events_used"] == 240
    assert any("people.csv" in doubt.unsure for doubt in found.doubts)


def test_files_about_the_log_are_not_taken_for_logs(tmp_path: Path) -> None:
    path = LOGS["epoch_csv"]().write(tmp_path)
    (tmp_path / "LICENSE").write_text("Permission, hereby, granted\nto any, person, obtaining\n" * 400)
    (tmp_path / "README.md").write_text("| a | b |\n|---|---|\n")
    found = inspect_path(str(tmp_path))
    assert [kind.path for kind in found.kinds] == [str(path)]


def test_rows_that_stand_twice_are_said(tmp_path: Path) -> None:
    text = LOGS["epoch_csv"]().files["shop.csv"]
    assert isinstance(text, str)
    (tmp_path / "log.csv").write_text(text + text.splitlines()[1] + "\n")
    found = inspect_path(str(tmp_path / "log.csv"))
    assert any("1 of 241 rows of the sample stand there before" in doubt.unsure for doubt in found.doubts)
    assert '# unique = ["uid", "ts", "event", "product_id"]' in found.text


def test_a_wide_table_is_looked_at_in_little_more_than_it_takes_to_read(tmp_path: Path) -> None:
    names = ["user", "action", *(f"c{n}" for n in range(3_000))]
    (tmp_path / "wide.csv").write_text("\n".join([",".join(names), *["ann,see" + ",7" * 3_000] * 100]))
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        inspect_path(str(tmp_path / "wide.csv"))
    finally:
        sys.setprofile(None)
    assert calls < 4 * 100 * 3_000, "of each value few, whatever machine this is"


def test_a_header_that_lacks_a_name_or_has_one_twice_is_a_header(tmp_path: Path) -> None:
    rows = "".join(f"{n},u{n % 5},see,a{n % 7}\n" for n in range(60))
    (tmp_path / "log.csv").write_text(f",user,action,item\n{rows}")
    assert inspect_path(str(tmp_path / "log.csv")).trial.users == 5
    (tmp_path / "log.csv").write_text(f"item,user,action,item\n{rows}")
    found = inspect_path(str(tmp_path / "log.csv"))
    assert found.guess.event["user"].field == {"path": "user"}
    assert 'there are two columns "item"' in (found.trial.error or "")


@pytest.mark.parametrize("text", ["sep=;\n{0}", "Sales of 2025\n\n{0}", "mac"])
def test_what_other_programs_put_above_a_header_is_said_rather_than_guessed_from(
    run: Run, tmp_path: Path, text: str
) -> None:
    rows = 'user;action;item\nann;see;"a; b"\nbob;see;b\n'
    (tmp_path / "log.csv").write_bytes((rows.replace("\n", "\r") if text == "mac" else text.format(rows)).encode())
    refused = run("inspect", tmp_path / "log.csv")
    assert refused.exit_code == 3
    assert [part in refused.stderr for part in ("error[TL203]", "log.csv:1:", "help: ")] == [True] * 3


def test_ids_that_one_file_writes_as_decimals_are_said(run: Run, tmp_path: Path) -> None:
    for name, end in (("a.csv", ""), ("b.csv", ".0")):
        rows = "".join(f"{n % 10}{end},see,a{n % 7}\n" for n in range(60))
        (tmp_path / name).write_text(f"user,action,item\n{rows}")
    found = inspect_path(str(tmp_path))
    (doubt,) = (d for d in found.doubts if "are two users" in d.unsure)
    assert "0 and 0.0 are two users, as are 9 more" in doubt.unsure
    assert f"# {doubt.instead}" in found.text
    (tmp_path / "own.toml").write_text(found.text.replace('user = "user"', doubt.instead or ""))
    assert inspect_path(str(tmp_path), mapping=str(tmp_path / "own.toml")).trial.users == 10


def test_columns_that_cannot_be_read_as_they_are_written_are_said(tmp_path: Path) -> None:
    rows = "".join(f"u{n % 5};{n % 28}th of May;see;{n},5\n" for n in range(60))
    (tmp_path / "log.csv").write_text(f"user;timestamp;action;price\n{rows}")
    found = inspect_path(str(tmp_path / "log.csv"))
    said = [doubt.unsure for doubt in found.doubts]
    assert "column price holds numbers with a comma (0,5), and was not read as numbers" in said
    assert "column timestamp is called like a time and is in no known format: 0th of May" in said
    assert "# ? column price holds numbers with a comma" in found.text
