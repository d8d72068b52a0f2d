"""Guardrails: whether a variant is certainly not worse than a margin allows."""

from __future__ import annotations

from typing import Literal

from experiments.statistics.comparison import Comparison

Guardrail = Literal["passes", "fails", "unclear"]


def non_inferiority(
    comparison: Comparison, margin: float, higher_is_better: bool | None = None
) -> Guardrail:
    """Return passes if the whole interval is better than −margin, and fails if it is worse.

    With a 95% interval, each is a one-sided test at 2.5% (CONSORT extension: G. Piaggio and
    others, JAMA 308, 2012, 2594–2604). `higher_is_better` is by default that of the comparison.
    ValueError for a negative margin.
    """
    if not margin >= 0:
        raise ValueError("A margin is not negative: it says how much worse is acceptable.")
    if comparison.low is None or comparison.high is None:
        return "unclear"
    upwards = comparison.higher_is_better if higher_is_better is None else higher_is_better
    low, high = comparison.low, comparison.high
    worst, best = (low, high) if upwards else (-high, -low)
    if worst > -margin:
        return "passes"
    return "fails" if best < -margin else "unclear"
