"""Certification completion on learners worked by hand: who starts on 5 January is due on
16 February."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from curriculum.models import Course, Enrollment
from intake.tests.lms import event, send, statuses
from kpis.models import StaleDay
from outcomes.models import Certificate
from outcomes.tests.school import did, enrolled, is_of_kind, rows_of, school, sums, table

pytestmark = pytest.mark.django_db

COMPLETION = "certification-completion"
FEBRUARY, MARCH = "2026-02-28", "2026-03-31"
TRACK = {"track": "certificate"}


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def earned(who: str, at: str, **data: Any) -> None:
    did(who, "certificate.earned", at, data=data)


def revoked(who: str, at: str, **data: Any) -> None:
    did(who, "certificate.revoked", at, data=data)


def test_one_of_two_on_the_track_has_it() -> None:
    enrolled("ada", "bo", data=TRACK)
    enrolled("cleo")
    earned("ada", "2026-02-01")

    assert sums(COMPLETION, FEBRUARY) == (1, 2)


def test_nobody_on_the_track_is_no_figure() -> None:
    enrolled("ada")

    assert sums(COMPLETION, FEBRUARY) == (0, 0)


def test_who_earns_one_is_on_the_track() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)
    assert Enrollment.objects.get().is_certificate_track


def test_what_is_earned_after_the_period_s_end_counts_in_the_longer_one() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-03-01T00:00:00Z")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (1, 1)


def test_a_revoked_one_drops_out_from_its_day_on() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-02-01")
    revoked("ada", "2026-03-10")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (0, 1)


def test_one_revoked_in_the_period_does_not_count() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-02-01")
    revoked("ada", "2026-02-28T23:59:59Z")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)


def test_one_earned_again_counts_again() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-01-20")
    revoked("ada", "2026-02-10")
    earned("ada", "2026-03-10")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (1, 1)


def test_the_expiry_of_what_was_renewed_for_longer_changes_nothing() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01", expires_on="2026-06-30")
    earned("ada", "2026-05-01", expires_on="2027-06-30")
    did("ada", "certificate.expired", "2026-06-30")

    assert Certificate.objects.get().is_valid


def test_it_may_expire_on_its_last_day() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01", expires_on="2026-06-30")
    did("ada", "certificate.expired", "2026-06-30")

    assert Certificate.objects.get().expired_at is not None


def test_one_that_expires_before_it_is_earned_is_refused() -> None:
    enrolled("ada")
    data = {"expires_on": "2026-01-31"}
    (outcome,) = send(event("c", "certificate.earned", at="2026-02-01T00:00:00Z", data=data))

    assert (outcome.code, outcome.field) == ("invalid", "data.expires_on")


@pytest.mark.parametrize("order", [("earned", "revoked"), ("revoked", "earned")])
def test_who_holds_one_loses_it_before_earning_another_at_once(order: tuple[str, ...]) -> None:
    enrolled("ada")
    earned("ada", "2026-02-01")
    for what in order:
        did("ada", f"certificate.{what}", "2026-03-01")

    assert Certificate.objects.filter(revoked_at=None).get().earned_at.month == 3


def test_a_track_told_after_the_period_leaves_it_alone() -> None:
    enrolled("ada", data={"track": "audit"})
    did("ada", "enrollment.started", "2026-03-10", data=TRACK)

    assert sums(COMPLETION, FEBRUARY) == (0, 0)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (0, 1)


def test_a_track_told_before_it_falls_due_counts() -> None:
    enrolled("ada")
    did("ada", "enrollment.started", "2026-01-20", data=TRACK)

    assert sums(COMPLETION, FEBRUARY) == (0, 1)


def test_an_expired_one_was_earned_all_the_same() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-02-01")
    did("ada", "certificate.expired", "2026-02-20")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)


def test_who_left_before_the_cut_off_and_staff_count_nowhere() -> None:
    enrolled("ada", "bo", "cleo", data=TRACK)
    did("bo", "enrollment.withdrawn", "2026-01-10")
    is_of_kind("cleo", "staff")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)


def test_a_renewal_keeps_the_day_it_was_earned() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01", number="A-1", expires_on="2027-02-01")
    earned("ada", "2026-03-01", expires_on="2028-02-01")
    one = Certificate.objects.get()

    assert (one.earned_at.day, one.number, one.expires_on) == (1, "A-1", date(2028, 2, 1))
    assert one.earned_at.month == 2


def test_one_that_expired_may_be_revoked_still() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01")
    did("ada", "certificate.expired", "2026-02-10")
    revoked("ada", "2026-02-20", reason="Not her work.")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)
    assert Certificate.objects.get().reason == "Not her work."


STORY = [
    event("c1", "certificate.earned", "2026-01-20T00:00:00Z", data={"number": "A-1"}),
    event("c2", "certificate.revoked", "2026-02-01T00:00:00Z"),
    event("c3", "certificate.earned", "2026-02-20T00:00:00Z", data={"number": "A-2"}),
    event("c4", "certificate.expired", "2026-03-01T00:00:00Z"),
]


@pytest.mark.parametrize("story", list(permutations(STORY)))
def test_a_story_is_the_same_in_whatever_order_it_is_told(story: list[dict[str, Any]]) -> None:
    enrolled("ada")
    for one in story:
        assert statuses(send(one)) == ["accepted"]
    rows = Certificate.objects.order_by("earned_at")
    columns = ("number", "earned_at__month", "revoked_at__month", "expired_at__month")

    assert list(rows.values_list(*columns)) == [("A-1", 1, 2, None), ("A-2", 2, None, 3)]


def test_what_is_told_of_a_certificate_marks_the_day_it_was_due() -> None:
    enrolled("ada", data=TRACK)
    StaleDay.objects.all().delete()
    earned("ada", "2026-02-01")

    assert list(StaleDay.objects.values_list("key", "day")) == [
        ("outcome.certification-completion", date(2026, 2, 16))
    ]


def test_a_pause_moves_the_day_that_is_measured_again() -> None:
    enrolled("ada", data=TRACK)
    StaleDay.objects.all().delete()
    did("ada", "enrollment.paused", "2026-01-10T00:00:00Z")
    did("ada", "enrollment.resumed", "2026-01-12T00:00:00Z")
    marked = StaleDay.objects.filter(key="outcome.certification-completion")

    assert set(marked.values_list("day", flat=True)) == {date(2026, 2, 16), date(2026, 2, 18)}


def test_certificates_by_course() -> None:
    enrolled("ada", "bo", data=TRACK)
    earned("ada", "2026-02-01")
    found = table(COMPLETION, "courses", FEBRUARY)

    assert rows_of(found, "course", "due", "certified", "value") == [("Course py", 2, 1, 0.5)]


def test_days_to_the_certificate_are_told_by_their_median() -> None:
    enrolled("ada", "bo", "cleo")
    for who, day in (("ada", 15), ("bo", 17), ("cleo", 30)):
        earned(who, f"2026-01-{day}T00:00:00Z")
    found = table(COMPLETION, "time", "2026-01-31")

    # 10, 12 and 25 days
    assert rows_of(found, "earned", "median") == [(3, 12)]


def test_a_certificate_expires_the_day_after_its_last() -> None:
    enrolled("ada", "bo")
    earned("ada", "2026-02-01", expires_on="2026-02-28")
    earned("bo", "2026-02-01", expires_on="2026-03-30")
    revoked("bo", "2026-02-05")

    columns = ("earned", "revoked", "expired")
    assert rows_of(table(COMPLETION, "states", FEBRUARY), *columns) == [(2, 1, 0)]
    assert rows_of(table(COMPLETION, "states", MARCH), *columns) == [(0, 0, 1)]
