"""What must be measured again: marked where facts change, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import transaction

from core import bulk_upsert, task_queue
from kpis.models import DataFreshness, StaleDay

TASK = "kpis.tasks.recompute"
QUEUED = "kpis.recompute.recompute_stale-queued"


def mark_stale(key: str, days: Iterable[tuple[int | None, date]]) -> None:
    """Mark (course id, day) under a category or one KPI's key; once that is in, measure soon.

    Without a course, what changed belongs to the site alone.
    """
    mark_all_stale({key: days})


def mark_all_stale(days: Mapping[str, Iterable[tuple[int | None, date]]]) -> None:
    """Mark (course id, day) under each key, in one statement."""
    rows = [
        StaleDay(key=key, course_id=course, day=day)
        for key, some in days.items()
        for course, day in sorted(set(some), key=lambda one: (one[0] or 0, one[1]))
    ]
    if not rows:
        return
    StaleDay.objects.bulk_create(rows, batch_size=1000)
    queued = transaction.get_connection().run_on_commit
    if not any(function is recompute_soon for _, function, _ in queued):
        transaction.on_commit(recompute_soon)


def update_freshness(
    latest: Mapping[str, Mapping[int, datetime]], *, received_at: datetime
) -> None:
    """Note by category and course id how far the data reach."""
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


def recompute_soon() -> None:
    """Queue one measuring task, however many batches ask for it before it begins.

    With the broker away the marks stay, and the schedule finds them.
    """
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise="figures are measured by the schedule")
