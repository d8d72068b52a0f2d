"""Stale periods, gathered from stale days: each is waiting once, however often its days changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Max, Q

from core import reporting_clock
from core.changes import CourseId
from core.database.locks import queue_to_write
from kpis.definitions.periods import Period, between, containing, local_day
from kpis.models import PeriodKind, StaleDay, StalePeriod
from kpis.recompute.empty_periods import Waiting, without_empty
from kpis.recompute.stale_days import KIND_ORDER

SPANS_PER_BATCH = 5_000
PERIODS_PER_BATCH = 5_000
# periods that are recomputed together span about this many days
DAYS_PER_GROUP = 92
CHUNK = 500

# periods, each with the courses that changed in it
PeriodCourses = Sequence[tuple[Period, frozenset[int]]]


@dataclass(frozen=True)
class Group:
    """Periods of one kind that are stale under one key, a category's or a KPI's.

    Each period comes with the courses that changed in it; none if it is the site's.
    """

    key: str
    periods: PeriodCourses
    row_ids: Collection[int]


def waiting_courses(failed: Collection[str] = ()) -> list[CourseId]:
    """Return the courses with anything stale, and None for the site, the most urgent first.

    Months are more urgent than weeks, newer ones than older ones. Among equals the site is last,
    since its figures follow from the courses'.
    """
    urgency: dict[CourseId, tuple[int, int]] = {}
    rows = StalePeriod.objects.exclude(key__in=failed).order_by("rank", "course")
    newest = rows.values_list("course", "rank").annotate(newest=Max("start"))
    for course, rank, start in newest:
        urgency.setdefault(course, (rank, -start.toordinal()))
    days = StaleDay.objects.order_by().values_list("course", "kind").annotate(newest=Max("last"))
    for course, kind, last in days:
        # days without a kind have months around them
        found = KIND_ORDER.index(PeriodKind(kind)) if kind else 0, -last.toordinal()
        urgency[course] = min(found, urgency.get(course, found))
    return sorted(urgency, key=lambda one: (urgency[one][0], one is None, urgency[one][1]))


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
    while rows := list(spans[:SPANS_PER_BATCH]):
        with queue_to_write(), transaction.atomic():
            StalePeriod.objects.bulk_create(
                (
                    StalePeriod(key=key, course_id=course, rank=rank, start=start)
                    for key, course, rank, start in without_empty(_periods_of(rows, now))
                ),
                batch_size=1000,
                ignore_conflicts=True,
            )
            # by id and not by range: a slower transaction may commit an id in between
            _delete(StaleDay, [row.pk for row in rows])


def _periods_of(rows: Iterable[StaleDay], now: datetime) -> set[Waiting]:
    zone = reporting_clock.reporting_zone()
    today = local_day(now, zone)
    return {
        (row.key, row.course_id, rank, period.first)
        for row in rows
        for rank, kind in enumerate(KIND_ORDER)
        if row.kind in ("", kind)
        for period in between(row.first, min(row.last, today), kind, zone)
    }


def groups(
    courses: Collection[CourseId] | None = None, failed: Collection[str] = ()
) -> list[Group]:
    """Return what to recompute next in these courses: the newest periods of the first kind."""
    rows = StalePeriod.objects.filter(_of(courses)).exclude(key__in=failed)
    first = rows.order_by("rank", "-start").values_list("rank", "start").distinct()
    newest = list(first[:DAYS_PER_GROUP])
    if not newest:
        return []
    rank = newest[0][0]
    starts = [start for of, start in newest if of == rank]
    zone, kind = reporting_clock.reporting_zone(), KIND_ORDER[rank]
    size = _periods_per_group(containing(starts[0], kind, zone))
    waiting = rows.filter(rank=rank, start__in=starts[:size]).order_by("-start", "key", "course")
    by_key: dict[str, list[StalePeriod]] = defaultdict(list)
    for row in waiting[:PERIODS_PER_BATCH]:
        by_key[row.key].append(row)
    return [_group(key, kind, some) for key, some in sorted(by_key.items())]


def _group(key: str, kind: str, rows: Sequence[StalePeriod]) -> Group:
    zone = reporting_clock.reporting_zone()
    periods = [
        (containing(start, kind, zone), frozenset(row.course_id for row in some if row.course_id))
        for start, some in groupby(rows, key=lambda row: row.start)
    ]
    return Group(key, periods, [row.pk for row in rows])


def by_days(periods: PeriodCourses) -> Iterator[PeriodCourses]:
    """Split periods of one kind into chunks that span about `DAYS_PER_GROUP` days."""
    if periods:
        size = _periods_per_group(periods[0][0])
        yield from (periods[at : at + size] for at in range(0, len(periods), size))


def _periods_per_group(one: Period) -> int:
    return max(1, DAYS_PER_GROUP // one.days)


def remove(row_ids: Sequence[int]) -> None:
    """Remove periods once they are recomputed."""
    _delete(StalePeriod, row_ids)


def _delete(model: type[StaleDay | StalePeriod], ids: Sequence[int]) -> None:
    for at in range(0, len(ids), CHUNK):
        model.objects.filter(pk__in=ids[at : at + CHUNK]).delete()


def count() -> int:
    return StalePeriod.objects.count()
