"""Spread a large work over any number of processes: one row per course or the like.

A process claims rows by locking them, and notes that they are done in the transaction that does
them. If it is killed, the database undoes both. Who begins a work takes part in it, so that it ends
without any worker, too; resumed, it goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import task_queue
from core.database.locks import queue_to_write, try_lock
from core.models import WorkItem
from core.registry import Registry

TASK = "core.tasks.take_work"
# a claim takes at most this part of what is left, so that others have something to do
PART = 8
# queued at the same time: other tasks wait behind no more than these
TASKS = 16
# seconds between two attempts to claim what others have claimed
RETRY_EVERY = 0.1

Result = dict[str, Any]
# the subjects of the claimed rows (course ids or the like), and the options of the work
Do = Callable[[Sequence[int], Mapping[str, Any]], Result]
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Work:
    """What to do with the rows of a name, up to so many `together`."""

    do: Do
    together: int


WORK: Registry[Work] = Registry("Work")  # not translated: internal


def shared_work(name: str, *, together: int = 1) -> Callable[[Do], Do]:
    """Declare a function as the work of this name; it must be imported by the app's `tasks`.

    On PostgreSQL it runs in a transaction. On SQLite it does not, since others could not write as
    long as it reads; there it must be safe to repeat.
    """

    def declare(do: Do) -> Do:
        WORK.register(name, Work(do, together))
        return do

    return declare


def run(
    name: str,
    steps: Sequence[Sequence[int]],
    options: Mapping[str, Any] | None = None,
    *,
    resumes: bool = False,
    progress: Progress = lambda done, total: None,
) -> list[Result]:
    """Do a work with all who help, and return its results, one per claim.

    `steps` are the subjects of each step, in the order in which they are claimed. With `resumes`,
    what is done stays done if the same work was begun with the same options and not ended.
    """
    if not (resumes and is_unfinished(name, options or {})):
        begin(name, steps, options or {})
    transaction.on_commit(partial(invite, name))
    items = WorkItem.objects.filter(work=name)
    while left := items.filter(done_at=None).count():
        progress((total := items.count()) - left, total)
        if not take(name):
            time.sleep(RETRY_EVERY)
    progress(total := items.count(), total)
    return [result for result in items.order_by("pk").values_list("result", flat=True) if result]


def is_unfinished(name: str, options: Mapping[str, Any]) -> bool:
    """Return whether a work was begun with these options and not ended."""
    left = WorkItem.objects.filter(work=name, done_at=None).first()
    return left is not None and left.options == dict(options)


def begin(name: str, steps: Sequence[Sequence[int]], options: Mapping[str, Any]) -> None:
    """Write the rows of a work, in place of those of its last time."""
    with queue_to_write(), transaction.atomic():
        WorkItem.objects.filter(work=name).delete()
        WorkItem.objects.bulk_create(
            (
                WorkItem(work=name, step=step, subject=subject, options=dict(options))
                for step, subjects in enumerate(steps)
                for subject in subjects
            ),
            batch_size=1000,
            # another process began the same
            ignore_conflicts=True,
        )


def invite(name: str, tasks: int = TASKS) -> None:
    """Queue tasks by which workers take part; each claims once and then queues itself again.

    On SQLite nobody can help: one process at a time works.
    """
    if connection.vendor == "postgresql":
        left = WorkItem.objects.filter(work=name, done_at=None).count()
        task_queue.enqueue_all(TASK, [[name]] * min(tasks, left), otherwise="no worker helps")


def take(name: str) -> bool:
    """Claim some of the work and do it; return False if there is nothing to claim."""
    with _claimed(name) as items:
        if not items:
            return False
        result = WORK[name].do([one.subject for one in items], items[0].options)
        # the sum of a claim is noted once
        for one, noted in zip(items, [result, *({} for _ in items[1:])], strict=True):
            one.result, one.done_at = noted, timezone.now()
        WorkItem.objects.bulk_update(items, ["result", "done_at"])
    return True


@contextmanager
def _claimed(name: str) -> Iterator[list[WorkItem]]:
    if connection.vendor == "postgresql":
        with transaction.atomic():
            yield _next(name, WorkItem.objects.select_for_update(skip_locked=True, no_key=True))
        return
    with try_lock(name) as is_ours:
        yield _next(name, WorkItem.objects.all()) if is_ours else []


def _next(name: str, rows: QuerySet[WorkItem]) -> list[WorkItem]:
    """Return the first rows of the first step that is not done."""
    left = WorkItem.objects.filter(work=name, done_at=None).order_by("step")
    first = left.first()
    if first is None:
        return []
    step = left.filter(step=first.step)
    together = WORK[name].together
    if connection.vendor == "postgresql":
        together = min(together, -(-step.count() // PART))
    return list(rows.filter(work=name, step=first.step, done_at=None).order_by("pk")[:together])
