"""From sums to values: the one way, for pages and the API, alerts and findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.db.models import Min

from core import reporting_clock
from curriculum.parameters import ParameterHistory
from kpis import read_sums
from kpis.definitions.periods import WINDOW, Period
from kpis.definitions.registry import REGISTRY, Indicator, Part
from kpis.definitions.scopes import Scope
from kpis.definitions.units import PERCENT, POINTS
from kpis.models import DataFreshness, Measurement, PeriodKind
from kpis.pending_figures import PendingFigures
from kpis.query.results import GROUP_OBJECTS, MetricValue
from kpis.query.targets import TargetHistory, Targets, comparable
from kpis.read_sums import FoundSums
from kpis.statistics.estimates import (
    NET,
    SHARE,
    UNKNOWN,
    AnyEstimate,
    Crosses,
    Scale,
    WeightedPart,
    estimate,
    estimate_mean,
    weighted_estimate,
)
from kpis.statistics.intervals import Sums


@dataclass(frozen=True)
class ValueContext:
    """What turns sums into a value; `data_from` is the first day with data, if known."""

    now: datetime
    data_through: datetime | None
    close_lag: timedelta
    stale_after: timedelta
    data_from: date | None = None

    @classmethod
    def at(
        cls, now: datetime, data_through: datetime | None, data_from: date | None = None
    ) -> ValueContext:
        return cls(
            now, data_through, reporting_clock.close_lag(), reporting_clock.stale_after(), data_from
        )


class Valuation:
    """Turns sums into values at one moment.

    Targets, weights and data freshness are loaded once, when they are first needed. For a total
    without rows, the first day with data is looked up: of each kind of period in `kinds` for all
    KPIs and courses together, of others one by one.
    """

    def __init__(self, now: datetime, *, kinds: Collection[str] = ()) -> None:
        self.now = now
        self.kinds = kinds
        self.pending = PendingFigures()
        self._contexts: dict[tuple[str, frozenset[int] | None], ValueContext] = {}
        self._first_days: dict[tuple[str, frozenset[int] | None, str], date | None] = {}
        self._courses_by_group: dict[str, dict[int, int]] = {}

    def value(
        self, indicator: Indicator, scope: Scope, period: Period, found: FoundSums
    ) -> MetricValue:
        """Divide the sums, and add status, interval and target."""
        context = self._context(indicator.category, scope.course_ids)
        if indicator.is_total and not found.sums.n:
            context = replace(context, data_from=self._first_day(indicator, scope, period))
        return metric_value(self.blank(indicator, scope, period, found=found), found.sums, context)

    def weighted_mean(
        self,
        indicator: Indicator,
        scope: Scope,
        period: Period,
        parts: Mapping[Part, MetricValue],
        together: Sums,
    ) -> MetricValue:
        """Return the value of a composite from its components, with the weights in force.

        `together` has their cross sums; without any, the largest possible ones are assumed.
        """
        crosses = dict(zip(indicator.pairs, together.crosses, strict=False))
        blank = self.blank(indicator, scope, period)
        weighted = [(self.weight(part, scope, period), value) for part, value in parts.items()]
        return combine(
            blank, weighted, self._context(indicator.category, scope.course_ids), crosses
        )

    def blank(
        self,
        indicator: Indicator,
        scope: Scope,
        period: Period,
        status: str = "no_data",
        *,
        found: FoundSums | None = None,
    ) -> MetricValue:
        """Return a value that has everything but the result of the division."""
        target, other = self.targets(indicator, scope, period)
        return MetricValue(
            indicator,
            period,
            status,
            target=target,
            other_target=other,
            data_through=self.data_through(indicator.category, scope.course_ids),
            computed_at=found.computed_at if found else None,
            restated_at=found.restated_at if found else None,
        )

    def targets(self, indicator: Indicator, scope: Scope, period: Period) -> Targets:
        """Return the target in force that the value can be compared with, and the one it cannot."""
        found = self._targets.in_force(indicator.key, _only_course(scope), period.last)
        return comparable(found, indicator, scope, period)

    def courses_with_targets(self, indicator: Indicator) -> set[int]:
        """Return the courses that have targets of their own."""
        return self._targets.courses_of(indicator.key)

    def data_through(self, category: str, course_ids: frozenset[int] | None) -> datetime | None:
        """Return when the data of a category end in the latest of the courses (None: of all)."""
        return self._context(category, course_ids).data_through

    @cached_property
    def data_through_by_course(self) -> dict[str, dict[int, datetime]]:
        """When the data end, by category and course."""
        found: dict[str, dict[int, datetime]] = {}
        rows = DataFreshness.objects.values_list("category", "course_id", "data_through")
        for category, course, through in rows:
            found.setdefault(category, {})[course] = through
        return found

    def scope_of_group(self, scope: Scope, by: str) -> Callable[[int], Scope]:
        """Return a function from a group's id to the scope whose targets and parameters apply."""
        if by == "learner" or (by != "course" and _only_course(scope)):
            return lambda _: scope
        if by != "course" and by not in self._courses_by_group:
            self._courses_by_group[by] = dict(GROUP_OBJECTS[by].values_list("pk", "course_id"))
        course_of = self._courses_by_group.get(by, {})
        return lambda key: replace(scope, course_ids=frozenset({course_of.get(key, key)}))

    def _context(self, category: str, course_ids: frozenset[int] | None) -> ValueContext:
        key = (category, course_ids)
        if key not in self._contexts:
            by_course = self.data_through_by_course.get(category, {})
            courses = by_course.keys() if course_ids is None else course_ids & by_course.keys()
            moments = [by_course[course] for course in courses]
            self._contexts[key] = ValueContext.at(self.now, max(moments, default=None))
        return self._contexts[key]

    def weight(self, part: Part, scope: Scope, period: Period) -> Decimal:
        """Return the weight of a component in a scope."""
        return self._parameters.value(part.weight, period.end, course_id=_only_course(scope))

    def courses_with_weights(self, part: Part) -> set[int]:
        """Return the courses that may have a weight of their own."""
        return self._parameters.courses_of(part.weight)

    def _first_day(self, indicator: Indicator, scope: Scope, period: Period) -> date | None:
        """Return the first day with data: totals are 0 only after it."""
        kind = PeriodKind.DAY if period.kind == WINDOW else period.kind
        if kind in self.kinds:
            courses = (None,) if scope.course_ids is None else scope.course_ids
            days = (self._first_days_by_course.get((kind, indicator.key, one)) for one in courses)
            return min((day for day in days if day), default=None)
        key = (indicator.key, scope.course_ids, kind)
        if key not in self._first_days:
            self._first_days[key] = read_sums.first_day(indicator, scope, kind)
        return self._first_days[key]

    @cached_property
    def _first_days_by_course(self) -> dict[tuple[str, str, int | None], date]:
        totals = [key for key, one in REGISTRY.items() if one.is_total]
        rows = Measurement.objects.filter(
            kpi__in=totals, period_kind__in=self.kinds, scope__in=("site", "course"), n__gt=0
        )
        grouped = rows.order_by().values("period_kind", "kpi", "course_id")
        first = grouped.annotate(first=Min("period_start"))
        return {
            (kind, kpi, course): day
            for kind, kpi, course, day in first.values_list(
                "period_kind", "kpi", "course_id", "first"
            )
        }

    @cached_property
    def _targets(self) -> TargetHistory:
        return TargetHistory.load()

    @cached_property
    def _parameters(self) -> ParameterHistory:
        return ParameterHistory([part.weight for one in REGISTRY.values() for part in one.parts])


