"""Collect the values of the query itself and the stale feeds to examine for findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from core import reporting_clock
from curriculum.models import Course, Enrollment
from insights.finding import FindingSubject, StaleFeed
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import KpiResult, MetricValue
from presentation.page_query import Card


def wholes(service: KpiQueryService, cards: Sequence[Card]) -> list[FindingSubject]:
    """Return the values of the query in its last closed period.

    Cards that show a wider scope than the query are left out.
    """
    results = [card.result for card in cards if not card.note]
    found = [(result.query, last_closed(result, service)) for result in results]
    return [
        FindingSubject(values[0], query.module or query.run or query.course, values[1])
        for query, values in found
        if values
    ]


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


def stale_feeds(service: KpiQueryService, category: str, query: KpiQuery) -> list[StaleFeed]:
    """Return the stale feeds of a category in courses where people are learning.

    If all are stale, return one for the whole scope. A query of past periods has none.
    """
    if query.periods[-1].whole_end <= service.now:
        return []
    courses, bound = query.scope.course_ids, service.now - reporting_clock.stale_after()
    feeds = {
        course: through
        for course, through in service.valuation.data_through_by_course.get(category, {}).items()
        if courses is None or course in courses
    }
    stale = {course: through for course, through in feeds.items() if through < bound}
    if not stale or len(stale) == len(feeds):
        newest = max(stale.values(), default=None)
        return [_stale_feed(category, newest, query.course, service)] if newest else []
    learning = Course.objects.in_bulk(_active_courses(service, list(stale)))
    return [
        _stale_feed(category, through, learning[course], service)
        for course, through in stale.items()
        if course in learning
    ]


def _stale_feed(
    category: str, through: datetime, course: Course | None, service: KpiQueryService
) -> StaleFeed:
    return StaleFeed(category, course, through, (service.now - through) // timedelta(days=1))


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
