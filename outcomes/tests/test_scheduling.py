"""Career surveys that go out on their own, 30, 90 and 180 days after completion."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from unittest.mock import patch

import pytest
from django.apps import apps

from accounts.tests.people import moment
from core.tests.mail_box import mail_box
from curriculum.models import Course
from outcomes.models import Invitation, Survey, Wave
from outcomes.surveys import scheduling, tasks
from outcomes.surveys.sending import send_due
from outcomes.tests.asking import with_address
from outcomes.tests.school import did, school

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
# Ada completes at noon of 10 February
COMPLETED = moment("2026-02-10T12:00:00")


@pytest.fixture(autouse=True)
def survey() -> Survey:
    """The survey that every provider begins with, made before Ada completes."""
    school()
    with_address("ada")
    did("ada", "course.completed", "2026-02-10")
    # a test that empties the tables may have come before
    import_module("outcomes.migrations.0002_career_survey").make(apps, None)
    one = Survey.objects.get(follows_completion=True)
    Survey.objects.update(created_at=moment("2026-01-01"))
    return one


def sent_on(*days: int) -> list[int]:
    """How many mails go out so many days (and an hour) after the completion."""
    with mail_box():
        return [_round(COMPLETED + day * DAY + timedelta(hours=1)) for day in days]


def _round(now: datetime) -> int:
    scheduling.plan_waves(now)
    return send_due(now)


def test_there_is_a_career_survey_from_the_start(survey: Survey) -> None:
    assert (survey.key, survey.asks_career, survey.asks_nps) == ("career-impact", True, False)


def test_graduates_are_asked_three_times() -> None:
    Wave.objects.update(reminder_days=None)
    with patch.object(scheduling, "OPEN_FOR", timedelta(days=1)):
        assert sent_on(29, 30, 31, 89, 90, 179, 180, 365) == [0, 1, 0, 0, 1, 0, 1, 0]


def test_each_wave_names_its_month_and_days() -> None:
    sent_on(30, 90, 180)
    keys = Invitation.objects.order_by("sent_at").values_list("wave__key", flat=True)

    # 12 March, 11 May, 9 August
    assert list(keys) == [
        "2026-03-after-30-days",
        "2026-05-after-90-days",
        "2026-08-after-180-days",
    ]


def test_the_silent_are_reminded_in_the_career_wave_too() -> None:
    assert sent_on(30, 37, 38) == [1, 1, 0]


def test_who_is_not_through_is_not_asked() -> None:
    with_address("bo")

    assert sent_on(30) == [1]


def test_who_was_due_before_the_survey_was_made_is_not_asked() -> None:
    Survey.objects.update(created_at=COMPLETED + 31 * DAY)

    assert sent_on(32, 90) == [0, 1]


def test_the_last_day_of_a_month_is_caught_up_with() -> None:
    # 30 days after are 31 March; the job was down until 2 April
    with_address("bo")
    did("bo", "course.completed", "2026-03-01")
    (sent,) = sent_on(51)

    assert Invitation.objects.get(enrollment__learner__key="bo").wave.key.startswith("2026-03")
    assert sent == 2


def test_planning_twice_plans_once() -> None:
    counts = [scheduling.plan_waves(moment("2026-03-12")) for _ in range(2)]

    # February's and March's, of three lengths each
    assert counts == [6, 0]


def test_a_survey_that_is_switched_off_plans_nothing() -> None:
    Survey.objects.update(is_active=False)

    assert scheduling.plan_waves(moment("2026-03-12")) == 0


def test_a_survey_of_one_course_asks_its_graduates(survey: Survey) -> None:
    other = Course.objects.create(key="sql", title="SQL")
    Survey.objects.update(course=other)

    assert sent_on(30) == [0]


def test_the_task_plans_and_sends() -> None:
    now = COMPLETED + 30 * DAY + timedelta(hours=1)
    with mail_box() as box, patch("outcomes.surveys.tasks.timezone.now", return_value=now):
        tasks.send_surveys()
        wave = Wave.objects.get(key="2026-03-after-30-days")
        tasks.send_wave(wave.pk)

    assert box.recipients == ["ada@example.com"]
