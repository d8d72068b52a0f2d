"""Stale periods: gathered from stale days, each once, and recomputed months first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from core import reporting_clock
from core.database.locks import queue_to_write
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Indicator
from kpis.models import PeriodKind, StaleDay, StalePeriod

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