def metric_value(blank: MetricValue, sums: Sums, context: ValueContext) -> MetricValue:
    """Complete a value without sums: divide, and determine status and interval."""
    value = _divided(blank, sums, context)
    if value is None:
        return replace(blank, status="no_data", sums=sums)
    status = _status(blank.indicator, blank.period, sums, context)
    found = estimate_of(blank.indicator, sums)
    interval = found.interval if found else None
    return replace(blank, status=status, value=value, sums=sums, estimate=found, interval=interval)


def combine(
    blank: MetricValue,
    parts: Sequence[tuple[Decimal, MetricValue]],
    context: ValueContext,
    crosses: Crosses = UNKNOWN,
) -> MetricValue:
    """Complete a value with the weighted mean of its components.

    Components without data are left out; a suppressed one suppresses the whole. The numerator is
    the weighted sum of the components' values, the denominator the sum of their weights.
    """
    blank = replace(
        blank,
        computed_at=max((one.computed_at for _, one in parts if one.computed_at), default=None),
        restated_at=max((one.restated_at for _, one in parts if one.restated_at), default=None),
    )
    if any(one.status == "suppressed" for _, one in parts):
        return replace(blank, status="suppressed")
    if parts and all(one.status in ("pending", "no_data") for _, one in parts):
        is_pending = any(one.status == "pending" for _, one in parts)
        return replace(blank, status="pending" if is_pending else "no_data")
    known = [(float(weight), one) for weight, one in parts if one.is_shown and weight]
    sums = Sums(
        n=sum(one.sums.n for _, one in known),
        total=sum(weight * (one.value or 0.0) for weight, one in known),
        weight=sum(weight for weight, _ in known),
        learners=max((one.sums.learners for _, one in known), default=0),
    )
    # the uncertainty of a mean is only known of shares
    are_shares = all(scale_of(one.indicator) is SHARE for _, one in known)
    of_parts = [WeightedPart(one.indicator.key, weight, one.sums) for weight, one in known]
    found = weighted_estimate(of_parts, crosses) if are_shares else None
    interval = found.interval if found else None
    return replace(metric_value(blank, sums, context), estimate=found, interval=interval)


def estimate_of(indicator: Indicator, sums: Sums) -> AnyEstimate | None:
    """Return the value with its uncertainty; None for a total, which is a full count."""
    if indicator.is_total:
        return None
    scale = scale_of(indicator)
    return estimate_mean(sums) if scale is None else estimate(sums, scale)


def scale_of(indicator: Indicator) -> Scale | None:
    """Return the bounds of the KPI's values; None if they have none, such as amounts of money."""
    return {PERCENT: SHARE, POINTS: NET}.get(indicator.unit)


def _divided(blank: MetricValue, sums: Sums, context: ValueContext) -> float | None:
    """Return total ÷ weight; a total without rows is 0 after the first day with data, else None."""
    if not blank.indicator.is_total or sums.n:
        return blank.indicator.value_of(sums)
    start = context.data_from
    is_known = start is not None and start < blank.period.first
    return 0.0 if is_known and blank.period.has_begun(context.now) else None


def _status(indicator: Indicator, period: Period, sums: Sums, context: ValueContext) -> str:
    if not period.is_closed(context.now, context.close_lag):
        return "provisional"
    if sums.n < indicator.min_n and not indicator.is_total:
        return "low_n"
    through = context.data_through
    is_stale = through is not None and through < period.whole_end - context.stale_after
    return "stale" if is_stale else "ok"


def _only_course(scope: Scope) -> int | None:
    """Return the course of a scope that has exactly one, else None."""
    if scope.course_ids is not None and len(scope.course_ids) == 1:
        return next(iter(scope.course_ids))
    return None
