"""Stale periods, gathered from stale days: each is waiting once, however often its days changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Protocol

from django.db import transaction
from django.db.models import Max, Q

from core import reporting_clock
from core.changes import CourseId
from core.database.id_lists import ids_in
from core.database.locks import queue_to_write
from kpis.definitions.periods import Period, between, containing, local_day
from kpis.models import PeriodKind, StaleDay, StalePeriod
from kpis.recompute import stale_days
from kpis.recompute.empty_periods import Waiting, without_empty
from kpis.recompute.stale_days import KIND_ORDER

SPANS_PER_BATCH = 5_000
PERIODS_PER_BATCH = 5_000
# periods that are recomputed together span about this many days
DAYS_PER_GROUP = 92

# periods, each with the courses that changed in it
PeriodCourses = Sequence[tuple[Period, frozenset[int]]]
# the rank of a kind of period (months before weeks), and how long ago the newest began
Urgency = tuple[int, int]


@dataclass(frozen=True)
class Group:
    """Periods of one kind in which a KPI, given by its key, is stale.

    Each period comes with the courses that changed in it; none if it is the site's.
    """

    key: str
    periods: PeriodCourses
    row_ids: Collection[int]


def not_gathered() -> dict[CourseId, Urgency]:
    """Return the urgency of courses, and of the site (None), with stale days to gather."""
    found: dict[CourseId, Urgency] = {}
    rows = StaleDay.objects.order_by().values_list("course", "kind").annotate(newest=Max("last"))
    for course, kind, last in rows:
        # days without a kind have months around them
        urgency = (KIND_ORDER.index(PeriodKind(kind)) if kind else 0, -last.toordinal())
        found[course] = min(urgency, found.get(course, urgency))
    return found


def waiting_courses(
    days: Mapping[CourseId, Urgency], failed: Collection[str] = ()
) -> list[CourseId]:
    """Return the courses with anything stale, and None for the site, the most urgent first.

    Among equals the site is last, since its figures follow from the courses'.
    """
    found: dict[CourseId, Urgency] = {}
    rows = StalePeriod.objects.exclude(key__in=failed).order_by("rank", "course")
    for course, rank, start in rows.values_list("course", "rank").annotate(newest=Max("start")):
        found.setdefault(course, (rank, -start.toordinal()))
    for course, urgency in days.items():
        found[course] = min(urgency, found.get(course, urgency))
    return sorted(found, key=lambda one: (found[one][0], one is None, found[one][1]))


def _of(courses: Collection[CourseId] | None) -> Q:
    if courses is None:
        return Q()
    of_site = Q(course=None) if None in courses else Q()
    return Q(course__in=[one for one in courses if one is not None]) | of_site


def gather(now: datetime, courses: Collection[CourseId] | None = None) -> None:
    """Replace stale days of these courses by the periods around them that have begun.

    Only who holds the claim of these courses may do so: otherwise a period could be removed as
    recomputed although a day in it became stale again.
    """
    spans = StaleDay.objects.filter(_of(courses)).order_by("pk")
    is_all = False
    while not is_all and (rows := list(spans[:SPANS_PER_BATCH])):
        is_all = len(rows) < SPANS_PER_BATCH
        with queue_to_write(), transaction.atomic():
            StalePeriod.objects.bulk_create(
                (
                    StalePeriod(key=key, course_id=course, rank=rank, start=start)
                    for key, course, rank, start in periods_of(rows, now)
                ),
                batch_size=1000,
                ignore_conflicts=True,
            )
            stale_days.remove([row.pk for row in rows])


class Span(Protocol):
    """Stale days of a KPI in a course; an empty kind stands for periods of every kind."""

    @property
    def key(self) -> str: ...
    @property
    def course_id(self) -> CourseId: ...
    @property
    def kind(self) -> str: ...
    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


def periods_of(rows: Iterable[Span], now: datetime) -> set[Waiting]:
    """Return the periods around these days that have begun, unless they are known to be empty."""
    zone = reporting_clock.reporting_zone()
    today = local_day(now, zone)

    @cache
    def around(kind: str, first: date, last: date) -> list[tuple[int, date]]:
        return [
            (rank, period.first)
            for rank, one in enumerate(KIND_ORDER)
            if kind in ("", one)
            for period in between(first, min(last, today), one, zone)
        ]

    return without_empty(
        {
            (row.key, row.course_id, rank, start)
            for row in rows
            for rank, start in around(row.kind, row.first, row.last)
        }
    )


def groups(
    courses: Collection[CourseId] | None = None, failed: Collection[str] = ()
) -> list[Group]:
    """Return what to recompute next in these courses: the newest periods of the first kind."""
    rows = StalePeriod.objects.filter(_of(courses)).exclude(key__in=failed)
    urgent = rows.order_by("rank", "-start", "key", "course")
    found = list(urgent.values_list("rank", "start", "key", "course", "pk")[:PERIODS_PER_BATCH])
    if not found:
        return []
    zone, kind = reporting_clock.reporting_zone(), KIND_ORDER[found[0][0]]
    of_kind = [row for row in found if row[0] == found[0][0]]
    starts = list(dict.fromkeys(row[1] for row in of_kind))
    last = starts[: _periods_per_group(containing(starts[0], kind, zone))][-1]
    by_key: dict[str, dict[date, list[tuple[CourseId, int]]]] = defaultdict(dict)
    for _, start, key, course, pk in of_kind:
        if start >= last:
            by_key[key].setdefault(start, []).append((course, pk))
    return [
        Group(
            key,
            [
                (containing(start, kind, zone), frozenset(course for course, _ in some if course))
                for start, some in of_start.items()
            ],
            [pk for some in of_start.values() for _, pk in some],
        )
        for key, of_start in sorted(by_key.items())
    ]


def chunks_of(
    first: date, last: date, courses: frozenset[int], now: datetime
) -> Iterator[PeriodCourses]:
    """Yield the periods of every kind around these days that have begun, each with the courses.

    Those that begin in the same quarter come together, since they count the same facts.
    """
    zone = reporting_clock.reporting_zone()
    found: dict[Period, list[tuple[Period, frozenset[int]]]] = {}
    for kind in reversed(PeriodKind.values):
        for period in between(first, last, kind, zone):
            if period.has_begun(now):
                quarter = containing(period.first, PeriodKind.QUARTER, zone)
                found.setdefault(quarter, []).append((period, courses))
    yield from found.values()


def _periods_per_group(one: Period) -> int:
    return max(1, DAYS_PER_GROUP // one.days)


def remove(row_ids: Collection[int]) -> None:
    """Remove periods once they are recomputed."""
    if row_ids:
        StalePeriod.objects.filter(pk__in=ids_in(row_ids)).delete()


def count() -> int:
    return StalePeriod.objects.count()
