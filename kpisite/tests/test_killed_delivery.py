"""A worker that is killed between sending a message and recording it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings

from kpisite.testing.worker import database_url
from notifications.delivery.deliver import LEASE, DeliveryRun
from notifications.models import Notification
from notifications.tests.hook_sink import Sink, hook_sink
from notifications.tests.notifying import NOON, create_alert, only_channel, record

pytestmark = pytest.mark.django_db(transaction=True)

# dies after the third of five messages was accepted but not recorded
DYING = """
import os, signal
import django
django.setup()
from datetime import datetime
from notifications.delivery import deliver, webhooks
now = datetime.fromisoformat("{moment}")
send, sent = webhooks.send, []
def send_and_die(*given):
    send(*given)
    sent.append(1)
    if len(sent) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
webhooks.send = send_and_die
deliver.DeliveryRun(clock=lambda: now).deliver()
"""


@pytest.fixture
def sink() -> Iterator[Sink]:
    with hook_sink() as found:
        yield found


def killed_worker() -> int:
    return subprocess.run(
        [sys.executable, "-c", DYING.format(moment=NOON.isoformat())],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "kpisite.settings",
            "KPI_WEBHOOK_ALLOWED": "127.0.0.0/8",
        },
        cwd=settings.BASE_DIR,
        check=False,
        timeout=120,
    ).returncode


def test_a_killed_worker_loses_no_message_and_repeats_none_visibly(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    for _ in range(5):
        record(create_alert())

    assert killed_worker() == -signal.SIGKILL
    assert DeliveryRun(clock=lambda: NOON).deliver() == 2
    assert DeliveryRun(clock=lambda: NOON + LEASE).deliver() == 1
    posts = [(headers["Idempotency-Key"], body) for headers, body in sink.posts]
    assert (len(posts), len(set(posts))) == (6, 5)
    assert set(Notification.objects.values_list("state", flat=True)) == {"sent"}
