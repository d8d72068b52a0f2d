from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import course, learner, moment, run_of
from curriculum.enrolling import SignUp, enroll
from curriculum.models import Enrollment, Module
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ItemResult,
    LearningObject,
    ModuleProgress,
    PlayerEvent,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)
from kpis.models import StaleDay
from kpis.tests.stale import marked_days

pytestmark = pytest.mark.django_db

NOON = moment("2026-11-03T12:00")
FACTS = (
    "assessmentresult",
    "dailyactivity",
    "moduleprogress",
    "quizattempt",
    "playerevent",
    "videoprogress",
    "weekpresence",
)


def video(module: Module) -> LearningObject:
    return LearningObject.objects.create(
        course=module.course, module=module, kind="video", key=f"v-{module.pk}"
    )


def active(name: str) -> Enrollment:
    """Enroll a learner in a new course, with one fact of each type."""
    run = run_of(course(f"for-{name}", modules=1))
    who = learner(name)
    sign_up = SignUp(learner_id=who.pk, run_id=run.pk, enrolled_at=moment("2026-11-02"))
    enrollment = enroll([sign_up])[0]
    module = run.course.modules.get()
    does(enrollment, module, video(module))
    return enrollment


def does(enrollment: Enrollment, module: Module, thing: LearningObject) -> None:
    counts = {"interactions": 3, "productive": 1, "content": 2, "quiz": 0}
    DailyActivity.objects.create(
        enrollment=enrollment, module=module, day=date(2026, 11, 3), **counts
    )
    WeekPresence.objects.create(enrollment=enrollment, week=date(2026, 11, 2), is_productive=True)
    ModuleProgress.objects.create(planned=enrollment.plan.get(), reached_at=NOON)
    QuizAttempt.objects.create(enrollment=enrollment, quiz=thing, attempted_at=NOON)
    PlayerEvent.objects.create(
        enrollment=enrollment, video=thing, at=NOON, is_playing=True, position=0
    )
    VideoProgress.objects.create(
        enrollment=enrollment, video=thing, started_at=NOON, watched_seconds=9
    )
    result = AssessmentResult.objects.create(
        enrollment=enrollment, assessment=thing, attempt=1, graded_at=NOON, score=0.75
    )
    ItemResult.objects.create(result=result, item="question 1", score=1)


@pytest.mark.parametrize("name", [*FACTS, "learningobject"])
def test_lists_need_no_more_queries_for_more_rows(admin_client: Client, name: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(f"/admin/engagement/{name}/").status_code == 200
        return len(asked)

    # a filter is shown from two choices on
    active("Ada")
    active("Bo")
    few = queries()
    active("Cleo")
    active("Dan")

    assert queries() == few
    assert few <= 12


@pytest.mark.parametrize("name", FACTS)
def test_facts_cannot_be_edited(admin_client: Client, name: str) -> None:
    active("Ada")

    assert admin_client.get(f"/admin/engagement/{name}/add/").status_code == 403
    assert admin_client.post(f"/admin/engagement/{name}/1/delete/").status_code == 403
    assert b"_save" not in admin_client.get(f"/admin/engagement/{name}/1/change/").content


def test_a_result_shows_its_answers(admin_client: Client) -> None:
    active("Ada")
    result = AssessmentResult.objects.get()
    path = f"/admin/engagement/assessmentresult/{result.pk}/change/"

    assert b"question 1" in admin_client.get(path).content


def test_facts_can_be_searched_by_the_learners_key(admin_client: Client) -> None:
    active("Ada")
    active("Bo")
    answer = admin_client.get("/admin/engagement/dailyactivity/?q=bo")

    assert [str(row.enrollment.learner) for row in answer.context["cl"].result_list] == ["Bo"]


def test_making_a_learner_staff_marks_their_days_stale(admin_client: Client) -> None:
    ada = active("Ada")
    StaleDay.objects.all().delete()
    data = {"key": "ada", "kind": "staff"}
    no_inlines = {"enrollments-TOTAL_FORMS": "0", "enrollments-INITIAL_FORMS": "0"}
    path = f"/admin/curriculum/learner/{ada.learner_id}/change/"
    admin_client.post(path, {**data, **no_inlines})
    days = marked_days(key__startswith="engagement.")

    # the activity, the module's and the whole's due date: 1.5 × 28 days after 2 November
    assert {date(2026, 11, 3), date(2026, 11, 9), date(2026, 12, 14)} <= days


def test_enrolling_by_hand_marks_the_due_day_stale(admin_client: Client) -> None:
    run, who = run_of(course("py", modules=1)), learner("Ada")
    data = {"learner": who.pk, "run": run.pk, "enrolled_at_0": "2026-01-05", "enrolled_at_1": "0:0"}
    admin_client.post("/admin/curriculum/enrollment/add/", data)
    days = marked_days(key__startswith="engagement.")

    assert days == {date(2026, 1, 12), date(2026, 2, 16)}


def test_staff_can_edit_the_title_and_pass_mark_of_an_object(admin_client: Client) -> None:
    active("Ada")
    thing = LearningObject.objects.get()
    data = {"title": "Welcome", "pass_mark": "0.6", "key": "other"}
    admin_client.post(f"/admin/engagement/learningobject/{thing.pk}/change/", data)
    kept = LearningObject.objects.get()

    assert (kept.title, kept.pass_mark, kept.key) == ("Welcome", 0.6, thing.key)
