"""Whether workers and the scheduler are alive."""

from __future__ import annotations

from collections.abc import Iterator

from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check
from kpisite.http import health


@check("programs.worker", "Worker", "valkey")
def worker() -> Iterator[Problem | str]:
    if not health.CHECKS["worker"]():
        yield Problem(
            f"No worker has reported in the last {health.HEARTBEAT_SECONDS} seconds: no figure is"
            " computed, no notification sent.",
            "celery --app kpisite worker",
            "Start one. If it runs, check that it has the same REDIS_URL as this program.",
        )


@check("programs.beat", "Scheduler", "valkey")
def beat() -> Iterator[Problem | str]:
    if not health.CHECKS["beat"]():
        yield Problem(
            "The scheduler has sent nothing for two minutes: nothing happens by itself.",
            "celery --app kpisite beat",
            "Start one. If it runs, check that it has the same REDIS_URL as this program.",
        )
