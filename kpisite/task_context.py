"""Pass the id of a request on to the tasks that it queues, and bind it while they run."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

from core import request_ids

HEADER = "kpi_request_id"
# a process of a worker runs one task at a time
_bound: list[AbstractContextManager[None]] = []


@before_task_publish.connect
def pass_on(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and request_ids.current():
        headers[HEADER] = request_ids.current()


@task_prerun.connect
def bind(task_id: str = "", task: Any = None, **_: Any) -> None:
    """Bind the id of the request; what the schedule sent has that of the task."""
    given = task.request.get(HEADER) if task else None
    context = request_ids.bound(request_ids.accepted(given or task_id))
    context.__enter__()
    _bound.append(context)


@task_postrun.connect
def unbind(**_: Any) -> None:
    if _bound:
        _bound.pop().__exit__(None, None, None)
