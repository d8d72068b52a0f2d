"""Load a learner's courses: enrollments, plans, results and videos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, F, FloatField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from curriculum.models import Enrollment, Learner, PlannedModule
from engagement.indicators import assessment_performance, video_watch
from engagement.models import AssessmentResult, LearningObject, QuizAttempt, VideoProgress
from learners.progress.course_progress import CourseProgress, Result
from learners.progress.pace import Step


def courses_of(learner: Learner, now: datetime) -> list[CourseProgress]:
    """Load a learner's courses with three queries, the latest first."""
    courses = {
        one.pk: CourseProgress(one, now)
        for one in _with_videos_and_quizzes(Enrollment.objects.filter(learner=learner))
        .select_related("run__course")
        .order_by("-started_at", "pk")
    }
    for enrollment, step in _steps(learner):
        courses[enrollment].steps.append(step)
    for enrollment, result in _results(learner):
        courses[enrollment].results.append(result)
    return list(courses.values())


def _with_videos_and_quizzes(enrollments: QuerySet[Enrollment]) -> QuerySet[Any]:
    videos = VideoProgress.objects.filter(enrollment=OuterRef("pk"))
    ratio = video_watch(videos)
    known: QuerySet[Any] = ratio.rows if ratio.rows is not None else videos
    quizzes = QuizAttempt.objects.filter(enrollment=OuterRef("pk"))
    return enrollments.annotate(
        watched_seconds=_sum(videos, Sum("watched_seconds")),
        watched_of_known=_sum(known, ratio.total),
        known_seconds=_sum(known, ratio.weight),
        quizzes_tried=_sum(quizzes, Count("pk")),
    )


def _sum(rows: QuerySet[Any], aggregate: Any) -> Coalesce:
    summed = rows.order_by().values("enrollment").annotate(sum=aggregate).values("sum")
    return Coalesce(Subquery(summed), 0.0, output_field=FloatField())


def _steps(learner: Learner) -> list[tuple[int, Step]]:
    rows: Any = (
        PlannedModule.objects.filter(enrollment__learner=learner)
        .order_by("enrollment", "position")
        .values_list(
            *("enrollment_id", "module__title", "is_required", "effort_minutes", "due_at"),
            *("progress__reached_at", "progress__done_at", "progress__is_waived"),
        )
    )
    return [
        (pk, Step(title, required, minutes, due, reached, done, is_waived=bool(waived)))
        for pk, title, required, minutes, due, reached, done, waived in rows
    ]


def _results(learner: Learner) -> list[tuple[int, Result]]:
    """Return the results that count, which are each assessment's best, as they were earned."""
    graded = AssessmentResult.objects.filter(
        enrollment__learner=learner, enrollment__is_cancelled=False
    )
    best = assessment_performance(graded).rows
    attempts = (
        AssessmentResult.objects.filter(
            enrollment=OuterRef("enrollment"), assessment=OuterRef("assessment")
        )
        .order_by()
        .values("enrollment")
        .annotate(count=Count("pk"))
    )
    rows: Any = (best if best is not None else graded).annotate(
        attempts=Subquery(attempts.values("count")), pass_mark=F("assessment__pass_mark")
    )
    return [
        (
            one.enrollment_id,
            Result(
                title=_title(one.assessment),
                score=one.score,
                is_passed=one.score >= one.pass_mark,
                attempts=one.attempts,
                graded_at=one.graded_at,
            ),
        )
        for one in rows.select_related("assessment__module").order_by("graded_at", "pk")
    ]


def _title(assessment: LearningObject) -> str:
    """Name the assessment; one without a title is that of its module."""
    return assessment.title or str(assessment.module or assessment.key)


def runs_of(courses: Sequence[CourseProgress]) -> dict[int, int]:
    """Return the courses (ids) of the runs (ids) in which the learner counts."""
    return {
        one.enrollment.run_id: one.enrollment.run.course_id
        for one in courses
        if not one.enrollment.is_cancelled
    }
