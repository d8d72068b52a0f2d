"""Collect the values to examine for findings, only as the reader sees them.

Values hidden from the reader are left out, so neither a finding nor its rank can reveal them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from core import reporting_clock
from curriculum.models import Course, Enrollment, Module
from insights.finding import FindingSubject, StaleFeed
from kpis.models import DataFreshness, PeriodKind
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GROUP_OBJECTS, KpiResult, MetricValue
from presentation.page_query import Card


@dataclass(frozen=True)
class Parts:
    """The values of one KPI by course and module id, and of the courses in the previous period.

    Empty where the KPI has no such values.
    """

    metric_value: MetricValue
    query: KpiQuery
    courses: Mapping[int, MetricValue] = field(default_factory=dict)
    before: Mapping[int, MetricValue] = field(default_factory=dict)
    modules: Mapping[int, MetricValue] = field(default_factory=dict)


def subjects(service: KpiQueryService, cards: Sequence[Card]) -> Iterator[FindingSubject]:
    """Return the values of the query, its courses and, for months, its modules.

    Cards that show a wider scope than the query are left out.
    """
    results = [card.result for card in cards if not card.note]
    found = [(result, *values) for result in results if (values := last_closed(result, service))]
    for result, value, before in found:
        query = result.query
        yield FindingSubject(value, query.module or query.run or query.course, before)
    parts = [
        values_of_parts(service, metric_value, result.query) for result, metric_value, _ in found
    ]
    courses = Course.objects.in_bulk({key for one in parts for key in one.courses})
    modules = GROUP_OBJECTS["module"].in_bulk({key for one in parts for key in one.modules})
    for one in parts:
        yield from _of_courses(one, courses)
        yield from _of_modules(one, modules)


def last_closed(
    result: KpiResult, service: KpiQueryService
) -> tuple[MetricValue, MetricValue | None] | None:
    """Return the last value of a closed period and the one before; None without any."""
    closed = [
        at
        for at, metric_value in enumerate(result.series)
        if metric_value.period.is_closed(service.now, reporting_clock.close_lag())
    ]
    if not closed:
        return None
    metric_value = result.series[closed[-1]]
    if closed[-1]:
        return metric_value, result.series[closed[-1] - 1]
    is_known = result.previous.period == metric_value.period.previous
    return metric_value, result.previous if is_known else None


def values_of_parts(service: KpiQueryService, metric_value: MetricValue, query: KpiQuery) -> Parts:
    """Query the courses and modules in the period of a value."""
    found = Parts(metric_value, query)
    if query.run or query.module:
        return found
    indicator, scope, now = metric_value.indicator, query.scope, metric_value.period
    if query.course is None:
        periods = {period: [period] for period in (now, now.previous)}
        courses = service.group_values(indicator, scope, "course", periods)
        found = replace(found, courses=courses[now], before=courses[now.previous])
    if now.kind == PeriodKind.MONTH and indicator.has_modules:
        modules = service.group_values(indicator, scope, "module", {now: [now]})
        found = replace(found, modules=modules[now])
    return found


def _of_courses(found: Parts, courses: Mapping[int, Course]) -> Iterator[FindingSubject]:
    """Return the courses if there are several."""
    if len(found.courses) > 1:
        for key, metric_value in found.courses.items():
            yield FindingSubject(metric_value, courses[key], found.before.get(key), is_part=True)


def _of_modules(found: Parts, modules: Mapping[int, Module]) -> Iterator[FindingSubject]:
    course_values = dict(found.courses)
    if found.query.course:
        course_values[found.query.course.pk] = found.metric_value
    for key, metric_value in found.modules.items():
        whole = course_values.get(modules[key].course_id)
        if whole is not None:
            yield FindingSubject(metric_value, modules[key], whole=whole, is_part=True)


def stale_feeds(service: KpiQueryService, category: str, query: KpiQuery) -> list[StaleFeed]:
    """Return the stale feeds of a category in courses where people are learning.

    If all are stale, return one for the whole scope. A query of past periods has none.
    """
    if query.periods[-1].whole_end <= service.now:
        return []
    rows = DataFreshness.objects.filter(category=category).select_related("course")
    if query.scope.course_ids is not None:
        rows = rows.filter(course__in=query.scope.course_ids)
    feeds = list(rows)
    stale = [feed for feed in feeds if _is_stale(feed, service)]
    if not stale or len(stale) == len(feeds):
        newest = max(stale, key=lambda feed: feed.data_through, default=None)
        return [_stale_feed(newest, query.course, service)] if newest else []
    learning = _active_courses(service, [feed.course_id for feed in stale])
    return [_stale_feed(feed, feed.course, service) for feed in stale if feed.course_id in learning]


def _is_stale(feed: DataFreshness, service: KpiQueryService) -> bool:
    return feed.data_through < service.now - reporting_clock.stale_after()


def _stale_feed(feed: DataFreshness, course: Course | None, service: KpiQueryService) -> StaleFeed:
    days = (service.now - feed.data_through) // timedelta(days=1)
    return StaleFeed(feed.category, course, feed.data_through, days)


def _active_courses(service: KpiQueryService, course_ids: Sequence[int]) -> set[int]:
    """Return the courses that somebody is still taking; finished ones need no data."""
    rows = Enrollment.objects.counted().filter(
        run__course__in=course_ids,
        started_at__lte=service.now,
        due_at__gt=service.now,
        completed_at=None,
        withdrawn_at=None,
    )
    return set(rows.values_list("run__course", flat=True).distinct())
