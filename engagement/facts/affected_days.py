"""Mark the days whose engagement KPIs are affected by a change, so that they are recomputed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from core import reporting_clock
from core.changes import Changes
from curriculum.models import Enrollment, PlannedModule
from engagement.models import AssessmentResult, DailyActivity, ModuleProgress, VideoProgress

CATEGORY = "engagement"
COURSE_PATHS = {
    Enrollment: "run__course_id",
    ModuleProgress: "planned__enrollment__run__course_id",
}


def mark_stale(changes: Changes, moments: Iterable[tuple[int, datetime | None]]) -> None:
    """Mark the days of these (course id, moment) pairs; a moment of None marks nothing."""
    changes.mark_moments_stale(CATEGORY, moments)


def mark_days_stale(changes: Changes, days: Iterable[tuple[int, date]]) -> None:
    """Mark these (course id, day) pairs."""
    changes.mark_days_stale(CATEGORY, days)


def mark_activity_days_stale(changes: Changes, days: Iterable[tuple[int, date]]) -> None:
    """Mark (course id, day) pairs with activity, and Mondays that lie in the month before.

    A week counts as a whole in the month and quarter of its Monday.
    """
    days = set(days)
    mondays = {
        (course, monday_of(day)) for course, day in days if monday_of(day).month != day.month
    }
    mark_days_stale(changes, days | mondays)


def mark_all_stale(changes: Changes, **lookup: Any) -> None:
    """Mark every day on which facts of these enrollments count, e.g. `enrollment__in=ids`."""
    # an enrollment counts even where its course has no modules and so it has no plan
    own = {
        "pk__in" if name == "enrollment__in" else name.removeprefix("enrollment__"): value
        for name, value in lookup.items()
    }
    # joins, not a subquery: without statistics PostgreSQL would run it row by row
    planned = {f"planned__{name}": value for name, value in lookup.items()}
    mark_stale(changes, _distinct(Enrollment.objects.filter(**own), "due_at"))
    mark_stale(changes, _distinct(PlannedModule.objects.filter(**lookup), "due_at"))
    mark_stale(changes, _distinct(ModuleProgress.objects.filter(**planned), "reached_at"))
    mark_stale(changes, _distinct(VideoProgress.objects.filter(**lookup), "started_at"))
    mark_stale(changes, _distinct(AssessmentResult.objects.filter(**lookup), "graded_at"))
    mark_activity_days_stale(changes, _distinct(DailyActivity.objects.filter(**lookup), "day"))


def _distinct(rows: QuerySet[Any], when: str) -> QuerySet[Any, tuple[int, Any]]:
    """The distinct (course id, moment) pairs, which are far fewer than the rows."""
    course = COURSE_PATHS.get(rows.model, "enrollment__run__course_id")
    pairs: QuerySet[Any, tuple[int, Any]] = rows.order_by().values_list(course, when).distinct()
    return pairs


def with_local_day(rows: QuerySet[Any], moment: str) -> QuerySet[Any]:
    """Annotate the rows that have this moment with its `local_day` in the reporting time zone."""
    day = TruncDate(moment, tzinfo=reporting_clock.reporting_zone())
    dated: QuerySet[Any] = rows.filter(**{f"{moment}__isnull": False})
    annotated: QuerySet[Any] = dated.annotate(local_day=day)
    return annotated


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
