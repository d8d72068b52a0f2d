"""Mark every day on which facts of some courses or enrolments count."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from curriculum.models import Enrollment, PlannedModule
from engagement.facts.marking import CATEGORY
from engagement.models import AssessmentResult, DailyActivity, ModuleProgress, VideoProgress
from kpis import clock, dirty


def mark(**which: Any) -> None:
    """`mark(enrollment__in=…)`, or any other lookup on a row that belongs to an enrolment."""
    for rows, moment in _moments(which):
        days = rows.filter(**{f"{moment}__isnull": False}).annotate(
            counted_on=TruncDate(moment, tzinfo=clock.zone())
        )
        _mark(days, "counted_on")
    _mark(DailyActivity.objects.filter(**which), "day")


def _moments(which: dict[str, Any]) -> list[tuple[QuerySet[Any], str]]:
    plans = PlannedModule.objects.filter(**which)
    return [
        (Enrollment.objects.filter(pk__in=plans.values("enrollment")), "due_at"),
        (plans, "due_at"),
        (ModuleProgress.objects.filter(planned__in=plans), "reached_at"),
        (VideoProgress.objects.filter(**which), "started_at"),
        (AssessmentResult.objects.filter(**which), "graded_at"),
    ]


COURSE = {
    Enrollment: "run__course_id",
    ModuleProgress: "planned__enrollment__run__course_id",
}


def _mark(rows: QuerySet[Any], day: str) -> None:
    course = COURSE.get(rows.model, "enrollment__run__course_id")
    dirty.mark(CATEGORY, rows.order_by().values_list(course, day).distinct())
