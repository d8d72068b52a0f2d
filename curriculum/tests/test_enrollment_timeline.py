"""Timelines derived from status changes; the cut-off is seven days after a sign-up."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from accounts.tests.people import moment
from curriculum import enrollment_timeline
from curriculum.enrollment_timeline import StatusChange

WEEK = timedelta(days=7)


def changes(words: str) -> list[StatusChange]:
    """Parse "started 01-05, paused 01-14/01-20": a pause with its next activity."""
    found = []
    for one in words.split(", "):
        what, _, when = one.partition(" ")
        at, _, learned = when.partition("/")
        found.append(StatusChange(what, on(at), next_activity_at=on(learned) if learned else None))
    return found


def on(day: str) -> datetime:
    return moment(f"2026-{day}")


def timeline(words: str) -> tuple[str, str, list[str]]:
    """Return the start, the withdrawal and the pauses."""
    found = enrollment_timeline.derive_timeline(changes(words), lambda entered: entered + WEEK)
    assert found is not None
    pauses = [f"{_day(begun)}-{_day(ended)}" for begun, ended in found.pauses]
    return _day(found.entered_at), _day(found.withdrawn_at), pauses


def _day(at: datetime | None) -> str:
    return f"{at:%m%d}" if at else ""


def test_the_earlier_of_two_sign_ups_counts() -> None:
    assert timeline("started 02-01, started 01-05") == ("0105", "", [])


def test_a_return_after_a_withdrawal_within_the_cut_off_starts_over() -> None:
    assert timeline("started 02-01, withdrawn 02-03, started 03-01") == ("0301", "", [])


def test_a_return_after_a_later_withdrawal_undoes_it() -> None:
    assert timeline("started 02-01, withdrawn 02-20, started 03-01") == ("0201", "", [])


def test_an_enrolled_learner_withdraws_before_signing_up_again_at_the_same_moment() -> None:
    assert timeline("started 02-01, started 02-20, withdrawn 02-20") == ("0201", "", [])


def test_a_new_learner_signs_up_before_withdrawing_at_the_same_moment() -> None:
    assert timeline("withdrawn 02-01, started 02-01") == ("0201", "0201", [])


def test_the_earlier_of_two_withdrawals_counts() -> None:
    assert timeline("started 01-05, withdrawn 02-02, withdrawn 02-01")[1] == "0201"


@pytest.mark.parametrize("end", ["resumed", "withdrawn", "completed", "finished"])
def test_a_pause_ends_with(end: str) -> None:
    assert timeline(f"started 01-05, paused 01-14, {end} 01-20")[2] == ["0114-0120"]


def test_a_pause_without_a_reported_end_ends_with_the_first_activity() -> None:
    assert timeline("started 01-05, paused 01-14/01-20")[2] == ["0114-0120"]


def test_a_reported_end_of_a_pause_outweighs_earlier_activity() -> None:
    assert timeline("started 01-05, paused 01-14/01-20, resumed 01-24")[2] == ["0114-0124"]


def test_activity_before_a_withdrawal_ends_the_pause() -> None:
    assert timeline("started 01-05, paused 01-14/01-20, withdrawn 03-01")[2] == ["0114-0120"]


def test_activity_separates_two_pauses() -> None:
    words = "started 01-05, paused 01-14/01-16, paused 02-01, resumed 02-03"

    assert timeline(words)[2] == ["0114-0116", "0201-0203"]


def test_one_resumption_ends_a_pause_reported_twice() -> None:
    words = "started 01-05, paused 01-14, paused 01-16, resumed 01-24"

    assert timeline(words)[2] == ["0114-0124"]


def test_a_paused_learner_resumes_before_pausing_again_at_the_same_moment() -> None:
    words = "started 01-05, paused 01-14, paused 01-20, resumed 01-20, resumed 01-24"

    assert timeline(words)[2] == ["0114-0120", "0120-0124"]


def test_a_pause_that_ends_as_it_begins_is_ignored() -> None:
    assert timeline("started 01-05, resumed 01-14, paused 01-14")[2] == []


@pytest.mark.parametrize("over", ["withdrawn", "completed"])
def test_a_pause_after_the_end_is_ignored(over: str) -> None:
    assert timeline(f"started 01-05, {over} 02-20, paused 03-01")[2] == []


def test_a_return_after_a_cancellation_drops_earlier_pauses() -> None:
    words = "started 02-01, paused 02-02, withdrawn 02-03, started 03-01"

    assert timeline(words)[2] == []


def test_the_order_of_changes_does_not_matter() -> None:
    words = "started 02-01, paused 02-02, withdrawn 02-03, started 03-01, paused 03-09".split(", ")

    assert {repr(timeline(", ".join(some))) for some in permutations(words)} == {
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


def test_a_start_without_a_track_does_not_change_it() -> None:
    assert on_track(("01-05", "certificate"), ("01-20", "")) == "0105"


def test_a_track_reported_after_the_due_date_counts_from_that_moment() -> None:
    assert on_track(("01-05", "audit"), ("03-01", "certificate")) == "0301"
    assert on_track(("01-05", "certificate"), ("03-01", "audit")) == "0105"


def test_earning_a_certificate_puts_the_learner_on_the_track() -> None:
    assert on_track(("01-05", "audit"), earned="02-10") == "0210"
