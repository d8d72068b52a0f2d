"""The loop's table of contents; each step may run twice and leaves rows for the next."""

from __future__ import annotations

from datetime import datetime

from curriculum.durability import derived
from kpis import measure, recompute
from kpis.alerts.judge import judge

# how long, in seconds, it waits for who serves what is stale: they find the same
WAIT_FOR = 5.0


def run(now: datetime) -> None:
    """Measure what facts and time have changed, verify a sample, and judge what has closed."""
    with derived():
        with measure.turn(patience=WAIT_FOR) as is_ours:
            if is_ours:
                measure.measure_dirty(now=now)
        measure.measure_open(now)
        recompute.verify_sample(now)
    judge(now)
