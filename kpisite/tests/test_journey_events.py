"""From an event over HTTP to the figure in the API, through a real worker."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from subprocess import Popen
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from accounts.api_keys import create_api_key
from intake.tests.lms import event, school
from kpis.recompute import stale_days
from kpisite.celery import app
from kpisite.testing.worker import running_worker

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Answer = dict[str, Any]
SCORES = "/api/kpi/engagement/assessment-performance?period=month&from=2026-01-01&to=2026-02-28"


class Provider:
    """A system that sends events and reads figures with its own key."""

    def __init__(self, address: str) -> None:
        self.address = address
        scopes = ("events:write", "kpis:read", "kpis:small-groups")
        _, self.secret = create_api_key("lms", scopes)

    def call(self, path: str, body: Any = None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        request = Request(self.address + path, data, headers)  # noqa: S310
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            found: Answer = json.load(answer)
            return found

    def score(self) -> float | None:
        """Return the mean score of January in percent."""
        (month,) = (
            one
            for one in self.call(SCORES)["series"]
            if one["period_start"].startswith("2026-01-01")
        )
        value: float | None = month["value"]
        return value


@pytest.fixture
def provider(live_server: LiveServer) -> Provider:
    school()
    return Provider(live_server.url)


def graded(number: int, value: float, who: str = "ada") -> dict[str, Any]:
    at = datetime.fromisoformat("2026-01-06T09:00:00+00:00") + timedelta(minutes=number)
    name = f"exam-{number}"
    return event(
        f"{who}-{number}",
        "assessment.graded",
        at.isoformat(),
        learner=who,
        object=name,
        value=value,
    )


def wait_until(holds: Callable[[], bool], *, seconds: float) -> float:
    """Return the seconds until the condition holds; fail if it does not in time."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
    return time.monotonic() - began


def test_an_event_changes_the_figure_at_once(real_worker: Popen[bytes], provider: Provider) -> None:
    assert provider.score() is None
    provider.call("/api/events", graded(1, 0.5))
    wait_until(lambda: provider.score() == 50, seconds=20)
    provider.call("/api/events", [graded(2, 0.9), graded(1, 0.4, "bo")])

    # the mean of 50, 90 and 40
    wait_until(lambda: provider.score() == 60, seconds=20)


def test_a_later_grade_changes_the_figure(real_worker: Popen[bytes], provider: Provider) -> None:
    provider.call("/api/events", graded(1, 0.5))
    wait_until(lambda: provider.score() == 50, seconds=20)
    again = graded(2, 0.8) | {"object": "exam-1"}
    provider.call("/api/events", again)

    wait_until(lambda: provider.score() == 80, seconds=20)


def test_the_schedule_finishes_the_work_of_a_killed_worker(provider: Provider) -> None:
    with running_worker() as worker:
        provider.call("/api/events", [graded(30 * number, 0.25) for number in range(1_000)])
        wait_until(lambda: cache.get(stale_days.QUEUED) is None, seconds=20)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(timeout=30)
    with running_worker():
        # as the schedule does every 30 seconds
        app.send_task("kpis.tasks.recompute")
        wait_until(
            lambda: provider.score() == 25 and not stale_days.is_anything_stale(), seconds=60
        )


def test_without_a_worker_events_are_accepted_and_computed_later(provider: Provider) -> None:
    provider.call("/api/events", graded(1, 0.5))
    assert provider.score() is None

    with running_worker():
        app.send_task("kpis.tasks.recompute")
        wait_until(lambda: provider.score() == 50, seconds=30)
