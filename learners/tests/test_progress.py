"""Ada's page: every figure is worked out by hand."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import moment
from business.referral_codes import code_of
from curriculum.models import Learner
from learners.tests.studies import (
    NOW,
    did,
    enrolled,
    finished,
    graded,
    page_of,
    school,
    signed_in,
    text_of,
    watched,
    with_account,
)
from outcomes.models import Invitation, SkillAssessment
from outcomes.tests.asking import enrollment_of, wave_of

pytestmark = pytest.mark.django_db


def states(now: object = NOW) -> list[str]:
    return [one.state for one in page_of(now=now).courses]  # type: ignore[arg-type]


def test_a_learner_is_behind_what_fell_due() -> None:
    school()
    enrolled("ada")
    (one,) = page_of().courses

    # module 1 fell due with the end of the 11th, and today is the 14th
    assert one.state == "You are 3 days behind the plan."
    assert one.next_step == "Next: Module 1, which was due on 11 January 2026."
    assert one.modules_in_words == "0 of 2 required modules done"


def test_a_learner_is_ahead_of_what_falls_due() -> None:
    school(modules=3)
    enrolled("ada")
    finished("ada", "m1", "m2", at="2026-01-08")
    (one,) = page_of().courses

    assert one.state == "You are 4 days ahead of the plan."
    assert one.next_step == "Next: Module 3, due on 25 January 2026."
    assert one.done_share == pytest.approx(2 / 3)


def test_a_paused_course_has_nothing_due() -> None:
    school()
    enrolled("ada")
    did("ada", "enrollment.paused", "2026-01-07")

    assert states() == ["Your course is paused. Nothing is due until you go on."]
    assert page_of().due_next == []


def test_a_canceled_course_has_nothing_due() -> None:
    school()
    enrolled("ada")
    did("ada", "enrollment.withdrawn", "2026-01-07")

    assert states() == ["You canceled this course. Nothing is due."]


def test_a_course_that_was_left_later_has_nothing_due() -> None:
    school()
    enrolled("ada")
    did("ada", "enrollment.withdrawn", "2026-01-13")

    assert states() == ["You left this course on 13 January 2026. Nothing is due."]


def test_a_finished_course_says_so() -> None:
    school()
    enrolled("ada")
    finished("ada", "m1", "m2", at="2026-01-13")

    assert states() == ["You finished this course on 13 January 2026."]


def test_a_course_without_a_plan_says_so() -> None:
    school(modules=0)
    enrolled("ada")

    assert states() == ["This course has no plan, so nothing is due on a certain day."]


def test_a_course_that_has_not_begun_says_when_it_begins() -> None:
    school()
    enrolled("ada", at="2026-01-20T09:00:00Z")

    assert states() == ["Your course begins on 20 January 2026."]


def test_the_best_attempt_counts_and_the_trend_compares_means() -> None:
    school()
    enrolled("ada")
    for number, score in enumerate((0.4, 0.6, 0.7, 0.9)):
        graded("ada", score, f"2026-01-{6 + number:02}", object=f"quiz {number}")
    graded("ada", 0.5, "2026-01-12", object="quiz 0", attempt=2)
    page = page_of()

    assert [round(one.score, 2) for one in page.results] == [0.6, 0.7, 0.9, 0.5]
    assert page.results[-1].attempts == 2
    assert page.trend is not None
    assert (page.trend.latest, page.trend.before) == pytest.approx((0.7, 0.65))
    assert page.curve is not None


def test_watch_time_is_unique_seconds() -> None:
    school()
    enrolled("ada")
    watched("ada", 300, "2026-01-06")
    watched("ada", 240, "2026-01-07")
    page = page_of()

    assert page.watched_seconds == 300
    assert page.courses[0].watch_share == pytest.approx(0.5)


def test_active_weeks_of_all_courses_count_once() -> None:
    school("py", "sql")
    enrolled("ada")
    did("ada", "enrollment.started", "2026-01-05", course="sql")
    for course in ("py", "sql"):
        did("ada", "content.viewed", "2026-01-06", course=course)
    did("ada", "content.viewed", "2026-01-12", course="sql")
    page = page_of()

    assert (page.streak.current, page.streak.is_active_this_week) == (2, True)


def test_the_latest_assessment_says_whether_a_skill_is_attained() -> None:
    school()
    enrolled("ada")
    for skill, day, score in (("sql", 6, 0.9), ("sql", 7, 0.2), ("git", 8, 0.9)):
        did("ada", "skill.assessed", f"2026-01-{day:02}", object=skill, value=score)
    page = page_of()

    assert SkillAssessment.objects.count() == 3
    assert [str(one.skill) for one in page.attained] == ["git"]
    assert [str(one.skill) for one in page.not_attained] == ["sql"]


def test_sign_ups_by_the_own_link_count() -> None:
    school()
    enrolled("ada")
    code = code_of(Learner.objects.get(key="ada")).code
    did("ada", "invitation.sent", "2026-01-06", data={"code": code})
    enrolled("bo", data={"referral_code": code}, at="2026-01-07T09:00:00Z")
    with_account()
    page = text_of(signed_in(Learner.objects.get(key="ada").user), "/my-progress")  # type: ignore[arg-type]

    assert "Invitations that you sent 1 Enrollments through you 1" in page
    assert f"/r/{code}" in page


def test_an_open_survey_has_a_link_until_it_is_answered() -> None:
    school()
    enrolled("ada")
    enrollment = enrollment_of("ada")
    wave = wave_of(enrollment.run.course)
    Invitation.objects.create(wave=wave, enrollment=enrollment, sent_at=NOW)
    open_at = moment("2026-03-10")
    (survey,) = page_of(now=open_at).surveys

    assert (survey.title, f"{survey.last_day}") == ("How was it?", "2026-03-31")
    assert Client().get(survey.link).status_code in {200, 410}
    assert page_of(now=moment("2026-04-10")).surveys == []
    did("ada", "survey.answered", "2026-03-11", data={"survey": "end", "wave": "w1", "nps": 9})
    assert page_of(now=open_at).surveys == []


def test_an_account_without_a_learner_gets_a_sentence() -> None:
    page = text_of(signed_in(with_account("bo")), "/my-progress")
    Learner.objects.all().delete()
    nobody = text_of(signed_in(with_account("cleo")), "/certificates")

    assert "You are not enrolled in any course yet." in page
    assert "You have not earned a certificate yet." in nobody


def test_others_never_appear() -> None:
    school()
    enrolled("ada", "bo")
    finished("bo", "m1", at="2026-01-08")
    graded("bo", 0.3, "2026-01-08")
    did("bo", "certificate.earned", "2026-01-09", data={"number": "B-1"})
    user = with_account()
    with_account("bo")
    page = text_of(signed_in(user), "/my-progress")

    assert "0 of 2 required modules done" in page
    assert "Nothing has been graded yet." in page
    assert "You have not earned a certificate yet." in page
    assert "Bo" not in page


@pytest.mark.parametrize("count", [1, 3, 10])
def test_twelve_queries_are_enough_for_any_number_of_courses(count: int) -> None:
    keys = [f"c{number}" for number in range(count)]
    school(*keys)
    user = with_account()
    for key in keys:
        did("ada", "enrollment.started", "2026-01-05T00:00:00Z", course=key)
        did("ada", "certificate.earned", "2026-01-09", course=key)
        did("ada", "assessment.graded", "2026-01-09", course=key, module="m1", object=f"e{key}",
            value=0.5)  # fmt: skip
        did("ada", "video.watched", "2026-01-09", course=key, module="m1", object=f"v{key}",
            data={"segments": [[0, 60]], "duration": 600})  # fmt: skip
        did("ada", "skill.assessed", "2026-01-09", course=key, object=key, value=0.9)
    client = signed_in(user)
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client, "/my-progress")

    assert page.count("required modules done") == count
    assert len(queries) <= 12
