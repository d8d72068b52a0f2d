"""Gather what can be judged, from the answers of one reader's desk alone.

What is hidden from the reader is hidden from the judge: no finding, and no rank of one, can tell
more than the figures that the reader sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from core import reporting_clock
from curriculum.models import Course, Enrollment, Module
from insights.finding import FindingSubject, StaleFeed
from kpis.definitions.registry import has_modules
from kpis.models import DataFreshness, PeriodKind
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GROUP_OBJECTS, KpiResult, MetricValue
from presentation.cards import Card


@dataclass(frozen=True)
class Parts:
    """The courses, as they are and were before, and modules of one KPI in a period, by id.

    There are none where they cannot be told apart, or no measurements of them are kept.
    """

    answer: MetricValue
    question: KpiQuery
    courses: Mapping[int, MetricValue] = field(default_factory=dict)
    before: Mapping[int, MetricValue] = field(default_factory=dict)
    modules: Mapping[int, MetricValue] = field(default_factory=dict)


def subjects(desk: KpiQueryService, cards: Sequence[Card]) -> Iterator[FindingSubject]:
    """What is asked about, its courses and, by month, its modules.

    A card that answers a wider question than was asked is left out.
    """
    replies = [card.result for card in cards if not card.note]
    found = [(reply, *there) for reply in replies if (there := closed(reply, desk))]
    for reply, answer, before in found:
        question = reply.query
        yield FindingSubject(answer, question.module or question.run or question.course, before)
    some = [parts(desk, answer, reply.query) for reply, answer, _ in found]
    courses = Course.objects.in_bulk({key for one in some for key in one.courses})
    modules = GROUP_OBJECTS["module"].in_bulk({key for one in some for key in one.modules})
    for one in some:
        yield from _of_courses(one, courses)
        yield from _of_modules(one, modules)


def closed(
    reply: KpiResult, desk: KpiQueryService
) -> tuple[MetricValue, MetricValue | None] | None:
    """The last answer whose period is closed, and the one before; None where none is."""
    over = [
        at
        for at, answer in enumerate(reply.series)
        if answer.period.is_closed(desk.now, reporting_clock.close_lag())
    ]
    if not over:
        return None
    answer = reply.series[over[-1]]
    if over[-1]:
        return answer, reply.series[over[-1] - 1]
    is_known = reply.previous.period == answer.period.previous
    return answer, reply.previous if is_known else None


def parts(desk: KpiQueryService, answer: MetricValue, question: KpiQuery) -> Parts:
    """Ask the parts in the period of the answer: one query for courses, one for modules."""
    found = Parts(answer, question)
    if question.run or question.module:
        return found
    indicator, scope, now = answer.indicator, question.scope, answer.period
    if question.course is None:
        judged = {period: [period] for period in (now, now.previous)}
        courses = desk.group_values(indicator, scope, "course", judged)
        found = replace(found, courses=courses[now], before=courses[now.previous])
    if now.kind == PeriodKind.MONTH and has_modules(indicator):
        modules = desk.group_values(indicator, scope, "module", {now: [now]})
        found = replace(found, modules=modules[now])
    return found


def _of_courses(found: Parts, courses: Mapping[int, Course]) -> Iterator[FindingSubject]:
    """The courses, where there is more than the one that is the whole."""
    if len(found.courses) > 1:
        for key, answer in found.courses.items():
            yield FindingSubject(answer, courses[key], found.before.get(key), is_part=True)


def _of_modules(found: Parts, modules: Mapping[int, Module]) -> Iterator[FindingSubject]:
    wholes = dict(found.courses)
    if found.question.course:
        wholes[found.question.course.pk] = found.answer
    for key, answer in found.modules.items():
        whole = wholes.get(modules[key].course_id)
        if whole is not None:
            yield FindingSubject(answer, modules[key], whole=whole, is_part=True)


def stale_feeds(desk: KpiQueryService, category: str, question: KpiQuery) -> list[StaleFeed]:
    """The feeds of a category that have gone stale while people are learning.

    One for the whole scope where all of it is silent. None are told of a past that was asked.
    """
    if question.periods[-1].whole_end <= desk.now:
        return []
    feeds = DataFreshness.objects.filter(category=category).select_related("course")
    if question.scope.course_ids is not None:
        feeds = feeds.filter(course__in=question.scope.course_ids)
    all_of_them = list(feeds)
    late = [feed for feed in all_of_them if _is_late(feed, desk)]
    if not late or len(late) == len(all_of_them):
        newest = max(late, key=lambda feed: feed.data_through, default=None)
        return [_silence(newest, question.course, desk)] if newest else []
    learning = _courses_being_learnt(desk, [feed.course_id for feed in late])
    return [_silence(feed, feed.course, desk) for feed in late if feed.course_id in learning]


def _is_late(feed: DataFreshness, desk: KpiQueryService) -> bool:
    return feed.data_through < desk.now - reporting_clock.stale_after()


def _silence(feed: DataFreshness, course: Course | None, desk: KpiQueryService) -> StaleFeed:
    days = (desk.now - feed.data_through) // timedelta(days=1)
    return StaleFeed(feed.category, course, feed.data_through, days)


def _courses_being_learnt(desk: KpiQueryService, course_ids: Sequence[int]) -> set[int]:
    """Those of the courses that somebody has yet to complete: an ended one may be silent."""
    rows = Enrollment.objects.counted().filter(
        run__course__in=course_ids,
        started_at__lte=desk.now,
        due_at__gt=desk.now,
        completed_at=None,
        withdrawn_at=None,
    )
    return set(rows.values_list("run__course", flat=True).distinct())
