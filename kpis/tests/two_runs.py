"""Two learners in two runs, and the recomputation of their figures."""

from __future__ import annotations

from datetime import datetime

from curriculum.models import Enrollment
from kpis.recompute import recompute_stale
from kpis.tests.kernel import moment, run_of, starts

NOW = moment("2026-07-10T12:00:00")


def measured(now: datetime = NOW) -> int:
    return recompute_stale.recompute_stale(now=now)


def in_two_runs() -> None:
    """Ada completes run r1, Bo does not complete r2; both started on Tuesday, 10 March."""
    starts("ada", run_of("r1"), "2026-03-10", done=True)
    starts("bo", run_of("r2"), "2026-03-10")


def everybody() -> list[Enrollment]:
    return list(Enrollment.objects.select_related("run"))
