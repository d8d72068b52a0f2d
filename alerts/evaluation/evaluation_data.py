"""Load what rules are evaluated on (sums, targets, freshness) in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from django.db.models import Min, Q

from alerts.models import AlertRule
from alerts.scopes import AlertScope
from core import reporting_clock
from curriculum.models import Course
from curriculum.parameters import ParameterHistory
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import DataFreshness, Measurement
from kpis.pending_figures import PendingFigures
from kpis.query.results import MetricValue, ValueContext, combine, metric_value
from kpis.query.targets import TargetHistory, comparable
from kpis.statistics.intervals import NOTHING, Sums

# kind of period, scope, its id, KPI
SeriesKey = tuple[str, str, int, str]
# the courses to evaluate by rule id; a rule without an entry is evaluated in every course
CourseFilter = Mapping[int, frozenset[int]]
EVERY_COURSE: CourseFilter = {}
COLUMNS = ("period_kind", "scope", "scope_id", "kpi", "course_id", "period_start")
SUMS = ("n", "total", "weight", "squares", "learners")


@dataclass
class Wanted:
    """The measurements of one kind of period and scope that some rules need."""

    kpis: set[str] = field(default_factory=set)
    ids: set[int] = field(default_factory=set)
    courses: set[int] = field(default_factory=set)
    is_all: bool = False

    def add(self, rule: AlertRule, courses: frozenset[int] | None) -> None:
        self.kpis.update(REGISTRY[rule.kpi].measured_keys)
        if not rule.each:
            self.ids.add(rule.scope_id)
        elif courses is not None:
            self.courses.update(courses)
        elif rule.course_id:
            self.courses.add(rule.course_id)
        else:
            self.is_all = True

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
        self._contexts: dict[tuple[str, int | None, date | None], ValueContext] = {}
        self._pending = PendingFigures()
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
            rows = Measurement.objects.filter(
                wanted.where, period_kind=kind, scope=scope, period_start__in=days
            )
            for row in rows.order_by().values_list(*COLUMNS, *SUMS):
                self._add(*row)

    def _add(
        self,
        kind: str,
        scope: str,
        scope_id: int,
        kpi: str,
        course_id: int | None,
        first: date,
        *sums: float,
    ) -> None:
        series = (kind, scope, scope_id, kpi)
        if series not in self._sums:
            self._scopes[kind, scope, kpi].add(AlertScope(scope, scope_id, course_id))
        self._sums[series][first] = Sums(*sums)  # type: ignore[arg-type]

    def scopes(self, rule: AlertRule) -> list[AlertScope]:
        """Return the scopes of a rule: one, or each course or module with measurements."""
        if not rule.each:
            return [AlertScope(rule.scope, rule.scope_id, rule.course_id)]
        if rule.metric == AlertRule.Metric.STALE:
            category = REGISTRY[rule.kpi].category
            with_data = {course for key, course in self._freshness if key == category and course}
            running = sorted(with_data & self._running_courses)
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
        parts = [
            (part.weight, self.values(rule, REGISTRY[part.key], scope)) for part in indicator.parts
        ]
        return [
            combine(
                self._empty_value(indicator, scope, period),
                [
                    (self._weights.value(key, period.end, course_id=scope.course_id), values[at])
                    for key, values in parts
                ],
                self._context(indicator, scope),
            )
            for at, period in enumerate(periods)
        ]

    def _value(self, indicator: Indicator, scope: AlertScope, period: Period) -> MetricValue:
        series = (period.kind, scope.scope, scope.scope_id, indicator.key)
        sums = self._sums[series].get(period.first, NOTHING) if series in self._sums else NOTHING
        empty = self._empty_value(indicator, scope, period)
        if not sums.n and self._is_pending(indicator, scope, period):
            return empty
        return metric_value(empty, sums, self._context(indicator, scope, period.kind))

    def _is_pending(self, indicator: Indicator, scope: AlertScope, period: Period) -> bool:
        """True if the value is still to be computed: a total, for example, is not 0 then."""
        periods = self.periods[period.kind]
        return period.first in self._pending.starts(indicator, scope.kpi_scope, periods)

    def _empty_value(self, indicator: Indicator, scope: AlertScope, period: Period) -> MetricValue:
        found = self._targets.in_force(indicator.key, scope.course_id, period.last)
        target, _ = comparable(found, indicator, scope.kpi_scope, period)
        context = self._context(indicator, scope)
        return MetricValue(indicator, period, target=target, data_through=context.data_through)

    def _context(self, indicator: Indicator, scope: AlertScope, kind: str = "") -> ValueContext:
        first = None
        if indicator.is_total and kind:
            first = self._first_days.get((kind, indicator.key, scope.course_id))
        key = (indicator.category, scope.course_id, first)
        if key not in self._contexts:
            through = self.data_through(indicator.category, scope.course_id)
            self._contexts[key] = ValueContext.at(self.now, through, first)
        return self._contexts[key]

    def data_through(self, category: str, course_id: int | None) -> datetime | None:
        """Return when the data of a category end in a course; for None, in the latest course."""
        return self._freshness.get((category, course_id))

    @cached_property
    def _freshness(self) -> dict[tuple[str, int | None], datetime]:
        found: dict[tuple[str, int | None], datetime] = {}
        rows = DataFreshness.objects.order_by("data_through")
        for category, course, through in rows.values_list("category", "course_id", "data_through"):
            found[category, course] = found[category, None] = through
        return found

    @cached_property
    def _targets(self) -> TargetHistory:
        return TargetHistory.load()

    @cached_property
    def _weights(self) -> ParameterHistory:
        return ParameterHistory([part.weight for one in REGISTRY.values() for part in one.parts])

    @cached_property
    def _first_days(self) -> dict[tuple[str, str, int | None], date]:
        """The first day with data of each total, by kind of period, KPI and course (None: site)."""
        totals = [key for key, one in REGISTRY.items() if one.is_total]
        rows = Measurement.objects.filter(
            kpi__in=totals, period_kind__in=self.periods, scope__in=("site", "course"), n__gt=0
        )
        first = rows.order_by().values("period_kind", "kpi", "course_id")
        return {
            (kind, kpi, course): day
            for kind, kpi, course, day in first.annotate(first=Min("period_start")).values_list(
                "period_kind", "kpi", "course_id", "first"
            )
        }
