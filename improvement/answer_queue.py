"""Queue the task that answers alerts."""

from __future__ import annotations

from core import task_queue

TASK = "improvement.tasks.answer_alerts"
QUEUED = "improvement.answer-queued"


def queue_answer() -> None:
    """Queue one task, however often this is called before it starts."""
    otherwise = "alerts are answered on schedule"  # not translated: a log
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise=otherwise)
