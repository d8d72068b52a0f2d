"""Compare one value with its target and the previous period: a candidate for a finding."""

from __future__ import annotations

from collections.abc import Iterator

from insights.finding import Change, FindingCandidate, FindingKind, FindingSubject
from kpis.query import comparisons
from kpis.query.results import MetricValue
from presentation import figures


def candidates(subject: FindingSubject) -> Iterator[FindingCandidate]:
    """Compare a final value with its target and with the previous period."""
    if not _is_final(subject.metric_value):
        return
    for one in (against_target(subject), against_previous(subject)):
        if one is not None:
            yield one


def _is_final(metric_value: MetricValue) -> bool:
    return metric_value.status == "ok" and metric_value.is_shown


def against_target(subject: FindingSubject) -> FindingCandidate | None:
    """Return None if the value is on target or cannot be compared with one."""
    metric_value = subject.metric_value
    if metric_value.difference is None or figures.rounds_to_zero(
        metric_value.indicator.unit, metric_value.difference
    ):
        return None
    is_good = bool(metric_value.meets_target)
    kind = target_kind(is_good=is_good, is_of_module=subject.whole is not None)
    comparison = comparisons.with_target(metric_value, subject.whole)
    if comparison is None and not metric_value.indicator.is_total:
        return None
    return FindingCandidate(kind, subject, is_good, comparison)


def against_previous(subject: FindingSubject) -> FindingCandidate | None:
    """Return None if the value has not changed or the change cannot be tested."""
    now, before = subject.metric_value, subject.before
    if before is None or not _is_final(before) or now.shown is None or before.shown is None:
        return None
    amount, comparison = now.shown - before.shown, comparisons.with_earlier(now, before)
    if comparison is None or figures.rounds_to_zero(now.indicator.unit, amount):
        return None
    is_good = (amount > 0) is now.indicator.higher_is_better
    change = Change(amount, comparison.interval, before)
    return FindingCandidate(FindingKind.MOVED, subject, is_good, comparison, change)


def target_kind(*, is_good: bool, is_of_module: bool) -> FindingKind:
    if is_of_module:
        return FindingKind.STRONG_MODULE if is_good else FindingKind.WEAK_MODULE
    return FindingKind.EXCEEDED if is_good else FindingKind.MISSED
