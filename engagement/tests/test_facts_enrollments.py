from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.tests.people import moment, run_of
from curriculum.models import Course, Enrollment
from engagement.tests.facts import marked, marks, tell
from intake.tests.lms import event, school
from kpis.models import StaleDay

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
def test_a_pause_shifts_what_falls_due_in_whatever_order_it_comes(
    batches: list[list[dict[str, Any]]],
) -> None:
    for batch in batches:
        tell(*batch)

    # 16 February and ten days
    assert due() == "02-26"


def test_an_earlier_pause_that_comes_last_finds_its_own_resumption() -> None:
    tell(pauses("r1", "resumed", "2026-01-08"))
    tell(PAUSE, RESUME)
    tell(pauses("p1", "paused", "2026-01-06"))

    # two days and ten
    assert due() == "02-28"


def test_an_open_pause_takes_the_due_days_away() -> None:
    tell(PAUSE)

    assert due() == "open"
    # the 19th, on which m2 was due, counts one less
    assert 19 in marked()


def test_a_resumption_that_comes_late_touches_the_days_it_changes() -> None:
    tell(PAUSE, pauses("late", "resumed", "2026-01-30"))
    StaleDay.objects.all().delete()
    tell(pauses("early", "resumed", "2026-01-16"))

    # m2 was due on 4 February, now on 21 January; the course on 4 March, now on 18 February
    assert due() == "02-18"
    assert sorted(f"{day:%m-%d}" for day in marks().values_list("day", flat=True)) == [
        "01-12",
        "01-21",
        "02-04",
        "02-18",
        "03-04",
    ]


def test_who_withdraws_before_the_cut_off_leaves_every_day_they_stood_in() -> None:
    tell(event("e1", at="2026-01-08T09:00:00Z"))
    StaleDay.objects.all().delete()
    tell(event("w", "enrollment.withdrawn", at="2026-01-09T09:00:00Z"))

    assert Enrollment.objects.get(learner__key="ada").is_cancelled
    # activity on the 8th, modules due on the 12th and the 19th
    assert marked() == [8, 12, 19]
    assert marks().filter(day=date(2026, 2, 16)).exists()


def test_who_cancels_a_course_without_modules_leaves_its_due_day() -> None:
    Course.objects.get(key="py").modules.all().delete()
    run_of(Course.objects.create(key="go", title="Go", nominal_days=28))
    tell(event("s", "enrollment.started", course="go", at="2026-01-05T00:00:00Z"))
    StaleDay.objects.all().delete()
    tell(event("w", "enrollment.withdrawn", course="go"))

    # 5 January and 1.5 × 28 days
    assert marks().get().day == date(2026, 2, 16)


def test_who_withdrew_and_signs_up_again_in_the_same_run_is_back() -> None:
    tell(event("w", "enrollment.withdrawn", at="2026-01-20T00:00:00Z"))
    tell(event("again", "enrollment.started", at="2026-01-25T00:00:00Z"))
    ada = Enrollment.objects.get(learner__key="ada")

    assert (ada.withdrawn_at, ada.started_at) == (None, moment("2026-01-05"))
