"""Tasks are sent by name, so the worker must know every name."""

from __future__ import annotations

import pytest

from alerts.evaluation import pending_evaluations
from core import fan_out
from experiments import nightly
from kpis.recompute import stale_days
from kpisite.celery import app
from notifications import outbox

pytestmark = pytest.mark.once


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()

    assert {one["task"] for one in app.conf.beat_schedule.values()} <= app.tasks.keys()


def test_the_tasks_that_code_sends_exist() -> None:
    app.loader.import_default_modules()

    sent = {stale_days.TASK, outbox.TASK, pending_evaluations.TASK, fan_out.TASK, nightly.TASK}
    assert sent <= app.tasks.keys()
    assert {"intake.replay", "kpis.recompute"} <= fan_out.WORK.keys()
