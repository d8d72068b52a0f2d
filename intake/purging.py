"""Purge old events: delete them, and keep their receipts and their facts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from core.database import locks
from core.database.id_lists import ids_in
from intake import partitions
from intake.event_kinds import KINDS, EventSubject
from intake.facts import rebuildable
from intake.models import Event, Horizon, ImportRun
from intake.partitions import BusyError, Partition

logger = logging.getLogger(__name__)

# events per transaction, so that other writers never wait for long
BATCH_SIZE = 2_000
# to get hold of a partition, each of them for no longer than `partitions.LOCK_TIMEOUT`
TRIES = 5

Progress = Callable[[int], object]


def definitions() -> list[str]:
    """Return the kinds that define courses.

    They are few, name nobody, and a replay defines the courses by them again.
    """
    return [name for name, kind in KINDS.items() if kind.about is EventSubject.COURSE]


def purgeable(before: datetime) -> QuerySet[Event]:
    """Return the events received before a moment, except the definitions of courses."""
    return Event.objects.filter(received_at__lt=before).exclude(kind__in=definitions())


def purge_events(before: datetime, *, progress: Progress = lambda done: None) -> int:
    """Delete the events received before a moment; return how many.

    Partitions that are older as a whole are emptied at once, everything else goes in batches.
    Receipts stay, so that no event counts twice; facts stay, and are not rebuilt any more.
    """
    purged = 0
    for partition in partitions.closed():
        if partitions.is_older(partition, before):
            done = _purge_partition(partition, before)
            purged += done
            progress(done)
    while done := _purge_batch(before):
        purged += done
        progress(done)
    if purged:
        partitions.analyze()
    return purged


def _purge_partition(partition: Partition, before: datetime) -> int:
    """Return how many events went; 0 if others keep using them, so that they go in batches."""
    for _ in range(TRIES):
        try:
            with partitions.short_waits():
                count = _empty(partition, before)
        except BusyError:
            continue
        partitions.drop_if_unused(partition)
        return count
    logger.warning("%s is in use: its events are deleted in batches", partition.name)
    return 0


def _empty(partition: Partition, before: datetime) -> int:
    events = purgeable(before).filter(pk__gte=partition.first, pk__lt=partition.end).order_by()
    # a correction or a replay in the meantime would rebuild facts without these events
    locks.lock_courses_exclusive(events.values_list("course", flat=True).distinct())
    partitions.lock(partition)
    count = _remember(events, before)
    partitions.empty(partition, keeping=definitions())
    return count


def _purge_batch(before: datetime) -> int:
    # by the index of arrival, so that a night with nothing to purge looks through nothing
    old = purgeable(before).order_by("received_at")
    chosen = list(old.values_list("pk", "course")[:BATCH_SIZE])
    if not chosen:
        return 0
    with locks.queue_to_write(), transaction.atomic():
        # as above
        locks.lock_courses_exclusive({course for _, course in chosen})
        events = Event.objects.filter(pk__in=ids_in(pk for pk, _ in chosen)).order_by()
        _remember(events, before)
        events.delete()
    return len(chosen)


def purge(events: QuerySet[Event]) -> None:
    """Delete these events, and remember which facts can no longer be rebuilt."""
    _remember(events)
    events.delete()


def _remember(events: QuerySet[Event], before: datetime | None = None) -> int:
    """Remember of which facts these events were, and the horizon; return their number."""
    rebuildable.mark(events)
    imports = events.filter(import_run__isnull=False).values("import_run")
    ImportRun.objects.filter(pk__in=imports).update(has_purged_events=True)
    found = events.aggregate(count=Count("pk"), first=Min("occurred_at"))
    if before and found["count"]:
        _move_horizon(before, found["first"])
    return int(found["count"])


def _move_horizon(before: datetime, first_occurred_at: datetime) -> None:
    horizon, _ = Horizon.objects.select_for_update().get_or_create(
        pk=Horizon.ONLY,
        defaults={"received_before": before, "first_occurred_at": first_occurred_at},
    )
    horizon.received_before = max(before, horizon.received_before)
    horizon.first_occurred_at = min(first_occurred_at, horizon.first_occurred_at)
    horizon.save()
