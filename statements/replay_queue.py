from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from core.task_queue import enqueue_all
from statements.models import Pattern

TASK = "statements.tasks.replay_patterns"


def replay_soon(patterns: Collection[Pattern]) -> None:
    """Queue the interpretation of the history of patterns, once the change is committed."""
    ids = [pattern.pk for pattern in patterns]
    otherwise = "choose “Interpret again” to interpret the history by the new rule"
    transaction.on_commit(lambda: enqueue_all(TASK, [[ids]], otherwise=otherwise))
