"""The periods that wait to be recomputed: gathered from the marked days, each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from core import reporting_clock
from core.locks import queue_to_write
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Indicator
from kpis.models import PeriodKind, StaleDay, StalePeriod

MARKS_AT_ONCE = 50_000
PERIODS_AT_ONCE = 5_000
# what is recomputed together spans about this many days
DAYS_AT_ONCE = 92
# what pages show unless asked otherwise comes first, of every KPI
SOONEST_FIRST = (PeriodKind.MONTH, PeriodKind.WEEK, PeriodKind.DAY, PeriodKind.QUARTER)
CHUNK = 500


@dataclass(frozen=True)
class Group:
    """Some periods of one kind that are stale under one key: a category or a KPI.

    Each period comes with the courses that changed in it: none where the site alone did.
    """

    key: str
    periods: Sequence[tuple[Period, frozenset[int]]]
    row_ids: Collection[int]


def gather(now: datetime) -> None:
    """Turn the marked days into the periods that they are in; those that begin later are left out.

    Only one process may do so at a time, else a mark could be taken for one that is served.
    """
    while marks := list(StaleDay.objects.order_by("pk")[:MARKS_AT_ONCE]):
        with queue_to_write(), transaction.atomic():
            StalePeriod.objects.bulk_create(
                _periods(marks, now), batch_size=1000, ignore_conflicts=True
            )
            # by id and not by range: a mark of a slower transaction may lie in between
            _delete(StaleDay, [mark.pk for mark in marks])


def _periods(marks: Iterable[StaleDay], now: datetime) -> list[StalePeriod]:
    zone = reporting_clock.reporting_zone()
    days = {(mark.key, mark.course_id, mark.day) for mark in marks}
    starts = {
        (key, course_id, rank, period.first)
        for key, course_id, day in days
        for rank, kind in enumerate(SOONEST_FIRST)
        if (period := containing(day, kind, zone)).has_begun(now)
    }
    return [
        StalePeriod(key=key, course_id=course_id, rank=rank, start=start)
        for key, course_id, rank, start in starts
    ]


def groups(failed: Collection[str]) -> Iterator[Group]:
    """What waits, soonest first; not what is under a key of which a KPI failed."""
    rows = StalePeriod.objects.exclude(key__in=failed).order_by(
        "rank", "-start", "key", "course"
    )
    waiting: dict[tuple[int, str], list[StalePeriod]] = defaultdict(list)
    for row in rows[:PERIODS_AT_ONCE]:
        waiting[row.rank, row.key].append(row)
    for (rank, key), some in sorted(waiting.items()):
        yield from _grouped(key, SOONEST_FIRST[rank], some)


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
    """Periods of one kind in chunks that span about `DAYS_AT_ONCE` days."""
    if periods:
        size = max(1, DAYS_AT_ONCE // periods[0][0].days)
        yield from (periods[at : at + size] for at in range(0, len(periods), size))


def remove_served(group: Group) -> None:
    """These periods are recomputed."""
    _delete(StalePeriod, list(group.row_ids))


def _delete(model: type[StaleDay | StalePeriod], ids: Sequence[int]) -> None:
    for at in range(0, len(ids), CHUNK):
        model.objects.filter(pk__in=ids[at : at + CHUNK]).delete()


def count() -> int:
    return StalePeriod.objects.count()


def is_anything_waiting() -> bool:
    return StaleDay.objects.exists() or StalePeriod.objects.exists()


def stale_starts(indicator: Indicator, periods: Sequence[Period]) -> set[tuple[date, int | None]]:
    """Which of these periods (of one kind) wait, by their first days and courses.

    No course: what belongs to the site alone changed.
    """
    zone, kind = reporting_clock.reporting_zone(), periods[0].kind
    keys = {indicator.category, *indicator.measured_keys}
    first, last = min(one.first for one in periods), max(one.last for one in periods)
    rows = StalePeriod.objects.filter(
        key__in=keys, rank=SOONEST_FIRST.index(PeriodKind(kind)), start__range=(first, last)
    )
    marks = StaleDay.objects.filter(key__in=keys, day__range=(first, last))
    return {
        *rows.values_list("start", "course_id"),
        *(
            (containing(day, kind, zone).first, course)
            for day, course in marks.order_by().values_list("day", "course_id").distinct()
        ),
    }
