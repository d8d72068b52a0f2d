"""Surveys with real workers and a real mail server, even if a worker is killed."""

from __future__ import annotations

import time
from datetime import timedelta

import psutil
import pytest
from django.utils import timezone

from core.tests.mail_box import MailBox, mail_box
from kpisite.testing.worker import running_worker
from outcomes.models import Invitation, Survey, Wave
from outcomes.surveys import tasks
from outcomes.tests.asking import with_address
from outcomes.tests.school import school

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

NAMES = ("ada", "bo", "cleo", "dee", "eve", "fay")


def wave() -> Wave:
    now = timezone.now()
    return Wave.objects.create(
        survey=Survey.objects.create(key="end", title="How was it?"),
        key="w1",
        course=school(),
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=9),
    )


def wait_for(box: MailBox, mails: int) -> None:
    deadline = time.monotonic() + 60
    while len(box.mails) < mails:
        assert time.monotonic() < deadline, box.recipients
        time.sleep(0.1)


def kill(worker: int) -> None:
    """Kill the worker's child processes before it can start new ones."""
    process = psutil.Process(worker)
    for one in (*process.children(recursive=True), process):
        one.kill()


def test_a_killed_worker_sends_nobody_two_e_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    wave()
    with_address(*NAMES)
    with mail_box() as box:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{box.port}")
        with running_worker() as first:

            def kill_at_the_second() -> None:
                if len(box.mails) == 1:
                    kill(first.pid)

            box.on_mail = kill_at_the_second
            tasks.send_surveys.delay()
            first.wait(timeout=60)
        with running_worker():
            tasks.send_surveys.delay()
            wait_for(box, 6)

    assert sorted(box.recipients) == [f"{name}@example.com" for name in NAMES]
    # the worker never learned that the second e-mail was accepted: its claim expires
    unsure = Invitation.objects.get(sent_at=None)
    assert unsure.enrollment.learner.key == "bo"
    assert unsure.claimed_at
