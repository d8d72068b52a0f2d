"""Collect the values of the query itself and the stale feeds to examine for findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core import reporting_clock
from curriculum.models import Course, Enrollment
from insights.finding import FindingSubject, StaleFeed
from kpis.models import DataFreshness
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
