"""A roster adds people whom the log does not know."""

import numpy as np
import pytest

from tracelens.errors import TracelensError
from tracelens.roster import read_roster
from tracelens.statistics import Statistics


def written(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_users_belong_to_both_sides_unless_a_side_is_named(tmp_path):
    roster = read_roster(written(tmp_path, "user,side\n1,real\n2,sim\n3,both\n4,\n"))
    assert roster.users == {"real": ["1", "3", "4"], "sim": ["2", "3", "4"]}


def test_entry_dates_become_days(tmp_path):
    assert read_roster(written(tmp_path, "user,entry\na,1970-01-11\nb,\n")).entry == {"a": 10}


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("id,entry\na,2025-01-01\n", "TL214", "no column user"),
        ("user,entry\na,2025-01-01\nb,2025-02-30\n", "TL204", ":3"),
        ("user,side\na,left\n", "TL209", "left"),
    ],
)
def test_a_broken_roster_is_a_located_error(tmp_path, text, code, said):
    with pytest.raises(TracelensError, match=said) as caught:
        read_roster(written(tmp_path, text))
    assert caught.value.code == code


def test_a_missing_roster_is_named():
    with pytest.raises(TracelensError, match=r"no such file: nowhere\.csv"):
        read_roster("nowhere.csv")


def test_people_without_events_become_rows_of_zeros():
    tables = {
        "users": {"events": np.array([3, 5])},
        "items": {"user": np.array([0, 1, 1]), "item": np.array([0, 0, 1]), "count": np.array([3, 4, 1])},
    }
    two = Statistics(np.array(["b", "d"], dtype=object), {}, tables, {})
    more = two.with_users(["a", "c", "d"])
    assert list(more.users) == ["a", "b", "c", "d"]
    assert more.tables["users"]["events"].tolist() == [0, 3, 0, 5]
    assert more.tables["items"]["user"].tolist() == [1, 3, 3]
    back = more.only([False, False, True, True])
    assert list(back.users) == ["c", "d"]
    assert back.tables["items"]["user"].tolist() == [1, 1]
    assert back.tables["items"]["count"].tolist() == [4, 1]
