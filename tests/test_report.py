"""The terminal report says what the result says: in words, within 80 columns, with or without colour."""

import re

import pytest

from tests.sample_result import AXES, sample
from tracelens.report.text import headline, render


@pytest.fixture
def text():
    return render(sample())


def flat(text):
    return " ".join(text.split())


def test_every_axis_stands_there_with_its_verdict_and_sentence(text):
    result = sample()
    for name, axis in result["comparisons"][0]["axes"].items():
        line = next(line for line in text.splitlines() if re.match(rf"\S {name} ", line))
        assert (axis["verdict"] or "not computable") in line
        assert axis["sentence"] in flat(text)


def test_effects_are_in_the_unit_of_people_with_interval_and_noise(text):
    lines = {line.split()[1]: line for line in text.splitlines() if len(line.split()) > 1 and line.split()[1] in AXES}
    assert "x1.50 [1.46, 1.54] noise 0.87 to 1.15" in lines["activity"]
    assert "-90 % [-100, -80] noise -10 to +10" in lines["diversity"]
    assert "+0.0012 bits" in flat(text)
    assert "Ruled out: any gap beyond x2.86." in text


def test_the_headline_counts_gaps_and_names_the_furthest_axis(text):
    assert text.startswith("sim departs from real people on 2 of 4 axes tested, furthest on diversity")
    calm = sample()
    for axis in calm["comparisons"][0]["axes"].values():
        axis["verdict"] = "within noise"
    calm["comparisons"][0]["weakest_axis"] = None
    assert "No gap found" in headline(calm, calm["comparisons"][0])
    for axis in calm["comparisons"][0]["axes"].values():
        axis["verdict"] = None
    assert "could not be compared" in headline(calm, calm["comparisons"][0])


def test_scenarios_evidence_warnings_and_what_was_read(text):
    row = next(line for line in text.splitlines() if line.split()[:1] == ["video"])
    assert row.split() == ["video", "61.2", "122", "0.25", "0.5"]
    row = next(line for line in text.splitlines() if line.split()[:1] == ["search"])
    assert row.split() == ["search", "9.5", "12.4", "-", "-"]
    assert "search>ad>live>shop (5.1% -> 0.2%)" in flat(text)
    assert "Quiet Pets 9 (7 users)" in flat(text)
    assert "days are counted in UTC" in flat(text)
    assert "20,000 of 20,010 events used; 10 dropped: timestamp" in flat(text)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(map(len, render(sample("sim", "another-simulation"), width=width).splitlines())) <= width


def test_colour_only_where_asked_and_never_alone():
    plain, coloured = render(sample()), render(sample(), colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == plain.split()


def test_ascii_only_where_the_terminal_has_no_more():
    assert render(sample(), unicode=False).isascii()
    assert "^ activity" in render(sample(), unicode=False)


def test_a_block_for_each_simulation():
    text = render(sample("gpt", "qwen"))
    assert text.count("departs from real people") == 2
    assert text.index("gpt departs") < text.index("qwen departs")
    assert text.count("What was read") == 1


def test_no_word_of_significance(text):
    assert "significan" not in text.lower()


def scored():
    result = sample()
    axes = result["comparisons"][0]["axes"]
    axes["activity"] |= {"score": 41.7, "score_interval": [37.2, 46.1]}
    axes["diversity"] |= {"score": 0.0, "score_interval": [0.0, 2.0], "score_unclipped": -12.6}
    for name in ("clock", "valence", "tail"):  # tail was given: it has none anyway
        axes[name]["score_missing"] = "a state holds no events"
    anchor = {"plant": "inflate", "strength": 2.0, "effect": 0.69, "by_difference": False, "reason_missing": None}
    lacking = {**anchor, "plant": "utopia", "effect": None, "reason_missing": "no negatives"}
    result["anchors"] = {"users": 150, "events": 20_000, "of": {"H1": anchor, "U1": lacking}}
    return result


def test_a_score_stands_beside_its_axis_and_nowhere_else(text):
    assert "score" not in text, "where none was asked for"
    lines = render(scored()).splitlines()
    (activity,) = [line for line in lines if line.startswith("▲ activity")]
    (diversity,) = [line for line in lines if line.startswith("▼ diversity")]
    assert activity.split("gap")[1].strip() == "score 42 [37, 46]"
    assert diversity.endswith("score 0 [0, 2], unclipped -13")
    assert lines[lines.index(activity) + 1].strip() == "x1.50 [1.46, 1.54] noise 0.87 to 1.15"
    assert re.findall(r"score (\d+)", "\n".join(lines)) == ["42", "0"], "no blended score"
    said = flat(render(scored()))
    assert "No score on clock, valence: a state holds no events." in said
    assert "a trivial simulator (inflate 2) planted on 150 real users" in said
    assert max(map(len, lines)) <= 80


def test_names_from_a_log_cannot_steer_the_terminal():
    result = sample("[bold]x[/bold]\x1b[2J")
    result["comparisons"][0]["metrics"][1]["scope"]["scenario"] = "\x1b]0;title\x07[red]video"
    text = render(result)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]x[/bold]" in text


def test_a_result_with_nothing_computed_still_renders():
    result = sample()
    for row in result["comparisons"][0]["metrics"]:
        row |= {"effect": None, "interval": None, "noise": None, "real": None, "sim": None}
    result["comparisons"][0]["evidence"] = {"paths": [], "items": [], "users": []}
    result["warnings"] = []
    text = render(result)
    assert "Warnings" not in text
    assert "activity" in text
