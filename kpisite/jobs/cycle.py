"""The loop's table of contents; each step may run twice and leaves rows for the next."""

from __future__ import annotations

from datetime import datetime

from alerts.evaluation.evaluate import evaluate
from core.durability import without_waiting_for_disk
from kpis.recompute import from_scratch, recompute_stale

# how long, in seconds, it waits for who serves what is stale: they find the same
WAIT_FOR = 5.0


def run(now: datetime) -> None:
    """Measure what facts and time have changed, verify a sample, and judge what has closed."""
    with without_waiting_for_disk():
        with recompute_stale.recompute_lock(patience=WAIT_FOR) as is_ours:
            if is_ours:
                recompute_stale.recompute_stale(now=now)
        recompute_stale.recompute_open(now)
        from_scratch.verify_sample(now)
    evaluate(now)
