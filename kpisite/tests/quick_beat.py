"""A Celery app with one task that beat sends every second and no worker runs."""

from __future__ import annotations

from celery import Celery
from django.conf import settings

QUEUE = "quick-beat"

# not the current app, or other tests would send their tasks to its queue
app = Celery("quick_beat", broker=settings.VALKEY.for_celery(), set_as_current=False)
app.conf.update(
    beat_scheduler="kpisite.jobs.beat:Scheduler",
    beat_schedule={"often": {"task": "often", "schedule": 1.0}},
    task_default_queue=QUEUE,
    timezone="UTC",
)
