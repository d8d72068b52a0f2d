"""Purge old events: delete them, and keep their receipts and their facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from core.database import locks
from core.database.id_lists import ids_in
from intake.event_kinds import KINDS, EventSubject
from intake.facts import rebuildable
from intake.models import Event, Horizon, ImportRun

# events per transaction, so that other writers never wait for long
BATCH_SIZE = 1_000

Progress = Callable[[int], object]


def purgeable(before: datetime) -> QuerySet[Event]:
    """Return the events received before a moment, except the definitions of courses.

    Definitions are few, name nobody, and a replay defines the courses by them again.
    """
    definitions = [name for name, kind in KINDS.items() if kind.about is EventSubject.COURSE]
    return Event.objects.filter(received_at__lt=before).exclude(kind__in=definitions)


def purge_events(before: datetime, *, progress: Progress = lambda done: None) -> int:
    """Delete the events received before a moment, in batches; return how many.

    Receipts stay, so that no event counts twice; facts stay, and are not rebuilt any more.
    """
    purged = 0
    while (first := purgeable(before).order_by("received_at").first()) is not None:
        done = _purge_batch(before, first.course_id)
        purged += done
        progress(done)
    return purged


def _purge_batch(before: datetime, course_id: int | None) -> int:
    with locks.queue_to_write(), transaction.atomic():
        # a correction or a replay in the meantime would rebuild facts without these events
        locks.lock_course_exclusive(course_id)
        events = list(purgeable(before).filter(course=course_id)[:BATCH_SIZE])
        purge(events)
        if events:
            _move_horizon(before, min(event.occurred_at for event in events))
    return len(events)


def purge(events: list[Event]) -> None:
    """Delete these events, and remember which facts can no longer be rebuilt."""
    rebuildable.mark(events)
    imports = {one.import_run_id for one in events if one.import_run_id is not None}
    ImportRun.objects.filter(pk__in=imports).update(has_purged_events=True)
    Event.objects.filter(pk__in=ids_in(event.pk for event in events)).delete()


def _move_horizon(before: datetime, first_occurred_at: datetime) -> None:
    horizon, _ = Horizon.objects.select_for_update().get_or_create(
        pk=Horizon.ONLY,
        defaults={"received_before": before, "first_occurred_at": first_occurred_at},
    )
    horizon.received_before = max(before, horizon.received_before)
    horizon.first_occurred_at = min(first_occurred_at, horizon.first_occurred_at)
    horizon.save()
