"""Gather what can be judged, from the answers of one reader's desk alone.

What is hidden from the reader is hidden from the judge: no finding, and no rank of one, can tell
more than the figures that the reader sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from curriculum.models import Course, Enrollment, Module
from kpis import clock
from kpis.answers import Answer
from kpis.ask import Desk, Group, Reply
from kpis.cards import Card
from kpis.findings.finding import Silence, Subject
from kpis.models import Feed, PeriodKind
from kpis.periods import Period
from kpis.question import Question
from kpis.registry import Indicator, has_modules


@dataclass(frozen=True)
class Parts:
    """The courses and modules of one KPI in a period; none where they cannot be told apart."""

    courses: Sequence[Group] = ()
    before: Sequence[Group] = ()
    modules: Sequence[Group] = ()


def subjects(desk: Desk, cards: Sequence[Card]) -> Iterator[Subject]:
    """What is asked about, its courses and, by month, its modules.

    A card that answers a wider question than was asked is left out.
    """
    for card in cards:
        found = closed(card.reply, desk) if not card.note else None
        if found is None:
            continue
        answer, before = found
        question = card.reply.question
        thing = question.module or question.run or question.course
        yield Subject(answer, thing, before)
        yield from _of_parts(answer, question, parts(desk, answer, question))


def closed(reply: Reply, desk: Desk) -> tuple[Answer, Answer | None] | None:
    """The last answer whose period is closed, and the one before; None where none is."""
    over = [
        at
        for at, answer in enumerate(reply.series)
        if answer.period.is_closed(desk.now, clock.close_lag())
    ]
    if not over:
        return None
    answer = reply.series[over[-1]]
    if over[-1]:
        return answer, reply.series[over[-1] - 1]
    is_known = reply.previous.period == answer.period.previous
    return answer, reply.previous if is_known else None


def parts(desk: Desk, answer: Answer, question: Question) -> Parts:
    """Ask the parts in the period of the answer, where measurements of them are kept."""
    if question.run or question.module or not answer.is_shown:
        return Parts()
    indicator, period = answer.indicator, answer.period
    courses, before = [], []
    if question.course is None:
        courses = _asked(desk, indicator, question, "course", period)
        before = _asked(desk, indicator, question, "course", period.previous)
    modules = []
    if period.kind == PeriodKind.MONTH and has_modules(indicator):
        modules = _asked(desk, indicator, question, "module", period)
    return Parts(courses, before, modules)


def _asked(
    desk: Desk, indicator: Indicator, question: Question, by: str, period: Period
) -> list[Group]:
    asked = replace(question, by=by, periods=[period], window=None)
    return desk.groups(indicator, asked)


def _of_parts(answer: Answer, question: Question, found: Parts) -> Iterator[Subject]:
    before = {group.thing.pk: group.answer for group in found.before}
    if len(found.courses) > 1:
        for group in found.courses:
            key = group.thing.pk
            yield Subject(group.answer, group.thing, before.get(key), is_part=True)
    wholes = {group.thing.pk: group.answer for group in found.courses}
    if question.course:
        wholes[question.course.pk] = answer
    for group in found.modules:
        if isinstance(group.thing, Module) and group.thing.course_id in wholes:
            whole = wholes[group.thing.course_id]
            yield Subject(group.answer, group.thing, whole=whole, is_part=True)


def silences(desk: Desk, category: str, question: Question) -> list[Silence]:
    """The feeds of a category that have gone stale while people are learning.

    One for the whole scope where all of it is silent. None are told of a past that was asked.
    """
    if question.periods[-1].whole_end <= desk.now:
        return []
    feeds = Feed.objects.filter(category=category).select_related("course")
    if question.scope.course_ids is not None:
        feeds = feeds.filter(course__in=question.scope.course_ids)
    all_of_them = list(feeds)
    late = [feed for feed in all_of_them if _is_late(feed, desk)]
    if not late or len(late) == len(all_of_them):
        newest = max(late, key=lambda feed: feed.data_through, default=None)
        return [_silence(newest, question.course, desk)] if newest else []
    learning = _courses_being_learnt(desk, [feed.course_id for feed in late])
    return [_silence(feed, feed.course, desk) for feed in late if feed.course_id in learning]


def _is_late(feed: Feed, desk: Desk) -> bool:
    return feed.data_through < desk.now - clock.stale_after()


def _silence(feed: Feed, course: Course | None, desk: Desk) -> Silence:
    days = (desk.now - feed.data_through) // timedelta(days=1)
    return Silence(feed.category, course, feed.data_through, days)


def _courses_being_learnt(desk: Desk, course_ids: Sequence[int]) -> set[int]:
    """Those of the courses that somebody has yet to complete: an ended one may be silent."""
    rows = Enrollment.objects.counted().filter(
        run__course__in=course_ids,
        started_at__lte=desk.now,
        due_at__gt=desk.now,
        completed_at=None,
        withdrawn_at=None,
    )
    return set(rows.values_list("run__course", flat=True).distinct())
