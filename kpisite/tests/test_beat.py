"""Celery's beat while the clock is set back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings

from kpisite.celery import app as our_app
from kpisite.jobs.beat import Scheduler
from kpisite.launcher.parent_death import die_with_parent
from kpisite.tests import quick_beat

pytestmark = pytest.mark.once

DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 7, 2, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class Clocked(Scheduler):
    """Sends into a list, by a clock of its own."""

    def __init__(self, app: Any, clock: Clock, **more: Any) -> None:
        self.clock = clock
        self.sent: list[str] = []
        super().__init__(app=app, **more)

    def send_task(self, name: str, *_: Any, **__: Any) -> None:
        self.sent.append(name)


@pytest.fixture
def scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocked]:
    """One task is due every 30 seconds, one every 60, by a clock that stands still."""
    app, clock = Celery("clocked", broker="memory://"), Clock()
    app.conf.update(
        timezone="UTC",
        beat_schedule={
            "often": {"task": "often", "schedule": 30.0},
            "seldom": {"task": "seldom", "schedule": 60.0},
        },
    )
    monkeypatch.setattr(app, "now", clock.now)
    made = Clocked(app, clock, schedule_filename=str(tmp_path / "beat"))
    yield made
    made.close()
    # the application made last is the current one, and tasks of other tests would be its own
    our_app.set_current()


def passes(scheduler: Clocked, seconds: int) -> list[str]:
    """Let seconds pass; what is sent meanwhile."""
    scheduler.sent.clear()
    for _ in range(seconds):
        scheduler.clock.moment += timedelta(seconds=1)
        while not scheduler.tick():
            pass
    return sorted(scheduler.sent)


def test_beat_sends_what_is_due(scheduler: Clocked) -> None:
    assert passes(scheduler, 65) == ["often", "often", "seldom"]


@pytest.mark.parametrize("step", [timedelta(hours=1), DAY, 400 * DAY])
def test_a_clock_set_back_while_it_runs_stops_no_task(scheduler: Clocked, step: timedelta) -> None:
    passes(scheduler, 65)
    scheduler.clock.moment -= step

    assert passes(scheduler, 65) == ["often", "often", "seldom"]


def test_a_clock_set_forward_and_back_sends_nothing_twice_in_a_turn(scheduler: Clocked) -> None:
    passes(scheduler, 65)
    scheduler.clock.moment += DAY
    assert passes(scheduler, 1) == ["often", "seldom"]
    scheduler.clock.moment -= DAY

    assert passes(scheduler, 65) == ["often", "often", "seldom"]


def written_tomorrow(folder: Path) -> Path:
    """A schedule that a beat has written whose clock was a day ahead."""
    path = folder / "beat"
    scheduler = Scheduler(app=quick_beat.app, schedule_filename=str(path))
    for entry in scheduler.schedule.values():
        entry.last_run_at = quick_beat.app.now() + DAY
    scheduler.close()
    return path


def test_a_real_beat_goes_on_though_its_file_was_written_tomorrow(tmp_path: Path) -> None:
    valkey = redis.Redis.from_url(settings.VALKEY.for_django())
    valkey.delete(quick_beat.QUEUE)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "--app", "kpisite.tests.quick_beat", "beat"),
            *("--pidfile=", "--schedule", str(written_tomorrow(tmp_path))),
        ],
        cwd=settings.BASE_DIR,
        env=os.environ,
        stderr=subprocess.DEVNULL,
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 60
    while not valkey.llen(quick_beat.QUEUE) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()

    assert valkey.llen(quick_beat.QUEUE)
    valkey.delete(quick_beat.QUEUE)


def test_the_product_s_beat_is_this_one() -> None:
    assert our_app.conf.beat_scheduler == "kpisite.jobs.beat:Scheduler"
