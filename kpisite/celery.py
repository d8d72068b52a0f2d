from __future__ import annotations

import os
import warnings

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init
from django.conf import settings

from kpisite.launcher.parent_death import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")

LONGEST_TASK_SECONDS = 3_600

# The product may run as root, as it does in many a container.
warnings.filterwarnings("ignore", message="You're running the worker with superuser")
# Who loses the broker goes on with its task: it may run twice.
warnings.filterwarnings("ignore", message="\\s*In Celery 5.1 we introduced")

app = Celery("kpisite")
app.conf.update(
    broker_url=settings.VALKEY.for_celery(),
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        # Work unacknowledged for longer goes to another worker: no task may last so long.
        "visibility_timeout": 2 * LONGEST_TASK_SECONDS,
        # With kombu's own values the work of a killed worker waits 84 seconds; so it waits 12.
        "unacked_restore_interval": 3,
        "unacked_restore_throttle": 1,
    },
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=LONGEST_TASK_SECONDS,
    worker_prefetch_multiplier=1,
    worker_concurrency=settings.WORKER_CONCURRENCY,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    timezone="UTC",
    beat_scheduler="kpisite.jobs.beat:Scheduler",
    beat_schedule_filename=str(settings.KPI_DATA_DIR / "celery-beat"),
    beat_schedule={
        # Ingest asks for this at once; the schedule only catches what a killed process forgot.
        # When it ends, alerts are judged.
        "measure what changed": {
            "task": "kpis.tasks.recompute",
            "schedule": 30.0,
            "options": {"expires": 30.0},
        },
        "retry refused events": {
            "task": "intake.tasks.retry_rejected",
            "schedule": 600.0,
            "options": {"expires": 600.0},
        },
        "send surveys": {
            "task": "outcomes.surveys.tasks.send_surveys",
            "schedule": 600.0,
            "options": {"expires": 600.0},
        },
        "read feedback": {
            "task": "outcomes.tasks.read_feedback",
            "schedule": 120.0,
            "options": {"expires": 120.0},
        },
        # an alert asks for this at once; this finds what failed, was held back or forgotten
        "deliver notices": {
            "task": "notifications.tasks.deliver_notifications",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        # hourly, for the provider's Monday begins at any of our hours
        "write weekly summaries": {
            "task": "dashboard.tasks.write_summaries",
            "schedule": crontab(minute=15),
            "options": {"expires": 3_000.0},
        },
        "keep statistics": {
            "task": "kpisite.tasks.keep_statistics",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "delete what is old": {
            "task": "kpisite.tasks.delete_old",
            "schedule": crontab(hour=3, minute=35),
            "options": {"expires": 3_000.0},
        },
        "run the cycle": {
            "task": "kpisite.tasks.run_cycle",
            "schedule": crontab(minute=5),
            "options": {"expires": 3_000.0},
        },
    },
)
app.autodiscover_tasks()
# a part of an app with tasks of its own
app.autodiscover_tasks(["outcomes.surveys"])


@setup_logging.connect
def keep_logging_of_settings(**_: object) -> None:
    """Keep Celery from configuring logging a second time: any receiver does."""


@worker_process_init.connect
def die_with_worker(**_: object) -> None:
    die_with_parent(os.getppid())
