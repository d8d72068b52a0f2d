"""Load what rules are evaluated on (sums, targets, freshness) in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from alerts.models import AlertRule
from alerts.scopes import AlertScope
from core import reporting_clock
from curriculum.models import Course
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import Measurement
from kpis.query.results import MetricValue
from kpis.query.valuation import Valuation
from kpis.read_sums import FoundSums
from kpis.recompute.stored_rows import COMPOSITES, MEASUREMENTS
from kpis.statistics.intervals import NOTHING, Sums

# kind of period, scope, its id, KPI
SeriesKey = tuple[str, str, int, str]
# the courses to evaluate by rule id; a rule without an entry is evaluated in every course
CourseFilter = Mapping[int, frozenset[int]]
EVERY_COURSE: CourseFilter = {}
TABLES = (MEASUREMENTS, COMPOSITES)
COLUMNS = ("period_kind", "scope", "scope_id", "kpi", "course_id", "period_start")


@dataclass
class Wanted:
    """The measurements of one kind of period and scope that some rules need."""

    kpis: set[str] = field(default_factory=set)
    ids: set[int] = field(default_factory=set)
    courses: set[int] = field(default_factory=set)
    is_all: bool = False

    def add(self, rule: AlertRule, courses: frozenset[int] | None) -> None:
        self.kpis.update((rule.kpi, *REGISTRY[rule.kpi].measured_keys))
        if not rule.each:
            self.ids.add(rule.scope_id)
        elif courses is not None:
            self.courses.update(courses)
        elif rule.course_id:
            self.courses.add(rule.course_id)
        else:
            self.is_all = True

    @property
    def has_composites(self) -> bool:
        return any(REGISTRY[key].parts for key in self.kpis)

    @property
    def where(self) -> Q:
        if self.is_all:
            return Q(kpi__in=self.kpis)
        return Q(kpi__in=self.kpis) & (Q(scope_id__in=self.ids) | Q(course__in=self.courses))


class EvaluationData:
    """The values of rules in all their scopes, in the periods given by kind."""

    def __init__(
        self,
        rules: Sequence[AlertRule],
        periods: Mapping[str, Sequence[Period]],
        now: datetime,
        *,
        courses: CourseFilter = EVERY_COURSE,
    ) -> None:
        self.rules, self.periods, self.now, self.courses = rules, periods, now, courses
        self.valuation = Valuation(now, kinds=set(periods))
        self._sums: dict[SeriesKey, dict[date, Sums]] = defaultdict(dict)
        self._scopes: dict[tuple[str, str, str], set[AlertScope]] = defaultdict(set)
        self._load()

    def _load(self) -> None:
        by_kind_and_scope: dict[tuple[str, str], Wanted] = defaultdict(Wanted)
        for rule in self.rules:
            if rule.metric != AlertRule.Metric.STALE:
                wanted = by_kind_and_scope[rule.period_kind, rule.scope]
                wanted.add(rule, self.courses.get(rule.pk))
        for (kind, scope), wanted in by_kind_and_scope.items():
            days = [period.first for period in self.periods[kind]]
            for table in TABLES if wanted.has_composites else TABLES[:1]:
                rows: QuerySet[Any] = QuerySet(table.model).filter(
                    wanted.where, period_kind=kind, scope=scope, period_start__in=days
                )
                for row in rows.order_by().values_list(*COLUMNS, *table.model.SUMS):
                    self._add(table.sums_from(*row[len(COLUMNS) :]), *row[: len(COLUMNS)])

    def _add(
        self,
        sums: Sums,
        kind: str,
        scope: str,
        scope_id: int,
        kpi: str,
        course_id: int | None,
        first: date,
    ) -> None:
        series = (kind, scope, scope_id, kpi)
        if series not in self._sums:
            self._scopes[kind, scope, kpi].add(AlertScope(scope, scope_id, course_id))
        self._sums[series][first] = sums

    def scopes(self, rule: AlertRule) -> list[AlertScope]:
        """Return the scopes of a rule: one, or each course or module with measurements."""
        if not rule.each:
            return [AlertScope(rule.scope, rule.scope_id, rule.course_id)]
        if rule.metric == AlertRule.Metric.STALE:
            category = REGISTRY[rule.kpi].category
            with_data = self.valuation.data_through_by_course.get(category, {})
            running = sorted(with_data.keys() & self._running_courses)
            return [AlertScope(Measurement.Scope.COURSE, one, one) for one in running]
        found: set[AlertScope] = set()
        for key in REGISTRY[rule.kpi].measured_keys:
            found |= self._scopes[rule.period_kind, rule.scope, key]
        courses = self.courses.get(rule.pk)
        return sorted(
            one
            for one in found
            if rule.course_id in (None, one.course_id)
            and (courses is None or one.course_id in courses)
        )

    @cached_property
    def _running_courses(self) -> set[int]:
        """Courses without runs, or with a run that has not ended."""
        today = local_day(self.now, reporting_clock.reporting_zone())
        running = Q(runs=None) | Q(runs__ends_on=None) | Q(runs__ends_on__gte=today)
        return set(Course.objects.filter(running).values_list("pk", flat=True))

    def values(self, rule: AlertRule, indicator: Indicator, scope: AlertScope) -> list[MetricValue]:
        """Return the value of each period in a scope, oldest first."""
        periods = self.periods[rule.period_kind]
        if not indicator.parts:
            return [self._value(indicator, scope, period) for period in periods]
        parts = [(part, self.values(rule, REGISTRY[part.key], scope)) for part in indicator.parts]
        series = (rule.period_kind, scope.scope, scope.scope_id, indicator.key)
        together = self._sums.get(series, {})
        return [
            self.valuation.weighted_mean(
                indicator,
                scope.kpi_scope,
                period,
                {part: values[at] for part, values in parts},
                together.get(period.first, NOTHING),
            )
            for at, period in enumerate(periods)
        ]

    def _value(self, indicator: Indicator, scope: AlertScope, period: Period) -> MetricValue:
        series = (period.kind, scope.scope, scope.scope_id, indicator.key)
        sums = self._sums[series].get(period.first, NOTHING) if series in self._sums else NOTHING
        if not sums.n and self._is_pending(indicator, scope, period):
            return self.valuation.blank(indicator, scope.kpi_scope, period)
        return self.valuation.value(indicator, scope.kpi_scope, period, FoundSums(sums))

    def _is_pending(self, indicator: Indicator, scope: AlertScope, period: Period) -> bool:
        """True if the value is still to be computed: a total, for example, is not 0 then."""
        periods = self.periods[period.kind]
        starts = self.valuation.pending.starts(indicator, scope.kpi_scope, periods)
        return period.first in starts

    def data_through(self, category: str, course_id: int | None) -> datetime | None:
        """Return when the data of a category end in a course; for None, in the latest course."""
        courses = None if course_id is None else frozenset({course_id})
        return self.valuation.data_through(category, courses)
