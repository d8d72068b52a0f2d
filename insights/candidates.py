"""Find candidates for findings, and keep those that are statistically significant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from insights.finding import Change, FindingCandidate, FindingKind, FindingSubject
from kpis.definitions.registry import Indicator, Interval
from kpis.query.results import MetricValue
from kpis.statistics import p_values, significance
from presentation import figures


class Family(Enum):
    """Which tests are corrected together: targets of the whole, its courses, modules; changes."""

    WHOLE, PARTS, MODULES, CHANGES = range(4)


def candidates(subject: FindingSubject) -> Iterator[FindingCandidate]:
    """Compare a final value with its target and with the previous period."""
    if not _is_final(subject.metric_value):
        return
    for one in (_against_target(subject), _against_previous(subject)):
        if one is not None:
            yield one


def significant(found: Iterable[FindingCandidate]) -> list[FindingCandidate]:
    """Keep the candidates that are significant alone and among all tested with them.

    The step-up of Benjamini and Hochberg bounds the false ones in each family: on pure noise, a
    page of all four families shows a finding in at most one week of twenty-five.
    """
    found = list(found)
    tested = [one for one in found if one.p_value is not None]
    families = [[one for one in tested if _family(one) is family] for family in Family]
    kept = set().union(*(_discoveries(family) for family in families))
    return [one for one in found if (one.p_value is None or id(one) in kept) and _is_outside(one)]


def _family(candidate: FindingCandidate) -> Family:
    if candidate.change:
        return Family.CHANGES
    if candidate.is_of_module:
        return Family.MODULES
    return Family.PARTS if candidate.subject.is_part else Family.WHOLE


def _discoveries(tested: Sequence[FindingCandidate]) -> set[int]:
    found = significance.discoveries([one.p_value or 0.0 for one in tested])
    return {id(one) for one, is_discovery in zip(tested, found, strict=True) if is_discovery}


def _is_final(metric_value: MetricValue) -> bool:
    return metric_value.status == "ok" and metric_value.is_shown


def _is_outside(candidate: FindingCandidate) -> bool:
    """True if the interval shown does not contain the target, or zero for a change."""
    metric_value = candidate.subject.metric_value
    if candidate.change:
        interval = candidate.change.interval
        return interval is None or not interval[0] <= 0 <= interval[1]
    if metric_value.interval is None:
        return True
    return not metric_value.interval[0] <= scaled_target(metric_value) <= metric_value.interval[1]


def scaled_target(metric_value: MetricValue) -> float:
    """Return the target in the scale of stored values: 0.85 for 85%."""
    return (
        float(metric_value.target.value) / metric_value.indicator.unit.scale
        if metric_value.target
        else 0.0
    )


def _against_target(subject: FindingSubject) -> FindingCandidate | None:
    metric_value = subject.metric_value
    if metric_value.difference is None or figures.rounds_to_zero(
        metric_value.indicator.unit, metric_value.difference
    ):
        return None
    is_good = bool(metric_value.meets_target)
    kinds = {True: FindingKind.EXCEEDED, False: FindingKind.MISSED}
    if subject.whole is not None:
        kinds = {True: FindingKind.STRONG_MODULE, False: FindingKind.WEAK_MODULE}
    return FindingCandidate(
        kinds[is_good], subject, is_good, _target_p_value(metric_value, subject.whole)
    )


def _target_p_value(metric_value: MetricValue, whole: MetricValue | None) -> float | None:
    """None for a total, which is a full count and has no interval."""
    indicator, target = metric_value.indicator, scaled_target(metric_value)
    if indicator.is_total or metric_value.value is None:
        return None
    if indicator.interval is Interval.WILSON:
        return p_values.of_share(metric_value.value, metric_value.sums.n, target)
    if indicator.interval in (Interval.MEAN, Interval.NET):
        # equal scores have no spread, but prove less than that
        exact = p_values.of_mean(metric_value.sums, target, whole.sums if whole else None)
        return (
            p_values.of_share(metric_value.value, metric_value.sums.n, target)
            if exact is None
            else exact
        )
    if metric_value.interval is None:
        return p_values.CHANCE
    return p_values.of_estimate(metric_value.value, metric_value.interval, target)


def _against_previous(subject: FindingSubject) -> FindingCandidate | None:
    now, before = subject.metric_value, subject.before
    if before is None or not _is_final(before) or now.shown is None or before.shown is None:
        return None
    amount, p_value = now.shown - before.shown, _change_p_value(now, before)
    if p_value is None or figures.rounds_to_zero(now.indicator.unit, amount):
        return None
    is_good = (amount > 0) is now.indicator.higher_is_better
    change = Change(amount, _interval_of_change(now, before), before)
    return FindingCandidate(FindingKind.MOVED, subject, is_good, p_value, change)


def _change_p_value(now: MetricValue, before: MetricValue) -> float | None:
    """None if the sums do not allow a test."""
    indicator = now.indicator
    if indicator.is_total:
        return _count_p_value(indicator, now, before)
    if indicator.interval in (Interval.MEAN, Interval.NET):
        return p_values.of_two_means(now.sums, before.sums)
    if now.value is None or before.value is None:
        return None
    if indicator.interval is Interval.WILSON:
        return p_values.of_two_shares(now.value, now.sums.n, before.value, before.sums.n)
    interval = _interval_of_change(now, before)
    return p_values.of_estimate(now.value - before.value, interval, 0.0) if interval else None


def _count_p_value(indicator: Indicator, now: MetricValue, before: MetricValue) -> float | None:
    # amounts of money are not counts: the spread of single payments is not stored
    if now.sums.total != now.sums.n or before.sums.total != before.sums.n:
        return None
    return p_values.of_two_counts(now.sums.n, now.period.days, before.sums.n, before.period.days)


def _interval_of_change(now: MetricValue, before: MetricValue) -> tuple[float, float] | None:
    if now.interval is None or before.interval is None:
        return None
    if now.value is None or before.value is None:
        return None
    return significance.difference(now.value, now.interval, before.value, before.interval)
