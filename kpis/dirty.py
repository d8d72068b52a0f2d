"""What must be measured again: marked where facts change, in the same transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from curriculum import bulk
from kpis.models import DirtyDay, Feed

logger = logging.getLogger(__name__)

TASK = "kpis.tasks.measure_dirty"
QUEUED = "kpis.measure-queued"
# a task that was queued and lost blocks no other for longer than this, in seconds
QUEUED_FOR = 10


def mark(key: str, days: Iterable[tuple[int | None, date]]) -> None:
    """Mark (course id, day) under a category or one KPI's key; once that is in, measure soon.

    Without a course, what changed belongs to the site alone.
    """
    rows = sorted(set(days), key=lambda one: (one[0] or 0, one[1]))
    if not rows:
        return
    DirtyDay.objects.bulk_create(
        [DirtyDay(key=key, course_id=course, day=day) for course, day in rows], batch_size=1000
    )
    queued = transaction.get_connection().run_on_commit
    if not any(function is measure_soon for _, function, _ in queued):
        transaction.on_commit(measure_soon)


def seen(category: str, latest: Mapping[int, datetime], *, received_at: datetime) -> None:
    """Note per course id how far the data of a category reach."""
    bulk.upsert(
        Feed,
        ("category", "course_id", "data_through", "received_at"),
        [(category, course_id, at, received_at) for course_id, at in sorted(latest.items())],
        conflict="category, course_id",
        merge={"data_through": "larger", "received_at": "larger"},
    )


def measure_soon() -> None:
    """Queue one measuring task, however many batches ask for it before it begins.

    A broker that is away costs nothing but time: the marks stay, and the schedule finds them.
    """
    try:
        if cache.add(QUEUED, 1, timeout=QUEUED_FOR):
            current_app.send_task(TASK, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("measuring later, the broker is away: %s", error)
