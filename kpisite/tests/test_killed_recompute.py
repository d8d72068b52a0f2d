from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings

from engagement.tests.school import enrolled, finished, graded, school
from kpis.models import Measurement
from kpis.recompute import from_scratch, stale_days
from kpis.recompute.recompute_stale import recompute_lock, recompute_stale
from kpis.tests.kernel import moment
from kpisite.testing.worker import database_url

pytestmark = pytest.mark.django_db(transaction=True)

NOW = moment("2026-07-10T12:00:00")

# dies when the first KPI of a claim is stored
DYING = """
import os, signal
import django
django.setup()
from datetime import datetime
from kpis.recompute.recompute_stale import recompute_lock, recompute_stale
from kpis.signals import measurements_changed
def die(**_):
    os.kill(os.getpid(), signal.SIGKILL)
measurements_changed.connect(die)
with recompute_lock():
    recompute_stale(now=datetime.fromisoformat("{moment}"))
"""


def killed_worker() -> int:
    """Recompute in a process of its own until it dies."""
    return subprocess.run(
        [sys.executable, "-c", DYING.format(moment=NOW.isoformat())],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "kpisite.settings",
        },
        cwd=settings.BASE_DIR,
        check=False,
        timeout=120,
    ).returncode


def test_the_claim_of_a_killed_worker_ends_with_it() -> None:
    school()
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-10")
    graded("bo", 0.8, "2026-01-11")

    assert killed_worker() == -signal.SIGKILL
    assert not Measurement.objects.exists()
    assert stale_days.is_anything_stale()
    with recompute_lock(patience=0.0) as is_free:
        assert is_free
        recompute_stale(now=NOW)
    assert not stale_days.is_anything_stale()
    first, last = NOW.date().replace(month=1, day=1), NOW.date()
    jobs = from_scratch.jobs_for(from_scratch.aggregated_indicators(), first, last, NOW)
    assert Measurement.objects.filter(scope="site", n__gt=0).exists()
    assert list(map(str, from_scratch.differences(jobs, NOW))) == []
