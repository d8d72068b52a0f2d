"""Mark every day on which facts of some courses or enrolments count."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from core import reporting_clock
from curriculum.models import Enrollment, PlannedModule
from engagement.facts import activity, batch_work
from engagement.models import AssessmentResult, DailyActivity, ModuleProgress, VideoProgress


def mark_affected(**which: Any) -> None:
    """`mark(enrollment__in=…)`, or any other lookup on a row that belongs to an enrolment."""
    for rows, moment in _moments(which):
        # SQLite calls back for the day of every row; those that differ are few
        batch_work.mark_stale(_distinct(rows, moment))
    activity.mark_days(_distinct(DailyActivity.objects.filter(**which), "day"))


def on_days(rows: QuerySet[Any], moment: str) -> QuerySet[Any]:
    """The rows that have this moment, with its day in the provider's zone as `counted_on`."""
    day = TruncDate(moment, tzinfo=reporting_clock.reporting_zone())
    dated: QuerySet[Any] = rows.filter(**{f"{moment}__isnull": False})
    counted: QuerySet[Any] = dated.annotate(counted_on=day)
    return counted


def _moments(which: dict[str, Any]) -> list[tuple[QuerySet[Any], str]]:
    # an enrolment counts also where its course has no modules, and so it no plan
    own = {name.removeprefix("enrollment__"): wanted for name, wanted in which.items()}
    # by joins and not by a subquery: without statistics PostgreSQL ran that row by row
    progress = {f"planned__{name}": wanted for name, wanted in which.items()}
    return [
        (Enrollment.objects.filter(**{OWN.get(name, name): own[name] for name in own}), "due_at"),
        (PlannedModule.objects.filter(**which), "due_at"),
        (ModuleProgress.objects.filter(**progress), "reached_at"),
        (VideoProgress.objects.filter(**which), "started_at"),
        (AssessmentResult.objects.filter(**which), "graded_at"),
    ]


OWN = {"in": "pk__in"}

COURSE = {
    Enrollment: "run__course_id",
    ModuleProgress: "planned__enrollment__run__course_id",
}


def _distinct(rows: QuerySet[Any], when: str) -> QuerySet[Any, tuple[int, Any]]:
    course = COURSE.get(rows.model, "enrollment__run__course_id")
    pairs: QuerySet[Any, tuple[int, Any]] = rows.order_by().values_list(course, when).distinct()
    return pairs
