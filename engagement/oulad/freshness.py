"""Mark the days whose figures an import has changed, so that they are measured again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Max, QuerySet
from django.utils import timezone

from curriculum.models import Enrollment, PlannedModule
from engagement.models import AssessmentResult, DailyActivity, ModuleProgress
from engagement.oulad.dataset import Dataset
from kpis import clock, dirty
from kpis.periods import local_day, midnight

CATEGORY = "engagement"
Marks = set[tuple[int, date]]


def mark_touched(dataset: Dataset) -> None:
    """Mark every day on which something fell due, was reached, graded or done in the courses."""
    courses = {run.course_id for run in dataset.runs.values()}
    moments = (
        (Enrollment.objects.filter(run__course__in=courses), "run__course", "due_at"),
        (
            PlannedModule.objects.filter(enrollment__run__course__in=courses),
            "enrollment__run__course",
            "due_at",
        ),
        (
            ModuleProgress.objects.filter(import_run=dataset.import_run),
            "planned__enrollment__run__course",
            "reached_at",
        ),
        (
            AssessmentResult.objects.filter(import_run=dataset.import_run),
            "enrollment__run__course",
            "graded_at",
        ),
    )
    activity = DailyActivity.objects.filter(import_run=dataset.import_run)
    marks: Marks = set(activity.values_list("enrollment__run__course", "day").distinct())
    for rows, course, moment in moments:
        marks |= _days(rows.values_list(course, moment).distinct())
    dirty.mark(CATEGORY, marks)
    _see(activity)


def _days(moments: Iterable[tuple[int, datetime | None]]) -> Marks:
    zone = clock.zone()
    return {(course, local_day(at, zone)) for course, at in moments if at}


def _see(activity: QuerySet[DailyActivity]) -> None:
    latest = activity.values_list("enrollment__run__course").annotate(Max("day"))
    zone = clock.zone()
    through = {course: midnight(day, zone) for course, day in latest}
    dirty.seen(CATEGORY, through, received_at=timezone.now())
