"""The loop's table of contents; each step may run twice and leaves rows for the next."""

from __future__ import annotations

from datetime import datetime

from curriculum.durability import derived
from kpis import measure
from kpis.alerts.judge import judge


def run(now: datetime) -> None:
    """Measure what facts and time have changed, and judge what has closed."""
    with derived():
        measure.measure_dirty(now=now)
        measure.measure_open(now)
    judge(now)
