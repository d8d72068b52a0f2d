"""A process that is killed while it runs the cycle, and two people who decide at one moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User
from curriculum.models import ParameterChange
from improvement.models import Adjustment
from kpisite.jobs import cycle
from kpisite.testing.worker import database_url
from kpisite.tests.school_year import (
    BETTER,
    ENROLLMENT,
    MEASURED_ON,
    SCORES,
    VIDEO,
    closing_day,
    proposal,
    school_year,
)

pytestmark = pytest.mark.django_db(transaction=True)

# dies when a step of the loop has been written, but not committed
DYING = """
import os, signal
from unittest.mock import patch
import django
django.setup()
from datetime import datetime
from django.utils.module_loading import import_string
from kpis.definitions.registry import REGISTRY
from kpisite.jobs import cycle
for key in REGISTRY.keys() - set({kpis}):
    del REGISTRY[key]
now = datetime.fromisoformat("{moment}")
real = import_string("{where}")
def dying(*given, **named):
    real(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
with patch("{where}", dying), patch("django.utils.timezone.now", return_value=now):
    cycle.run(now)
"""


def killed_cycle(moment: datetime, where: str) -> int:
    """Run the cycle in its own process until it has done a step, and return how it ended."""
    kpis = [SCORES, VIDEO, ENROLLMENT]
    return subprocess.run(
        [sys.executable, "-c", DYING.format(moment=moment.isoformat(), where=where, kpis=kpis)],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "kpisite.settings",
        },
        cwd=settings.BASE_DIR,
        check=False,
        timeout=120,
    ).returncode


def history() -> list[str]:
    return list(proposal().events.values_list("kind", flat=True))


def test_a_killed_process_leaves_its_step_to_the_next_one() -> None:
    with school_year(BETTER, courses=("py",)) as year:
        year.lives_until(closing_day(4))
        assert killed_cycle(year.now, "improvement.answer.note_proposal") == -signal.SIGKILL
        assert not Adjustment.objects.exists()
        assert not ParameterChange.objects.exists()
        cycle.run(year.now)
        assert history() == ["proposed"]
        approve_at_one_moment()
        assert [one["new"]["value"] for one in year.delivers()] == [20]

        year.lives_until(MEASURED_ON)
        assert killed_cycle(year.now, "improvement.watching.record") == -signal.SIGKILL
        assert proposal().effect is None
        cycle.run(year.now)
        assert history() == ["proposed", "approved", "measured"]


def approve_at_one_moment() -> None:
    """Let two people approve the version that both have seen; one of them does."""
    made, together = proposal(), threading.Barrier(2)

    def approve(client: Client) -> int:
        together.wait()
        try:
            return client.post(
                f"/api/curriculum/adjustments/{made.pk}/approve",
                {"version": made.version},
                content_type="application/json",
            ).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as people:
        statuses = list(people.map(approve, [signed_in("ada"), signed_in("bo")]))
    assert sorted(statuses) == [200, 409]
    assert history() == ["proposed", "approved"]


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(f"{name}@example.com"))
    return client
