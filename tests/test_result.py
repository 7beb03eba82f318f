"""result.json: one strict schema, stable bytes, whole or not at all."""

import copy

import jsonschema
import orjson
import pytest

from tests.sample_result import sample
from tracelens.errors import TracelensError
from tracelens.result import assemble, dumps, schema, validate, write_result


@pytest.fixture
def result(tmp_path):
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "a.json").write_bytes(b"12345")
    return assemble(sample(), command=["compare", "log", "log"], paths={"real": tmp_path / "log", "sim": "nowhere"})


def test_a_result_fits_its_schema(result):
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(result, schema())
    validate(result)


def test_provenance_says_what_was_read(result):
    files = result["provenance"]["files"]
    assert [(f["side"], f["files"], f["bytes"]) for f in files] == [("real", 1, 5), ("sim", 0, 0)]
    again = assemble(sample(), command=[], paths={"real": f"{files[0]['path']}/*.json"})
    assert again["provenance"]["files"][0]["bytes"] == 5, "a pattern is its files"
    assert result["provenance"]["command"] == ["compare", "log", "log"]
    assert result["provenance"]["created"].endswith("Z")


def breaches():
    first = ("comparisons", 0)
    return {
        "a key is missing": (("sides", "real", "users"), None),
        "a key of an axis is missing": ((*first, "axes", "tail", "score"), None),
        "an unknown key": (("colour",), "red"),
        "an unknown key in a metric": ((*first, "metrics", 0, "effekt"), 1.0),
        "another version": (("schema",), "tracelens/result/2"),
        "another word for a verdict": ((*first, "axes", "tail", "verdict"), "significant"),
        "another direction": ((*first, "axes", "tail", "direction"), "worse"),
        "half an interval": ((*first, "metrics", 0, "interval"), [0.1]),
        "an interval of words": ((*first, "metrics", 0, "interval"), ["low", "high"]),
        "p above 1": ((*first, "metrics", 0, "p"), 1.5),
        "a negative count": (("sides", "real", "dropped", "timestamp"), -1),
        "a flag for a number": ((*first, "metrics", 0, "effect"), True),
        "a fraction of a user": (("sides", "real", "users"), 1.5),
        "an unknown axis": ((*first, "weakest_axis"), "taste"),
    }


@pytest.mark.parametrize("case", breaches())
def test_what_does_not_fit_is_refused_here_as_by_jsonschema(case, result, tmp_path):
    (*path, last), value = breaches()[case]
    broken = copy.deepcopy(result)
    place = broken
    for key in path:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema())
    with pytest.raises(TracelensError, match="TL203"):
        write_result(broken, tmp_path / "result.json")
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("nothing", [None, [], "result", {}])
def test_something_else_altogether_is_refused(nothing):
    with pytest.raises(TracelensError, match="TL203"):
        validate(nothing)


def test_the_bytes_do_not_depend_on_the_order_of_keys(result):
    turned = dict(reversed(result.items()))
    assert dumps(turned) == dumps(result)
    assert orjson.loads(dumps(result)) == result


def test_a_file_is_replaced_whole(result, tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    write_result(result, path)
    assert orjson.loads(path.read_bytes()) == result
    assert list(tmp_path.glob("*.tmp")) == []
    assert list(tmp_path.glob(".*")) == []


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(result, tmp_path):
    (tmp_path / "result.json").mkdir()
    with pytest.raises(TracelensError, match=r"TL211.*cannot write"):
        write_result(result, tmp_path / "result.json")
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []
