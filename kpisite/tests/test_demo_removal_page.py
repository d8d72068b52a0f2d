"""Administrators remove the demonstration by a button; a worker does it, and goes on if killed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from accounts.tests.people import account
from curriculum.models import Course, CourseRun, Learner
from curriculum.tests.enrolled import enrolled
from demo import status
from demo.models import Removal
from demo.status import SENDER
from demo.tasks import remove_demonstration
from demo.tests.test_load import Killed, killing
from intake.events.senders import Sender
from intake.models import Event, Receipt
from intake.receiving.receive import receive
from kpis.models import Measurement
from kpis.recompute import recompute_stale

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
PAGE = "/demonstration"
CONFIRMED = {"confirmed": "yes"}


def started(who: str, course: str) -> dict[str, Any]:
    event = {"id": f"{who}-{course}", "kind": "enrollment.started", "learner": who}
    return event | {"course": course, "run": "first", "occurred_at": "2026-10-05T00:00:00Z"}


@pytest.fixture(autouse=True)
def bo(settings: Settings, tmp_path: Path) -> User:
    """Finn and Gus are fictional; Ada is real; Bo is a superuser."""
    settings.KPI_DATA_DIR = tmp_path
    made_up = [started("finn", "data-analysis"), started("gus", "cloud-operations")]
    receive(made_up, Sender(SENDER.name, creates_unknown=True), now=NOW)
    receive([started("ada", "statistics")], Sender("lms", creates_unknown=True), now=NOW)
    recompute_stale.recompute_stale(now=NOW)
    account("Staff", is_staff=True, is_superuser=True)
    return account("Bo", is_staff=True, is_superuser=True)


@pytest.fixture
def client(bo: User) -> Client:
    client = Client()
    client.force_login(bo)
    return client


def text_of(client: Client) -> str:
    return " ".join(client.get(PAGE).content.decode().split())


def left() -> tuple[set[str], set[str], set[str]]:
    courses, learners = Course.objects.all(), Learner.objects.all()
    senders = set(Event.objects.values_list("sender", flat=True))
    return {one.key for one in courses}, {one.key for one in learners}, senders


def test_the_page_says_what_goes_and_what_stays(client: Client) -> None:
    shown = text_of(client)

    assert "2 fictional learners" in shown
    assert "2 events of the demonstration" in shown
    assert "staff@example.com" in shown
    assert "1 learner of your own" in shown
    assert "The courses statistics" in shown


def test_one_click_removes_the_demonstration_in_the_background(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with (
        patch("demo.views.task_queue.enqueue_all") as queued,
        django_capture_on_commit_callbacks(execute=True),
    ):
        client.post(PAGE, CONFIRMED)
    assert queued.called
    assert "is being removed" in text_of(client)
    assert "being removed" in client.get("/alerts").content.decode()

    assert remove_demonstration()

    assert left() == ({"statistics"}, {"ada"}, {"lms"})
    assert [one.email for one in User.objects.all()] == ["bo@example.com"]
    assert "no demonstration data" in text_of(client)
    assert not Receipt.objects.filter(sender=SENDER.name).exists()


def test_pressed_twice_it_is_removed_once(client: Client) -> None:
    for _ in range(2):
        assert client.post(PAGE, CONFIRMED).status_code == 302

    assert Removal.objects.count() == 1
    assert remove_demonstration()
    assert not remove_demonstration()
    assert client.post(PAGE, CONFIRMED).status_code == 302


def test_a_course_with_a_real_learner_stays(client: Client) -> None:
    # typed in the admin, so that no event says so
    enrolled("Dora", run=CourseRun.objects.get(course__key="data-analysis"), at=NOW)
    assert "came with the demonstration" in text_of(client)
    client.post(PAGE, CONFIRMED)
    remove_demonstration()

    assert left() == ({"statistics", "data-analysis"}, {"ada", "dora"}, {"lms"})


@pytest.mark.parametrize("reason", ["Check the box", "still being loaded", "of your own first"])
def test_it_is_refused_with_a_sentence(client: Client, bo: User, reason: str) -> None:
    if reason == "of your own first":
        bo.delete()
        client.force_login(User.objects.get(email="staff@example.com"))
    fields = {} if reason == "Check the box" else CONFIRMED
    with (
        patch.object(status, "try_lock", side_effect=status.Busy)
        if reason.startswith("still")
        else patch.object(status, "LOCK", "other")
    ):
        response = client.post(PAGE, fields)

    assert response.status_code == 400
    assert reason in response.content.decode()
    assert not Removal.objects.exists()
    assert Course.objects.count() == 3


STEPS = (
    "demo.remove._remove_course",
    "demo.remove.replay_events",
    "demo.remove._forget_figures",
    "kpis.recompute.recompute_stale.recompute_stale",
    "demo.remove._end",
)


def test_a_removal_killed_at_every_step_is_completed(client: Client) -> None:
    client.post(PAGE, CONFIRMED)
    for step in STEPS:
        with patch(step, killing(import_string(step), 0)), pytest.raises(Killed):
            remove_demonstration()
        assert status.is_loaded()

    assert remove_demonstration()

    assert left() == ({"statistics"}, {"ada"}, {"lms"})
    october = Measurement.objects.filter(kpi="business.enrollment", period_kind="month", n__gt=0)
    assert {(one.scope, one.n) for one in october} == {("site", 1), ("course", 1), ("run", 1)}
