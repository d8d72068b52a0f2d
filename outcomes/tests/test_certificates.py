"""Certification completion, with expected values computed by hand.

Learners who start on 5 January are due on 16 February.
"""

from __future__ import annotations

import re
from datetime import date
from importlib import import_module
from itertools import permutations
from typing import Any

import pytest
from django.apps import apps

from curriculum.models import Course, Enrollment
from intake.replay import replay_events
from intake.tests.lms import event, send, statuses
from kpis.models import StaleDay
from kpis.tests.stale import marked_days, marks
from outcomes.models import Certificate, CertificateCode
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


def test_one_of_two_learners_has_a_certificate() -> None:
    enrolled("ada", "bo", data=TRACK)
    enrolled("cleo")
    earned("ada", "2026-02-01")

    assert sums(COMPLETION, FEBRUARY) == (1, 2)


def test_there_is_no_value_without_certificate_track() -> None:
    enrolled("ada")

    assert sums(COMPLETION, FEBRUARY) == (0, 0)


def test_earning_a_certificate_puts_a_learner_on_the_track() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)
    assert Enrollment.objects.get().is_certificate_track


def test_a_certificate_earned_after_the_month_counts_in_the_quarter() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-03-01T00:00:00Z")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (1, 1)


def test_a_revoked_certificate_stops_counting_from_its_day() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-02-01")
    revoked("ada", "2026-03-10")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (0, 1)


def test_a_certificate_revoked_in_the_period_does_not_count() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-02-01")
    revoked("ada", "2026-02-28T23:59:59Z")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)


def test_a_certificate_earned_again_counts_again() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-01-20")
    revoked("ada", "2026-02-10")
    earned("ada", "2026-03-10")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (1, 1)


def test_an_early_expiry_after_a_renewal_is_ignored() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01", expires_on="2026-06-30")
    earned("ada", "2026-05-01", expires_on="2027-06-30")
    did("ada", "certificate.expired", "2026-06-30")

    assert Certificate.objects.get().is_valid


def test_a_certificate_can_expire_on_its_last_day() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01", expires_on="2026-06-30")
    did("ada", "certificate.expired", "2026-06-30")

    assert Certificate.objects.get().expired_at is not None


def test_an_expiry_before_the_day_of_earning_is_rejected() -> None:
    enrolled("ada")
    data = {"expires_on": "2026-01-31"}
    (outcome,) = send(event("c", "certificate.earned", at="2026-02-01T00:00:00Z", data=data))

    assert (outcome.code, outcome.field) == ("invalid", "data.expires_on")


@pytest.mark.parametrize("order", [("earned", "revoked"), ("revoked", "earned")])
def test_a_simultaneous_new_certificate_replaces_the_old_one(order: tuple[str, ...]) -> None:
    enrolled("ada")
    earned("ada", "2026-02-01")
    for what in order:
        did("ada", f"certificate.{what}", "2026-03-01")

    assert Certificate.objects.filter(revoked_at=None).get().earned_at.month == 3


def test_joining_the_track_after_the_period_does_not_change_it() -> None:
    enrolled("ada", data={"track": "audit"})
    did("ada", "enrollment.started", "2026-03-10", data=TRACK)

    assert sums(COMPLETION, FEBRUARY) == (0, 0)
    assert sums(COMPLETION, FEBRUARY, "quarter") == (0, 1)


def test_joining_the_track_before_the_due_day_counts() -> None:
    enrolled("ada")
    did("ada", "enrollment.started", "2026-01-20", data=TRACK)

    assert sums(COMPLETION, FEBRUARY) == (0, 1)


def test_an_expired_certificate_still_counts() -> None:
    enrolled("ada", data=TRACK)
    earned("ada", "2026-02-01")
    did("ada", "certificate.expired", "2026-02-20")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)


def test_early_cancellations_and_staff_do_not_count() -> None:
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


def test_an_expired_certificate_can_be_revoked() -> None:
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
def test_the_order_of_events_does_not_matter(story: list[dict[str, Any]]) -> None:
    enrolled("ada")
    for one in story:
        assert statuses(send(one)) == ["accepted"]
    rows = Certificate.objects.order_by("earned_at")
    columns = ("number", "earned_at__month", "revoked_at__month", "expired_at__month")

    assert list(rows.values_list(*columns)) == [("A-1", 1, 2, None), ("A-2", 2, None, 3)]


def test_an_event_marks_the_due_day_as_stale() -> None:
    enrolled("ada", data=TRACK)
    StaleDay.objects.all().delete()
    earned("ada", "2026-02-01")

    assert {(key, day) for key, _, day in marks()} == {
        ("outcome.certification-completion", date(2026, 2, 16))
    }


def test_a_pause_moves_the_stale_day() -> None:
    enrolled("ada", data=TRACK)
    StaleDay.objects.all().delete()
    did("ada", "enrollment.paused", "2026-01-10T00:00:00Z")
    did("ada", "enrollment.resumed", "2026-01-12T00:00:00Z")
    marked = marked_days(key="outcome.certification-completion")

    assert marked == {date(2026, 2, 16), date(2026, 2, 18)}


def test_certificates_by_course() -> None:
    enrolled("ada", "bo", data=TRACK)
    earned("ada", "2026-02-01")
    found = table(COMPLETION, "courses", FEBRUARY)

    assert rows_of(found, "course", "due", "certified", "value") == [("Course py", 2, 1, 0.5)]


def test_the_median_days_to_the_certificate_are_shown() -> None:
    enrolled("ada", "bo", "cleo")
    for who, day in (("ada", 15), ("bo", 17), ("cleo", 30)):
        earned(who, f"2026-01-{day}T00:00:00Z")
    found = table(COMPLETION, "time", "2026-01-31")

    # 10, 12 and 25 days
    assert rows_of(found, "earned", "median") == [(3, 12)]


def test_a_certificate_expires_after_its_last_day() -> None:
    enrolled("ada", "bo")
    earned("ada", "2026-02-01", expires_on="2026-02-28")
    earned("bo", "2026-02-01", expires_on="2026-03-30")
    revoked("bo", "2026-02-05")

    columns = ("earned", "revoked", "expired")
    assert rows_of(table(COMPLETION, "states", FEBRUARY), *columns) == [(2, 1, 0)]
    assert rows_of(table(COMPLETION, "states", MARCH), *columns) == [(0, 0, 1)]


def test_a_certificate_keeps_its_public_code_whatever_happens_to_it() -> None:
    enrolled("ada")
    earned("ada", "2026-02-01")
    code = CertificateCode.objects.get().code
    revoked("ada", "2026-02-03")
    earned("ada", "2026-02-05")
    replay_events()

    assert Certificate.objects.count() == 2
    assert CertificateCode.objects.get().code == code
    assert re.fullmatch("[2-9B-Z]{16}", code)


def test_without_a_certificate_there_is_no_public_code() -> None:
    enrolled("ada")
    revoked("ada", "2026-02-03")

    assert not CertificateCode.objects.exists()


def test_existing_certificates_get_a_code_by_a_migration() -> None:
    enrolled("ada", "bo", "cleo")
    for one in ("ada", "bo"):
        earned(one, "2026-02-01")
    CertificateCode.objects.filter(enrollment__learner__key="ada").delete()
    kept = CertificateCode.objects.get()
    fill = import_module("outcomes.migrations.0009_fill_certificate_codes").fill
    fill(apps, None)
    fill(apps, None)

    codes = dict(CertificateCode.objects.values_list("enrollment__learner__key", "code"))
    assert set(codes) == {"ada", "bo"}
    assert codes["bo"] == kept.code
