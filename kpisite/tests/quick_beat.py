"""A Celery application whose beat has one task, due each second, that no worker takes."""

from __future__ import annotations

from celery import Celery
from django.conf import settings

QUEUE = "quick-beat"

# not the current one: tasks of the tests beside it must not go to its queue
app = Celery("quick_beat", broker=settings.VALKEY.for_celery(), set_as_current=False)
app.conf.update(
    beat_scheduler="kpisite.jobs.beat:Scheduler",
    beat_schedule={"often": {"task": "often", "schedule": 1.0}},
    task_default_queue=QUEUE,
    timezone="UTC",
)
