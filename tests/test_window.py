"""Observation windows: one length for all sides, and said when it is not the obvious one."""

import pytest

from tracelens.errors import TracelensError
from tracelens.window import choose_windows


def lengths(windows):
    return {until - first for first, until in windows.days.values()}


def test_logs_of_about_the_same_days_are_clipped_to_the_days_they_share():
    windows = choose_windows({"real": (100, 129), "sim": (102, 131)})
    assert windows.align == "calendar"
    assert windows.days == {"real": (102, 130), "sim": (102, 130)}
    assert windows.warnings == ["only the days that all logs share are compared, 28 days"]
    assert choose_windows({"real": (100, 129), "sim": (100, 129)}).warnings == []


def test_logs_of_other_days_are_counted_from_their_own_first_day_and_that_is_said():
    windows = choose_windows({"real": (100, 189), "sim": (500, 529)})
    assert windows.align == "start"
    assert windows.days == {"real": (100, 130), "sim": (500, 530)}
    assert "own first day" in windows.warnings[0]


@pytest.mark.parametrize("sim", [(100, 199), (110, 209), (300, 320), (0, 1000)])
def test_all_sides_are_observed_for_the_same_number_of_days(sim):
    assert len(lengths(choose_windows({"real": (100, 199), "sim": sim, "other": (105, 204)}))) == 1


def test_asking_for_the_calendar_where_no_day_is_shared_is_an_error_that_says_what_to_do():
    with pytest.raises(TracelensError, match="no day in common") as caught:
        choose_windows({"real": (0, 9), "sim": (10, 19)}, align="calendar")
    assert caught.value.exit_status == 3
    assert "--align start" in str(caught.value)


def test_entry_gives_each_user_the_same_length_and_leaves_out_late_comers():
    windows = choose_windows({"real": (0, 99), "sim": (0, 99)}, align="entry", entry={"a": 0, "b": 50, "late": 51})
    assert windows.entry == {"a": 0, "b": 50}
    assert lengths(windows) == {50}
    assert "1 user who entered less than 50 days" in windows.warnings[0]


def test_entry_without_dates_is_a_mistake_in_the_asking():
    with pytest.raises(TracelensError) as caught:
        choose_windows({"real": (0, 99), "sim": (0, 99)}, align="entry")
    assert caught.value.exit_status == 2
