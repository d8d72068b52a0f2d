"""Find candidates for findings, and keep those that are statistically significant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from insights.finding import Change, FindingCandidate, FindingKind, FindingSubject
from kpis.query import comparisons
from kpis.query.results import MetricValue
from kpis.statistics import significance
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
    tested = [one for one in found if one.comparison]
    families = [[one for one in tested if _family(one) is family] for family in Family]
    kept = set().union(*(_discoveries(family) for family in families))
    return [one for one in found if one.comparison is None or id(one) in kept]


def _family(candidate: FindingCandidate) -> Family:
    if candidate.change:
        return Family.CHANGES
    if candidate.is_of_module:
        return Family.MODULES
    return Family.PARTS if candidate.subject.is_part else Family.WHOLE


def _discoveries(tested: Sequence[FindingCandidate]) -> set[int]:
    compared = [(one, one.comparison) for one in tested if one.comparison]
    found = significance.discoveries([by.chances.two_sided for _, by in compared])
    return {
        id(one)
        for (one, by), is_discovery in zip(compared, found, strict=True)
        if is_discovery and by.is_outside
    }


def _is_final(metric_value: MetricValue) -> bool:
    return metric_value.status == "ok" and metric_value.is_shown


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
    comparison = comparisons.with_target(metric_value, subject.whole)
    if comparison is None and not metric_value.indicator.is_total:
        return None
    return FindingCandidate(kinds[is_good], subject, is_good, comparison)


def _against_previous(subject: FindingSubject) -> FindingCandidate | None:
    now, before = subject.metric_value, subject.before
    if before is None or not _is_final(before) or now.shown is None or before.shown is None:
        return None
    amount, comparison = now.shown - before.shown, comparisons.with_earlier(now, before)
    if comparison is None or figures.rounds_to_zero(now.indicator.unit, amount):
        return None
    is_good = (amount > 0) is now.indicator.higher_is_better
    change = Change(amount, comparison.interval, before)
    return FindingCandidate(FindingKind.MOVED, subject, is_good, comparison, change)
