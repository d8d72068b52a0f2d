"""The hourly cycle: the loop's steps in order. Each may run twice and leaves rows for the next."""

from __future__ import annotations

from datetime import datetime

from alerts.evaluation.evaluate import evaluate
from core.database.durability import without_waiting_for_disk
from experiments.nightly import analyze_due
from improvement.answer import answer
from improvement.watching import watch
from kpis.recompute import from_scratch, recompute_stale
from support.ranking import rank

# seconds to wait for another process that recomputes; it finds the same stale periods
WAIT_FOR = 5.0


def run(now: datetime) -> None:
    """Recompute what facts and time have changed; evaluate alerts, answer and follow them; analyze
    experiments; rank learners.
    """
    with without_waiting_for_disk():
        with recompute_stale.recompute_lock(patience=WAIT_FOR) as is_ours:
            if is_ours:
                recompute_stale.recompute_stale(now=now)
        recompute_stale.recompute_open(now)
        from_scratch.verify_sample(now)
    evaluate(now)
    answer(now)
    watch(now)
    analyze_due(now)
    rank(now)
