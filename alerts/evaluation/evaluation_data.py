"""What is known of the scopes of some rules: read set by set, however many rules there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from django.db.models import Min, Q

from alerts.models import AlertRule
from core import reporting_clock
from curriculum.models import Course
from curriculum.parameters import ParameterHistory
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import DataFreshness, Measurement
from kpis.query.results import MetricValue, ValueContext, combine, metric_value
from kpis.query.targets import TargetHistory, comparable
from kpis.statistics.intervals import NOTHING, Sums

# kind of period, scope, its id, KPI
Series = tuple[str, str, int, str]
# the courses that a rule is looked at in, by its id; a rule that is not there is, in all
Within = Mapping[int, frozenset[int]]
NOWHERE_LESS: Within = {}
COLUMNS = ("period_kind", "scope", "scope_id", "kpi", "course_id", "period_start")
SUMS = ("n", "total", "weight", "squares", "learners")


@dataclass(frozen=True, order=True)
class AlertScope:
    """One thing that a rule tells of: a row of Measurement's scopes."""

    scope: str
    scope_id: int
    course_id: int | None

    @property
    def narrow(self) -> Scope:
        """The scope as questions name it, for what of targets depends on it."""
        return Scope(
            course_ids=None if self.course_id is None else frozenset({self.course_id}),
            run_id=self.scope_id if self.scope == Measurement.Scope.RUN else None,
            module_id=self.scope_id if self.scope == Measurement.Scope.MODULE else None,
        )


@dataclass
class Wanted:
    """The rows of one kind of period and scope that some rules need; `is_all`: of every id."""

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
    """Sums, targets, feeds and dials of some rules in the periods given by kind.

    `within` has the courses that a rule, by its id, is looked at in, where it is not in all.
    """

    def __init__(
        self,
        rules: Sequence[AlertRule],
        periods: Mapping[str, Sequence[Period]],
        now: datetime,
        *,
        within: Within = NOWHERE_LESS,
    ) -> None:
        self.rules, self.periods, self.now, self.within = rules, periods, now, within
        self._contexts: dict[tuple[str, int | None, date | None], ValueContext] = {}
        self._load()

    def _load(self) -> None:
        self._sums: dict[Series, dict[date, Sums]] = defaultdict(dict)
        self._subjects: dict[tuple[str, str, str], set[AlertScope]] = defaultdict(set)
        for (kind, scope), wanted in _wanted(self.rules, self.within).items():
            days = [period.first for period in self.periods[kind]]
            rows = Measurement.objects.filter(
                wanted.where, period_kind=kind, scope=scope, period_start__in=days
            )
            for row in rows.order_by().values_list(*COLUMNS, *SUMS):
                self._take(*row)

    def _take(
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
            self._subjects[kind, scope, kpi].add(AlertScope(scope, scope_id, course_id))
        self._sums[series][first] = Sums(*sums)  # type: ignore[arg-type]

    def subjects(self, rule: AlertRule) -> list[AlertScope]:
        """What the rule tells of: one thing, or each course or module with measurements."""
        if not rule.each:
            return [AlertScope(rule.scope, rule.scope_id, rule.course_id)]
        if rule.metric == AlertRule.Metric.STALE:
            return self._fed(rule)
        found: set[AlertScope] = set()
        for key in REGISTRY[rule.kpi].measured_keys:
            found |= self._subjects[rule.period_kind, rule.scope, key]
        courses = self.within.get(rule.pk)
        return sorted(
            one
            for one in found
            if rule.course_id in (None, one.course_id)
            and (courses is None or one.course_id in courses)
        )

    def _fed(self, rule: AlertRule) -> list[AlertScope]:
        """The courses with data of the category that are not over."""
        category = REGISTRY[rule.kpi].category
        fed = {course for one, course in self.feeds if one == category and course}
        found = fed & self._running
        return [AlertScope("course", one, one) for one in sorted(found)]

    @cached_property
    def _running(self) -> set[int]:
        """The courses with a run that has not ended, and those without runs."""
        today = local_day(self.now, reporting_clock.reporting_zone())
        going = Q(runs=None) | Q(runs__ends_on=None) | Q(runs__ends_on__gte=today)
        return set(Course.objects.filter(going).values_list("pk", flat=True))

    def answers(
        self, rule: AlertRule, indicator: Indicator, subject: AlertScope
    ) -> list[MetricValue]:
        """What each period says of the subject, oldest first."""
        periods = self.periods[rule.period_kind]
        if not indicator.parts:
            return [self._answer(indicator, subject, period) for period in periods]
        parts = [
            (part.weight, self.answers(rule, REGISTRY[part.key], subject))
            for part in indicator.parts
        ]
        return [
            combine(
                self._blank(indicator, subject, period),
                [
                    (self._dials.value(dial, period.end, course_id=subject.course_id), there[at])
                    for dial, there in parts
                ],
                self._context(indicator, subject),
            )
            for at, period in enumerate(periods)
        ]

    def _answer(self, indicator: Indicator, subject: AlertScope, period: Period) -> MetricValue:
        series = (period.kind, subject.scope, subject.scope_id, indicator.key)
        sums = self._sums[series].get(period.first, NOTHING) if series in self._sums else NOTHING
        blank = self._blank(indicator, subject, period)
        return metric_value(blank, sums, self._context(indicator, subject, period.kind))

    def _blank(self, indicator: Indicator, subject: AlertScope, period: Period) -> MetricValue:
        found = self._targets.in_force(indicator.key, subject.course_id, period.last)
        target, _ = comparable(found, indicator, subject.narrow, period)
        context = self._context(indicator, subject)
        return MetricValue(indicator, period, target=target, data_through=context.data_through)

    def _context(self, indicator: Indicator, subject: AlertScope, kind: str = "") -> ValueContext:
        first = None
        if indicator.is_total and kind:
            first = self._first_days.get((kind, indicator.key, subject.course_id))
        key = (indicator.category, subject.course_id, first)
        if key not in self._contexts:
            through = self.data_through(indicator.category, subject.course_id)
            self._contexts[key] = ValueContext.at(self.now, through, first)
        return self._contexts[key]

    def data_through(self, category: str, course_id: int | None) -> datetime | None:
        """How far the data of a category reach in a course; without one, in the latest of all."""
        return self.feeds.get((category, course_id))

    @cached_property
    def feeds(self) -> dict[tuple[str, int | None], datetime]:
        found: dict[tuple[str, int | None], datetime] = {}
        rows = DataFreshness.objects.order_by("data_through")
        for category, course, through in rows.values_list("category", "course_id", "data_through"):
            found[category, course] = found[category, None] = through
        return found

    @cached_property
    def _targets(self) -> TargetHistory:
        return TargetHistory.load()

    @cached_property
    def _dials(self) -> ParameterHistory:
        return ParameterHistory([part.weight for one in REGISTRY.values() for part in one.parts])

    @cached_property
    def _first_days(self) -> dict[tuple[str, str, int | None], date]:
        """When the data of each total begin, by kind of period, KPI and course (None: the site)."""
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


def _wanted(rules: Iterable[AlertRule], within: Within) -> dict[tuple[str, str], Wanted]:
    found: dict[tuple[str, str], Wanted] = defaultdict(Wanted)
    for rule in rules:
        if rule.metric != AlertRule.Metric.STALE:
            found[rule.period_kind, rule.scope].add(rule, within.get(rule.pk))
    return found
