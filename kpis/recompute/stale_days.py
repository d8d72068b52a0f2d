"""Stale days, marked where facts change, and the periods gathered from them to be recomputed.

Those who change facts note the days, which are written once in the same transaction
(`core/changes.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from core import reporting_clock, task_queue
from core.changes import CourseId
from core.database import bulk_upsert
from core.database.locks import queue_to_write
from curriculum.models import Course
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Indicator
from kpis.models import DataFreshness, Measurement, PeriodKind, StaleDay, StalePeriod

TASK = "kpis.tasks.recompute"
QUEUED = "kpis.recompute-queued"

# course id, first and last day
Span = tuple[CourseId, date, date]


@transaction.atomic
def request_recompute(measurements: Iterable[Measurement]) -> int:
    """Mark every day of these measurements stale; returns the number of days and courses.

    The site's measurement is the sum of all courses, so the days of each course are marked.
    """
    everywhere = list(Course.objects.values_list("pk", flat=True))
    zone = reporting_clock.reporting_zone()
    marked: dict[str, set[Span]] = defaultdict(set)
    for one in measurements:
        period = containing(one.period_start, one.period_kind, zone)
        courses = everywhere if one.course_id is None else [one.course_id]
        marked[one.kpi] |= {(pk, period.first, period.last) for pk in courses}
    write_spans(marked)
    return sum((last - first).days + 1 for some in marked.values() for _, first, last in some)


def write_spans(spans: Mapping[str, Iterable[Span]]) -> None:
    """Mark each (course id, first day, last day) of each KPI stale."""
    days = {
        key: {
            (course, first + timedelta(days=passed))
            for course, first, last in some
            for passed in range((last - first).days + 1)
        }
        for key, some in spans.items()
    }
    rows = [
        StaleDay(key=key, course_id=course, day=day)
        for key, some in days.items()
        for course, day in sorted(some, key=lambda one: (one[0] or 0, one[1]))
    ]
    if not rows:
        return
    StaleDay.objects.bulk_create(rows, batch_size=1000)
    queued = transaction.get_connection().run_on_commit
    if not any(function is recompute_soon for _, function, _ in queued):
        transaction.on_commit(recompute_soon)


def recompute_soon() -> None:
    """Queue the recompute task, once however many batches ask for it before it starts.

    If the broker is unreachable, the stale days stay and the schedule finds them.
    """
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise="figures are recomputed by the schedule")


def write_freshness(latest: Mapping[str, Mapping[int, datetime]], *, received_at: datetime) -> None:
    """Store the latest event by category and course id; an older one changes nothing."""
    bulk_upsert.upsert(
        DataFreshness,
        ("category", "course_id", "data_through", "received_at"),
        [
            (category, course_id, at, received_at)
            for category, courses in sorted(latest.items())
            for course_id, at in sorted(courses.items())
        ],
        conflict="category, course_id",
        merge={"data_through": "larger", "received_at": "larger"},
    )


DAYS_PER_BATCH = 50_000
PERIODS_PER_BATCH = 5_000
# periods that are recomputed together span about this many days
DAYS_PER_GROUP = 92
# months first, for every KPI: pages show them by default
KIND_ORDER = (PeriodKind.MONTH, PeriodKind.WEEK, PeriodKind.DAY, PeriodKind.QUARTER)
CHUNK = 500


@dataclass(frozen=True)
class Group:
    """Periods of one kind that are stale under one key, a category's or a KPI's.

    Each period comes with the courses that changed in it; none if only the site did.
    """

    key: str
    periods: Sequence[tuple[Period, frozenset[int]]]
    row_ids: Collection[int]


def gather(now: datetime) -> None:
    """Replace stale days by the periods that they lie in, except those that begin after `now`.

    Call it under `recompute_lock`: otherwise a period could be removed as recomputed although a
    day in it became stale again.
    """
    while days := list(StaleDay.objects.order_by("pk")[:DAYS_PER_BATCH]):
        with queue_to_write(), transaction.atomic():
            StalePeriod.objects.bulk_create(
                _periods_around(days, now), batch_size=1000, ignore_conflicts=True
            )
            # by id and not by range: a slower transaction may commit an id in between
            _delete(StaleDay, [day.pk for day in days])


def _periods_around(stale_days: Iterable[StaleDay], now: datetime) -> list[StalePeriod]:
    zone = reporting_clock.reporting_zone()
    days = {(one.key, one.course_id, one.day) for one in stale_days}
    starts = {
        (key, course_id, rank, period.first)
        for key, course_id, day in days
        for rank, kind in enumerate(KIND_ORDER)
        if (period := containing(day, kind, zone)).has_begun(now)
    }
    return [
        StalePeriod(key=key, course_id=course_id, rank=rank, start=start)
        for key, course_id, rank, start in starts
    ]


def groups(failed: Collection[str]) -> Iterator[Group]:
    """Yield stale periods in the order to recompute them, without the keys that failed."""
    rows = StalePeriod.objects.exclude(key__in=failed).order_by("rank", "-start", "key", "course")
    waiting: dict[tuple[int, str], list[StalePeriod]] = defaultdict(list)
    for row in rows[:PERIODS_PER_BATCH]:
        waiting[row.rank, row.key].append(row)
    for (rank, key), some in sorted(waiting.items()):
        yield from _grouped(key, KIND_ORDER[rank], some)


def _grouped(key: str, kind: str, rows: Sequence[StalePeriod]) -> Iterator[Group]:
    zone = reporting_clock.reporting_zone()
    of_start: dict[date, list[StalePeriod]] = defaultdict(list)
    for row in rows:
        of_start[row.start].append(row)
    periods = [
        (containing(start, kind, zone), frozenset(row.course_id for row in some if row.course_id))
        for start, some in of_start.items()
    ]
    for chunk in by_days(periods):
        ids = [row.pk for period, _ in chunk for row in of_start[period.first]]
        yield Group(key, chunk, ids)


def by_days(
    periods: Sequence[tuple[Period, frozenset[int]]],
) -> Iterator[Sequence[tuple[Period, frozenset[int]]]]:
    """Split periods of one kind into chunks that span about `DAYS_PER_GROUP` days."""
    if periods:
        size = max(1, DAYS_PER_GROUP // periods[0][0].days)
        yield from (periods[at : at + size] for at in range(0, len(periods), size))


def remove(group: Group) -> None:
    """Remove the periods of a group once they are recomputed."""
    _delete(StalePeriod, list(group.row_ids))


def _delete(model: type[StaleDay | StalePeriod], ids: Sequence[int]) -> None:
    for at in range(0, len(ids), CHUNK):
        model.objects.filter(pk__in=ids[at : at + CHUNK]).delete()


def count() -> int:
    return StalePeriod.objects.count()


def is_anything_stale() -> bool:
    return StaleDay.objects.exists() or StalePeriod.objects.exists()


def stale_starts(indicator: Indicator, periods: Sequence[Period]) -> set[tuple[date, int | None]]:
    """Return the first day and course id of each of these periods (of one kind) that is stale.

    A course id of None means that facts changed which belong to the site alone.
    """
    zone, kind = reporting_clock.reporting_zone(), periods[0].kind
    keys = {indicator.category, *indicator.measured_keys}
    first, last = min(one.first for one in periods), max(one.last for one in periods)
    rows = StalePeriod.objects.filter(
        key__in=keys, rank=KIND_ORDER.index(PeriodKind(kind)), start__range=(first, last)
    )
    days = StaleDay.objects.filter(key__in=keys, day__range=(first, last))
    return {
        *rows.values_list("start", "course_id"),
        *(
            (containing(day, kind, zone).first, course)
            for day, course in days.order_by().values_list("day", "course_id").distinct()
        ),
    }
