"""Celery beat when the clock is set back."""

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
    """A scheduler that sends into a list and reads a clock of its own."""

    def __init__(self, app: Any, clock: Clock, **more: Any) -> None:
        self.clock = clock
        self.sent: list[str] = []
        super().__init__(app=app, **more)

    def send_task(self, name: str, *_: Any, **__: Any) -> None:
        self.sent.append(name)


@pytest.fixture
def schedulers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Clocked]]:
    """Return two schedulers, with tasks due every 30 and 60 seconds and one stopped clock."""
    app, clock = Celery("clocked", broker="memory://"), Clock()
    app.conf.update(
        timezone="UTC",
        beat_schedule={
            "often": {"task": "often", "schedule": 30.0},
            "seldom": {"task": "seldom", "schedule": 60.0},
        },
    )
    monkeypatch.setattr(app, "now", clock.now)
    made = [Clocked(app, clock, schedule_filename=str(tmp_path / f"beat-{at}")) for at in range(2)]
    yield made
    for one in made:
        one.close()
    # Celery makes the latest app the current one, which other tests would then use
    our_app.set_current()


@pytest.fixture
def scheduler(schedulers: list[Clocked]) -> Clocked:
    return schedulers[0]


def passes(scheduler: Clocked, seconds: int) -> list[str]:
    """Let seconds pass; return what is sent meanwhile."""
    scheduler.sent.clear()
    for _ in range(seconds):
        scheduler.clock.moment += timedelta(seconds=1)
        while not scheduler.tick():
            pass
    return sorted(scheduler.sent)


def test_beat_sends_due_tasks(scheduler: Clocked) -> None:
    assert passes(scheduler, 65) == ["often", "often", "seldom"]


def test_one_of_two_beats_sends(schedulers: list[Clocked]) -> None:
    leader, follower = schedulers
    passes(leader, 1)

    assert passes(follower, 65) == []
    assert passes(leader, 1) == ["often", "seldom"]


def test_another_beat_takes_over_and_sends_what_was_missed(schedulers: list[Clocked]) -> None:
    leader, follower = schedulers
    passes(leader, 65)
    passes(follower, 20)
    # as after LEASE seconds without a sign of the leader
    assert redis.Redis.from_url(settings.VALKEY.for_django()).delete("clocked-beat-leads")

    assert passes(follower, 1) == ["often"]
    assert passes(follower, 64) == ["often", "often", "seldom"]
    assert passes(leader, 65) == []


def test_a_beat_that_ends_makes_way_at_once(schedulers: list[Clocked]) -> None:
    leader, follower = schedulers
    passes(leader, 1)
    leader.close()

    assert passes(follower, 65) == ["often", "often", "seldom"]


@pytest.mark.parametrize("step", [timedelta(hours=1), DAY, 400 * DAY])
def test_tasks_continue_when_the_clock_is_set_back(scheduler: Clocked, step: timedelta) -> None:
    passes(scheduler, 65)
    scheduler.clock.moment -= step

    assert passes(scheduler, 65) == ["often", "often", "seldom"]


def test_a_clock_set_forward_and_back_sends_no_task_twice(scheduler: Clocked) -> None:
    passes(scheduler, 65)
    scheduler.clock.moment += DAY
    assert passes(scheduler, 1) == ["often", "seldom"]
    scheduler.clock.moment -= DAY

    assert passes(scheduler, 65) == ["often", "often", "seldom"]


def written_tomorrow(folder: Path) -> Path:
    """Write a schedule as a beat would whose clock is a day ahead."""
    path = folder / "beat"
    scheduler = Scheduler(app=quick_beat.app, schedule_filename=str(path))
    for entry in scheduler.schedule.values():
        entry.last_run_at = quick_beat.app.now() + DAY
    scheduler.close()
    return path


def test_a_real_beat_continues_from_a_file_with_future_times(tmp_path: Path) -> None:
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


def test_the_product_uses_this_scheduler() -> None:
    assert our_app.conf.beat_scheduler == "kpisite.jobs.beat:Scheduler"
