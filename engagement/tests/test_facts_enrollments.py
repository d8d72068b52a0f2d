from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.tests.people import moment, run_of
from curriculum.models import Course, Enrollment, Pause
from engagement.tests.facts import accept, stale_january_days
from intake.models import Event
from intake.tests.lms import event, school
from kpis.models import StaleDay
from kpis.tests.stale import marked_days

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    """Modules m1 (due 12 January) and m2 (19 January); Ada and Bo started on the 5th."""
    school()
    StaleDay.objects.all().delete()


def due() -> str:
    at = Enrollment.objects.get(learner__key="ada").due_at
    return f"{at:%m-%d}" if at else "open"


def pauses(key: str, kind: str, at: str) -> dict[str, Any]:
    return event(key, f"enrollment.{kind}", at=f"{at}T00:00:00Z")


PAUSE, RESUME = pauses("p", "paused", "2026-01-14"), pauses("r", "resumed", "2026-01-24")


@pytest.mark.parametrize("batches", [[[PAUSE, RESUME]], [[PAUSE], [RESUME]], [[RESUME], [PAUSE]]])
def test_a_pause_moves_due_dates_in_any_order_of_events(
    batches: list[list[dict[str, Any]]],
) -> None:
    for batch in batches:
        accept(*batch)

    # 16 February plus ten days
    assert due() == "02-26"


def test_an_earlier_pause_received_last_ends_with_its_own_resumption() -> None:
    accept(pauses("r1", "resumed", "2026-01-08"))
    accept(PAUSE, RESUME)
    accept(pauses("p1", "paused", "2026-01-06"))

    # two days plus ten
    assert due() == "02-28"


@pytest.mark.parametrize("is_late", [True, False])
def test_a_pause_ends_with_the_next_activity_though_its_event_was_deleted(is_late: bool) -> None:
    seen = [
        event("before", at="2026-01-14T12:00:00Z"),
        event("next", at="2026-01-14T12:00:00.250001Z"),
        event("last", at="2026-01-14T13:00:00Z"),
        event("other", at="2026-01-16T00:00:00Z"),
    ]
    pause = event("p", "enrollment.paused", at="2026-01-14T12:00:00Z")
    for one in [*reversed(seen), pause] if is_late else [pause, *reversed(seen)]:
        accept(one)
        Event.objects.all().delete()

    assert Pause.objects.get().ended_at == moment("2026-01-14T12:00:00.250001")


def test_a_late_pause_ends_with_the_activity_of_a_later_day() -> None:
    accept(
        event("a", at="2026-01-18T23:30:00Z"), event("b", "note.written", at="2026-02-01T09:00:00Z")
    )
    Event.objects.all().delete()
    accept(PAUSE)

    assert Pause.objects.get().ended_at == moment("2026-01-18T23:30:00")


def test_nothing_falls_due_during_an_open_pause() -> None:
    accept(PAUSE)

    assert due() == "open"
    # m2 was due on the 19th
    assert 19 in stale_january_days()


def test_a_late_resumption_marks_old_and_new_due_days_stale() -> None:
    accept(PAUSE, pauses("late", "resumed", "2026-01-30"))
    StaleDay.objects.all().delete()
    accept(pauses("early", "resumed", "2026-01-16"))

    # m2 was due on 4 February, now on 21 January; the course on 4 March, now on 18 February
    assert due() == "02-18"
    assert sorted(f"{day:%m-%d}" for day in marked_days(key__startswith="engagement.")) == [
        "01-12",
        "01-21",
        "02-04",
        "02-18",
        "03-04",
    ]


def test_a_cancellation_marks_all_days_of_the_enrollment_stale() -> None:
    accept(event("e1", at="2026-01-08T09:00:00Z"))
    StaleDay.objects.all().delete()
    accept(event("w", "enrollment.withdrawn", at="2026-01-09T09:00:00Z"))

    assert Enrollment.objects.get(learner__key="ada").is_cancelled
    # activity on the 8th, in the week of the 5th; modules due on the 12th and the 19th
    assert stale_january_days() == [5, 8, 12, 19]
    assert date(2026, 2, 16) in marked_days(key__startswith="engagement.")


def test_a_cancellation_without_modules_marks_the_due_day_stale() -> None:
    Course.objects.get(key="py").modules.all().delete()
    run_of(Course.objects.create(key="go", title="Go", nominal_days=28))
    accept(event("s", "enrollment.started", course="go", at="2026-01-05T00:00:00Z"))
    StaleDay.objects.all().delete()
    accept(event("w", "enrollment.withdrawn", course="go"))

    # 5 January plus 1.5 × 28 days
    assert marked_days(key__startswith="engagement.") == {date(2026, 2, 16)}


def test_signing_up_again_revives_a_withdrawn_enrollment() -> None:
    accept(event("w", "enrollment.withdrawn", at="2026-01-20T00:00:00Z"))
    accept(event("again", "enrollment.started", at="2026-01-25T00:00:00Z"))
    ada = Enrollment.objects.get(learner__key="ada")

    assert (ada.withdrawn_at, ada.started_at) == (None, moment("2026-01-05"))
