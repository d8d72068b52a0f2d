from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings

from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertEvent
from alerts.tests.alerting import add_rule, closing, store_value
from kpis.tests.measured import COMPLETION, course
from kpisite.testing.worker import database_url

pytestmark = pytest.mark.django_db(transaction=True)

MAY = closing("2026-05")
# dies when the tenth of twenty alert events is announced
DYING = """
import os, signal
import django
django.setup()
from datetime import datetime
from alerts.evaluation.evaluate import evaluate
from alerts.signals import alert_changed
told = []
def die(**_):
    told.append(1)
    if len(told) == 10:
        os.kill(os.getpid(), signal.SIGKILL)
alert_changed.connect(die)
evaluate(datetime.fromisoformat("{moment}"))
"""


def killed_evaluation() -> int:
    """Run an evaluation in its own process until it dies."""
    return subprocess.run(
        [sys.executable, "-c", DYING.format(moment=MAY.isoformat())],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "kpisite.settings",
        },
        cwd=settings.BASE_DIR,
        check=False,
        timeout=120,
    ).returncode


def test_the_next_evaluation_completes_a_killed_one() -> None:
    add_rule(COMPLETION, each="course")
    for at in range(20):
        store_value("2026-05", 60, of=course(f"course-{at}"), kpi=COMPLETION)

    assert killed_evaluation() == -signal.SIGKILL
    assert not Alert.objects.exists()
    assert not AlertEvent.objects.exists()
    assert evaluate(MAY) == 20
    assert Alert.objects.open().count() == 20
