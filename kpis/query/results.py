"""What an answered question comes back as: a KPI's series and its groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from curriculum.models import Course, CourseRun, Learner, Module
from kpis.definitions.registry import Indicator
from kpis.query.kpi_query import KpiQuery
from kpis.query.metric_values import MetricValue

GroupObject = Course | CourseRun | Module | Learner
GROUP_OBJECTS: dict[str, QuerySet[Any]] = {
    "course": Course.objects.all(),
    "run": CourseRun.objects.select_related("course"),
    "module": Module.objects.select_related("course"),
    "learner": Learner.objects.all(),
}


@dataclass(frozen=True)
class GroupResult:
    """One course, run, module or learner with its answer."""

    group: GroupObject
    answer: MetricValue


@dataclass(frozen=True)
class KpiResult:
    """Everything about one KPI that was asked."""

    indicator: Indicator
    query: KpiQuery
    series: Sequence[MetricValue]
    current: MetricValue
    previous: MetricValue
    window: MetricValue | None = None
    components: Sequence[MetricValue] = ()
    groups: Sequence[GroupResult] = ()

    @property
    def change(self) -> float | None:
        """Current minus previous value, in the unit; None when one is missing."""
        if self.current.shown is None or self.previous.shown is None:
            return None
        return round(self.current.shown - self.previous.shown, 4)


def group_sort_key(thing: GroupObject) -> tuple[Any, ...]:
    """Where a course, run, module or learner comes in a list of such."""
    if isinstance(thing, Module):
        return (thing.course_id, thing.position)
    if isinstance(thing, CourseRun):
        return (thing.course.title, str(thing.starts_on or ""), thing.key)
    return (str(thing),)
