"""What explain and the reference say is what the registry and the errors are."""

import re
from pathlib import Path

import pytest

from tests.sample_result import sample
from tracelens import Comparison, TracelensError
from tracelens.axes import AXES, METRICS
from tracelens.errors import CODES
from tracelens.report.explain import explain, reference

ROOT = Path(__file__).parents[1]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_a_metric_is_explained_by_all_of_its_record(metric):
    said = flat(explain(metric.id.lower()))
    assert said.startswith(f"{metric.id}: {metric.title}")
    assert all(flat(part) in said for part in (metric.definition, metric.unit, metric.range, metric.bias))
    assert ("(primary)" in said) == metric.primary
    assert (metric.reference or "defined here") in said
    assert all(column in said for column in metric.columns)
    assert max(map(len, explain(metric.id).splitlines())) <= 80


def test_every_primary_says_how_it_is_computed():
    assert [metric.id for metric in METRICS if metric.primary and not metric.definition] == []


def test_margins_are_said_as_people_read_them():
    assert "margin 0.0953, a factor of 1.1 " in flat(explain("H1"))
    assert "margin 10 % of the real value" in flat(explain("G1"))
    assert "margin 0.0025 " in flat(explain("C1"))
    assert "margin none: described, not decided" in flat(explain("C2"))
    assert "30 contributing users a side" in explain("H1")


@pytest.mark.parametrize("axis", AXES)
def test_an_axis_names_its_metrics_and_where_its_score_ends(axis):
    said = flat(explain(axis))
    assert all(f"{metric.id} {metric.title}" in said for metric in METRICS if metric.axis == axis)
    assert "score 0 of" in said
    assert "STRENGTH" not in said


def test_every_code_that_is_raised_is_explained():
    rust = (ROOT / "rust" / "tracelens-core" / "src" / "error.rs").read_text(encoding="utf-8")
    enum = re.search(r"pub enum Code \{(.*?)\n\}", rust, re.DOTALL)
    assert enum
    assert {int(number) for number in re.findall(r"= (\d{3}),", enum[1])} == set(CODES)
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "python").rglob("*.py"))
    raised = {int(code) for text in sources for code in re.findall(r"TracelensError\.new\(\s*(\d{3})", text)}
    assert raised
    assert raised <= set(CODES)
    assert "--on-bad-row drop" in explain("tl204")
    assert explain("204") == explain("TL204")


def test_what_is_nothing_is_said_with_what_is_near(run):
    with pytest.raises(TracelensError, match="did you mean diversity"):
        explain("diversty")
    result = run("explain", "TL999")
    assert result.exit_code == 2
    assert "error[TL110]: nothing is called 'TL999'" in result.stderr
    assert run("explain", "activity").stdout == explain("activity")


def test_a_comparison_adds_what_it_found():
    comparison = Comparison(sample("gpt", "qwen"), {})
    volume = flat(comparison.explain("h1"))
    assert volume.startswith(flat(explain("H1")))
    assert volume.count("x1.50 [1.46, 1.54] noise 0.87 to 1.15") == 2
    assert "gpt, scenario video x1.99" in flat(comparison.explain("H1r"))
    assert "qwen not computable: no clock" in flat(comparison.explain("C9"))
    assert "gap. A typical simulated user does 1.5 times" in flat(comparison.explain("activity"))
    assert comparison.explain("TL204") == explain("TL204")


def test_the_reference_is_current():
    written = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert written == reference(), "run make docs"
    assert all(f"### {metric.id}: " in written for metric in METRICS)
