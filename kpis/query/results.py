"""Results of a KPI query: values with everything that is needed to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from curriculum.models import Course, CourseRun, Learner, Module
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import Target
from kpis.query.kpi_query import KpiQuery
from kpis.statistics.estimates import AnyEstimate
from kpis.statistics.intervals import NOTHING, Interval, Sums

GroupObject = Course | CourseRun | Module | Learner
GROUP_OBJECTS: dict[str, QuerySet[Any]] = {
    "course": Course.objects.all(),
    "run": CourseRun.objects.select_related("course"),
    "module": Module.objects.select_related("course"),
    "learner": Learner.objects.all(),
}


@dataclass(frozen=True)
class MetricValue:
    """The value of one KPI in one period and scope; shares are 0–1.

    `estimate` has what tests of the value need. `other_target` is in force too, but cannot be
    compared with the value: it is for a month or for a larger scope.
    """

    indicator: Indicator
    period: Period
    status: str = "no_data"
    value: float | None = None
    sums: Sums = NOTHING
    estimate: AnyEstimate | None = None
    interval: Interval | None = None
    target: Target | None = None
    other_target: Target | None = None
    computed_at: datetime | None = None
    data_through: datetime | None = None
    restated_at: datetime | None = None

    @property
    def is_shown(self) -> bool:
        return self.value is not None

    @property
    def shown(self) -> float | None:
        """Return the value in display units: 85.0 for 85%."""
        return self.indicator.unit.shown(self.value)

    @property
    def difference(self) -> float | None:
        """Return value minus target in display units; None if either is missing."""
        if self.shown is None or self.target is None:
            return None
        return round(self.shown - float(self.target.value), 4)

    @property
    def is_few(self) -> bool:
        """Return whether there are too few observations to say if the value is good."""
        indicator = self.indicator
        return self.is_shown and not indicator.is_total and self.sums.n < indicator.min_n

    @property
    def meets_target(self) -> bool | None:
        """Return None if there is no target or too few observations."""
        if self.difference is None or self.is_few:
            return None
        return self.difference >= 0 if self.indicator.higher_is_better else self.difference <= 0

    @property
    def numerator(self) -> float | None:
        """Return the sum that was divided; for a total, the value itself."""
        return self.shown if self.indicator.is_total else _without_rounding_error(self.sums.total)

    @property
    def denominator(self) -> float | None:
        return None if self.indicator.is_total else _without_rounding_error(self.sums.weight)


def _without_rounding_error(total: float) -> float:
    return round(total, 6)


@dataclass(frozen=True)
class GroupResult:
    """One course, run, module or learner with its value."""

    group: GroupObject
    answer: MetricValue


@dataclass(frozen=True)
class KpiResult:
    """The values of one KPI that a query asks for."""

    indicator: Indicator
    query: KpiQuery
    series: Sequence[MetricValue]
    current: MetricValue
    previous: MetricValue
    # what the current value is compared with: the previous one, or that of the year before
    earlier: MetricValue
    window: MetricValue | None = None
    window_before: MetricValue | None = None
    components: Sequence[MetricValue] = ()
    groups: Sequence[GroupResult] = ()

    @property
    def change(self) -> float | None:
        """Return the current minus the earlier value in display units; None if one is missing."""
        return _change(self.current, self.earlier)

    @property
    def change_of_window(self) -> float | None:
        """Return the same for the window; None without one or if it is not compared."""
        if self.window is None or self.window_before is None:
            return None
        return _change(self.window, self.window_before)


def _change(one: MetricValue, before: MetricValue) -> float | None:
    if one.shown is None or before.shown is None:
        return None
    return round(one.shown - before.shown, 4)


def group_sort_key(group: GroupObject) -> tuple[Any, ...]:
    if isinstance(group, Module):
        return (group.course_id, group.position)
    if isinstance(group, CourseRun):
        return (group.course.title, str(group.starts_on or ""), group.key)
    return (str(group),)
