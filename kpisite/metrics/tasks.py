"""Count the tasks of workers by name and state, with how long they took."""

from __future__ import annotations

import time
from typing import Any

from celery.signals import task_postrun, task_prerun

from core import counters

BUCKETS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
TASKS, SECONDS, SUM = "tasks", "task seconds", "task seconds sum"

_began: dict[str, float] = {}


@task_prerun.connect
def begin(task_id: str = "", **_: Any) -> None:
    _began[task_id] = time.perf_counter()


@task_postrun.connect
def end(task_id: str = "", task: Any = None, state: str | None = None, **_: Any) -> None:
    began = _began.pop(task_id, None)
    if began is not None and task is not None:
        count(task.name, str(state or "UNKNOWN").lower(), time.perf_counter() - began)


def count(name: str, state: str, took: float) -> None:
    bucket = next((str(one) for one in BUCKETS if took <= one), "+Inf")
    counters.add({(TASKS, name, state): 1, (SECONDS, name, bucket): 1, (SUM, name): took})
