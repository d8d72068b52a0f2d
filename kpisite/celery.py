"""The Celery app and its schedule."""

from __future__ import annotations

import os
import warnings

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init
from django.conf import settings

from kpisite import task_context
from kpisite.jobs import last_runs
from kpisite.launcher.parent_death import die_with_parent
from kpisite.metrics import tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")

MAX_TASK_SECONDS = 3_600

# the product may run as root, as in many containers
warnings.filterwarnings("ignore", message="You're running the worker with superuser")
# a worker that loses the broker finishes its task, which may then run twice
warnings.filterwarnings("ignore", message="\\s*In Celery 5.1 we introduced")

app = Celery("kpisite")
# their receivers of signals
_ = task_context, last_runs, tasks
app.conf.update(
    broker_url=settings.VALKEY.for_celery(),
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        # a task that is not acknowledged for this long goes to another worker
        "visibility_timeout": 2 * MAX_TASK_SECONDS,
        # the task of a killed worker waits 12 seconds; with kombu's defaults it would be 84
        "unacked_restore_interval": 3,
        "unacked_restore_throttle": 1,
    },
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=MAX_TASK_SECONDS,
    worker_prefetch_multiplier=1,
    worker_concurrency=settings.WORKER_CONCURRENCY,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    timezone="UTC",
    beat_scheduler="kpisite.jobs.beat:Scheduler",
    beat_schedule_filename=str(settings.KPI_DATA_DIR / "celery-beat"),
    beat_schedule={
        # ingest queues this at once; the schedule only catches what a killed process left behind
        "recompute stale figures": {
            "task": "kpis.tasks.recompute",
            "schedule": 30.0,
            "options": {"expires": 30.0},
        },
        "retry rejected events": {
            "task": "intake.tasks.retry_rejected",
            "schedule": 600.0,
            "options": {"expires": 600.0},
        },
        "send surveys": {
            "task": "outcomes.surveys.tasks.send_surveys",
            "schedule": 600.0,
            "options": {"expires": 600.0},
        },
        "analyze feedback": {
            "task": "outcomes.tasks.read_feedback",
            "schedule": 120.0,
            "options": {"expires": 120.0},
        },
        # alerts queue this at once; the schedule finds what failed or was postponed
        "deliver notifications": {
            "task": "notifications.tasks.deliver_notifications",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        "store the use of API keys": {
            "task": "accounts.tasks.store_key_use",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        # hourly, since Monday begins at another UTC hour in each time zone
        "write weekly summaries": {
            "task": "dashboard.tasks.write_summaries",
            "schedule": crontab(minute=15),
            "options": {"expires": 3_000.0},
        },
        "write reports": {
            "task": "dashboard.tasks.write_reports",
            "schedule": crontab(minute=20),
            "options": {"expires": 3_000.0},
        },
        "update planner statistics": {
            "task": "kpisite.tasks.keep_statistics",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "delete old rows": {
            "task": "kpisite.tasks.delete_old",
            "schedule": crontab(hour=3, minute=35),
            "options": {"expires": 3_000.0},
        },
        "read rosters of LMSs": {
            "task": "lti.tasks.read_rosters",
            "schedule": crontab(hour=3, minute=5),
            "options": {"expires": 3_000.0},
        },
        "train the model of chances": {
            "task": "support.tasks.train_and_follow",
            "schedule": crontab(hour=2, minute=40),
            "options": {"expires": 3_000.0},
        },
        # the page queues this at once; the schedule goes on where a killed worker stopped
        "remove the demonstration": {
            "task": "demo.tasks.remove_demonstration",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        "run the cycle": {
            "task": "kpisite.tasks.run_cycle",
            "schedule": crontab(minute=5),
            "options": {"expires": 3_000.0},
        },
    },
)
app.autodiscover_tasks()
# a package within an app that has tasks of its own
app.autodiscover_tasks(["outcomes.surveys"])


@setup_logging.connect
def keep_logging_settings(**_: object) -> None:
    """Prevent Celery from configuring logging again, simply by receiving this signal."""


@worker_process_init.connect
def die_with_worker(**_: object) -> None:
    die_with_parent(os.getppid())
