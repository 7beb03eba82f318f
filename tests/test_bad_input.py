"""What goes wrong is said in one form: code, place, expectation, how to mend. Never a traceback or half a file."""

import gzip

import polars as pl
import pytest

GOOD = (
    "user,time,scenario,action,role\n"
    "a,2025-09-01T09:00:00Z,video,view,exposure\n"
    "a,2025-09-02T09:00:00Z,shop,buy,conversion\n"
    "b,2025-09-01T10:00:00Z,video,view,exposure\n"
)


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def broken_cases():
    stamp = GOOD.replace("2025-09-02T09:00:00Z", "2025-09-31T09:00:00Z")
    return {
        "timestamp": ("bad.csv", stamp.encode(), "TL204", ":3"),
        "missing user": ("bad.csv", GOOD.replace("b,2025", ",2025").encode(), "TL205", ":4"),
        "not utf-8": ("bad.csv", GOOD.encode() + b"c\xff,2025-09-01T10:00:00Z,video,view,exposure\n", "TL206", ":5"),
        "truncated gzip": ("bad.csv.gz", gzip.compress(GOOD.encode() * 2000)[:-40], "TL207", "bad.csv.gz"),
        "not json": ("bad.json", b'{"user_1": {"action_history": [', "TL203", ":1"),
        "ragged": ("bad.csv", (GOOD + "c,2025-09-01T10:00:00Z\n").encode(), "TL210", ":5"),
    }


@pytest.mark.parametrize("case", broken_cases())
def test_a_broken_file_is_a_located_error(case, good, tmp_path, run):
    name, content, code, place = broken_cases()[case]
    bad = tmp_path / name
    bad.write_bytes(content)
    output = tmp_path / "result.json"
    mapping = "omnibehavior" if name.endswith(".json") else "events"
    result = run("compare", good, bad, "--mapping", "real=events", "--mapping", f"sim={mapping}", "-o", output)
    assert result.exit_code == 3, result.output
    assert f"error[{code}]" in result.stderr
    assert place in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not output.exists()
    assert list(tmp_path.glob("*.tmp*")) == []


def test_an_empty_directory(good, tmp_path, run):
    (tmp_path / "empty").mkdir()
    result = run("compare", good, tmp_path / "empty")
    assert result.exit_code == 3
    assert "error[TL202]" in result.stderr


def test_a_path_that_is_not_there(good, run):
    result = run("compare", good, "nowhere")
    assert result.exit_code == 3
    assert "error[TL201]" in result.stderr
    assert "nowhere" in result.stderr


def test_no_shared_scenario(good, tmp_path, run):
    other = tmp_path / "other.csv"
    other.write_text(GOOD.replace("video", "Video").replace("shop", "Shop"), encoding="utf-8")
    result = run("compare", good, other, "--mapping", "events")
    assert result.exit_code == 3
    assert "no scenario in common" in result.stderr
    assert "[map.scenario]" in result.stderr


def test_one_side_without_events(good, tmp_path, run):
    nothing = tmp_path / "nothing.csv"
    nothing.write_text(GOOD.splitlines()[0] + "\n", encoding="utf-8")
    result = run("compare", good, nothing, "--mapping", "events")
    assert result.exit_code == 3
    assert "error[TL212]" in result.stderr


def test_a_typo_in_the_mapping_is_a_mistake_in_the_asking(good, tmp_path, run):
    mapping = tmp_path / "mine.toml"
    mapping.write_text(
        'version = 1\nformat = "delimited"\n[event]\nuser = "user"\naktion = "action"\n', encoding="utf-8"
    )
    result = run("compare", good, good, "--mapping", mapping)
    assert result.exit_code == 2
    assert "mine.toml:5" in result.stderr
    assert "action" in result.stderr.split("did you mean")[1]


def test_nothing_fits(good, tmp_path, run):
    strange = tmp_path / "strange.csv"
    strange.write_text("colour,weight\nred,3\n", encoding="utf-8")
    result = run("compare", strange, good)
    assert result.exit_code == 2
    assert "colour" in result.stderr
    assert "--mapping" in result.stderr


def test_dropped_rows_are_counted_by_reason_and_nothing_is_lost(good, tmp_path, run):
    import orjson

    bad = tmp_path / "bad.csv"
    rows = GOOD.splitlines()[1:] * 10
    rows += ["a,never,video,view,exposure"] * 3 + [",2025-09-01T09:00:00Z,video,view,exposure"] * 2
    bad.write_text("\n".join([GOOD.splitlines()[0], *rows]) + "\n", encoding="utf-8")
    result = run("compare", good, bad, "--mapping", "events", "--on-bad-row", "drop", "--format", "json")
    assert result.exit_code == 0, result.stderr
    side = orjson.loads(result.stdout)["sides"]["bad.csv"]
    assert side["events_in"] == len(rows)
    assert side["events_in"] == side["events_used"] + sum(side["dropped"].values())
    assert sorted(side["dropped"].values()) == [2, 3]
    limited = run("compare", good, bad, "--mapping", "events", "--on-bad-row", "drop", "--max-bad", "5%")
    assert limited.exit_code == 3
    assert "error[TL213]" in limited.stderr


@pytest.mark.parametrize("column", ["count", "seq"])
@pytest.mark.parametrize("number", [2.5, -3.0, 1e300])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_number_that_must_be_whole_is_not_made_so(column, number, suffix, good, tmp_path, run):
    frame = pl.read_csv(good).with_columns(pl.Series(column, [1.0, number, None]))
    bad = tmp_path / f"bad.{suffix}"
    frame.write_csv(bad) if suffix == "csv" else frame.write_parquet(bad)
    mapping = tmp_path / "m.toml"
    fields = "\n".join(f'{c} = "{c}"' for c in ("user", "scenario", "action", "role", column))
    form = "delimited" if suffix == "csv" else suffix
    time = 'time = { path = "time", format = ["rfc3339"] }'
    mapping.write_text(f'version = 1\nformat = "{form}"\n[event]\n{fields}\n{time}\n')
    result = run("users", bad, "--mapping", mapping, "-o", tmp_path / "users.csv")
    assert result.exit_code == 3, result.output
    assert "error[TL209]" in result.stderr
    assert "a whole number from 0 to 4294967295" in result.stderr
    assert ("bad.csv:3" if suffix == "csv" else "row") in result.stderr
    dropped = run("users", bad, "--mapping", mapping, "-o", tmp_path / "users.csv", "--on-bad-row", "drop")
    assert "2 used + 1 dropped (bad value)" in dropped.output
