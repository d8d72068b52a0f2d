"""Where an enrollment stands by what was said of it: the cut-off is seven days after a sign-up."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from accounts.tests.people import moment
from curriculum import enrollment_timeline
from curriculum.enrollment_timeline import StatusChange

WEEK = timedelta(days=7)


def said(words: str) -> list[StatusChange]:
    """Such as "started 01-05, paused 01-14/01-20": a pause with the first activity after it."""
    found = []
    for one in words.split(", "):
        what, _, when = one.partition(" ")
        at, _, learned = when.partition("/")
        found.append(StatusChange(what, on(at), next_activity_at=on(learned) if learned else None))
    return found


def on(day: str) -> datetime:
    return moment(f"2026-{day}")


def told(words: str) -> tuple[str, str, list[str]]:
    """Since when it counts, when it was left, and the pauses."""
    story = enrollment_timeline.derive_timeline(said(words), lambda entered: entered + WEEK)
    assert story is not None
    pauses = [f"{_day(begun)}-{_day(ended)}" for begun, ended in story.pauses]
    return _day(story.entered_at), _day(story.withdrawn_at), pauses


def _day(at: datetime | None) -> str:
    return f"{at:%m%d}" if at else ""


def test_of_two_sign_ups_the_earlier_counts() -> None:
    assert told("started 02-01, started 01-05") == ("0105", "", [])


def test_who_left_within_the_cut_off_and_comes_back_counts_from_the_return() -> None:
    assert told("started 02-01, withdrawn 02-03, started 03-01") == ("0301", "", [])


def test_who_left_later_and_comes_back_was_never_gone() -> None:
    assert told("started 02-01, withdrawn 02-20, started 03-01") == ("0201", "", [])


def test_who_is_in_leaves_before_coming_back_at_the_same_moment() -> None:
    assert told("started 02-01, started 02-20, withdrawn 02-20") == ("0201", "", [])


def test_who_is_not_in_comes_before_leaving_at_the_same_moment() -> None:
    assert told("withdrawn 02-01, started 02-01") == ("0201", "0201", [])


def test_of_two_withdrawals_in_a_row_the_earlier_stands() -> None:
    assert told("started 01-05, withdrawn 02-02, withdrawn 02-01")[1] == "0201"


@pytest.mark.parametrize("end", ["resumed", "withdrawn", "completed", "finished"])
def test_a_pause_ends_with(end: str) -> None:
    assert told(f"started 01-05, paused 01-14, {end} 01-20")[2] == ["0114-0120"]


def test_a_pause_whose_end_nobody_says_ends_with_the_first_activity() -> None:
    assert told("started 01-05, paused 01-14/01-20")[2] == ["0114-0120"]


def test_the_end_that_the_sender_says_stands_whatever_happens_before_it() -> None:
    assert told("started 01-05, paused 01-14/01-20, resumed 01-24")[2] == ["0114-0124"]


def test_who_learns_and_then_leaves_was_paused_until_the_learning() -> None:
    assert told("started 01-05, paused 01-14/01-20, withdrawn 03-01")[2] == ["0114-0120"]


def test_who_has_learned_since_begins_another_pause() -> None:
    words = "started 01-05, paused 01-14/01-16, paused 02-01, resumed 02-03"

    assert told(words)[2] == ["0114-0116", "0201-0203"]


def test_who_pauses_while_paused_is_back_by_one_resumption() -> None:
    words = "started 01-05, paused 01-14, paused 01-16, resumed 01-24"

    assert told(words)[2] == ["0114-0124"]


def test_who_is_paused_resumes_before_pausing_again_at_the_same_moment() -> None:
    words = "started 01-05, paused 01-14, paused 01-20, resumed 01-20, resumed 01-24"

    assert told(words)[2] == ["0114-0120", "0120-0124"]


def test_a_pause_that_ends_as_it_begins_is_none() -> None:
    assert told("started 01-05, resumed 01-14, paused 01-14")[2] == []


@pytest.mark.parametrize("over", ["withdrawn", "completed"])
def test_nobody_pauses_afterwards(over: str) -> None:
    assert told(f"started 01-05, {over} 02-20, paused 03-01")[2] == []


def test_pauses_before_a_return_belong_to_what_was_cancelled() -> None:
    words = "started 02-01, paused 02-02, withdrawn 02-03, started 03-01"

    assert told(words)[2] == []


def test_the_order_in_which_things_are_said_does_not_matter() -> None:
    words = "started 02-01, paused 02-02, withdrawn 02-03, started 03-01, paused 03-09".split(", ")

    assert {repr(told(", ".join(some))) for some in permutations(words)} == {
        "('0301', '', ['0309-'])"
    }


# The certificate track


def on_track(*tracks: tuple[str, str], earned: str = "", due: str = "02-16") -> str:
    moments = [StatusChange(enrollment_timeline.STARTED, on(at), track) for at, track in tracks]
    moments += [StatusChange(enrollment_timeline.CERTIFIED, on(earned))] if earned else []
    return _day(enrollment_timeline.certificate_track_since(moments, on(due)))


def test_the_last_track_before_the_due_date_decides() -> None:
    assert on_track(("01-05", "audit"), ("01-20", "certificate")) == "0120"
    assert on_track(("01-05", "certificate"), ("01-20", "audit")) == ""


def test_a_start_without_a_track_says_nothing_of_it() -> None:
    assert on_track(("01-05", "certificate"), ("01-20", "")) == "0105"


def test_a_track_said_after_the_due_date_counts_from_its_own_moment() -> None:
    assert on_track(("01-05", "audit"), ("03-01", "certificate")) == "0301"
    assert on_track(("01-05", "certificate"), ("03-01", "audit")) == "0105"


def test_who_earned_a_certificate_was_on_the_track() -> None:
    assert on_track(("01-05", "audit"), earned="02-10") == "0210"
