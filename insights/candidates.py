"""What the figures show beyond chance: claims, and those of them that stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from insights.finding import Change, FindingCandidate, FindingKind, FindingSubject
from kpis.definitions.registry import Indicator, Interval
from kpis.query.results import MetricValue
from kpis.statistics import p_values, significance
from presentation import wording


class Family(Enum):
    """What is tested together: targets of the whole, of its courses and modules, and changes."""

    WHOLE, PARTS, MODULES, CHANGES = range(4)


def candidates(subject: FindingSubject) -> Iterator[FindingCandidate]:
    """What one subject shows of its target and of the period before, as far as it is final."""
    if not _is_final(subject.answer):
        return
    for claim in (_of_target(subject), _of_change(subject)):
        if claim is not None:
            yield claim


def beyond_chance(some: Iterable[FindingCandidate]) -> list[FindingCandidate]:
    """The claims that stand: certain by themselves, and among all that were tested with them.

    Benjamini and Hochberg's step-up bounds the false ones in each family. Where there is nothing
    but noise, a page of all four families shows a finding in one week of twenty-five at most.
    """
    made = list(some)
    tested = [claim for claim in made if claim.chance is not None]
    families = [[one for one in tested if _family(one) is family] for family in Family]
    kept = set().union(*(_discoveries(family) for family in families))
    return [one for one in made if (one.chance is None or id(one) in kept) and _is_sure(one)]


def _family(claim: FindingCandidate) -> Family:
    if claim.change:
        return Family.CHANGES
    if claim.is_of_module:
        return Family.MODULES
    return Family.PARTS if claim.subject.is_part else Family.WHOLE


def _discoveries(tested: Sequence[FindingCandidate]) -> set[int]:
    chances = [claim.chance or 0.0 for claim in tested]
    found = significance.discoveries(chances)
    return {id(claim) for claim, is_one in zip(tested, found, strict=True) if is_one}


def _is_final(answer: MetricValue) -> bool:
    return answer.status == "ok" and answer.is_shown


def _is_sure(claim: FindingCandidate) -> bool:
    """True when the interval that is shown with it does not hold the target, or no change."""
    answer = claim.subject.answer
    if claim.change:
        interval = claim.change.interval
        return interval is None or not interval[0] <= 0 <= interval[1]
    if answer.interval is None:
        return True
    return not answer.interval[0] <= goal_of(answer) <= answer.interval[1]


def goal_of(answer: MetricValue) -> float:
    """The target as the values are kept: 0.85 for 85%; call it only where there is one."""
    return float(answer.target.value) / answer.indicator.unit.scale if answer.target else 0.0


def _of_target(subject: FindingSubject) -> FindingCandidate | None:
    answer = subject.answer
    if answer.difference is None or wording.rounds_to_zero(
        answer.indicator.unit, answer.difference
    ):
        return None
    is_good = bool(answer.meets_target)
    kinds = {True: FindingKind.EXCEEDED, False: FindingKind.MISSED}
    if subject.whole is not None:
        kinds = {True: FindingKind.STRONG_MODULE, False: FindingKind.WEAK_MODULE}
    return FindingCandidate(kinds[is_good], subject, is_good, _chance_of(answer, subject.whole))


def _chance_of(answer: MetricValue, whole: MetricValue | None) -> float | None:
    """None for a total: it is what was counted, and has no interval."""
    indicator, goal = answer.indicator, goal_of(answer)
    if indicator.is_total or answer.value is None:
        return None
    if indicator.interval is Interval.WILSON:
        return p_values.of_share(answer.value, answer.sums.n, goal)
    if indicator.interval in (Interval.MEAN, Interval.NET):
        # who all score the same prove less than no spread would say
        exact = p_values.of_mean(answer.sums, goal, whole.sums if whole else None)
        return p_values.of_share(answer.value, answer.sums.n, goal) if exact is None else exact
    if answer.interval is None:
        return p_values.CHANCE
    return p_values.of_estimate(answer.value, answer.interval, goal)


def _of_change(subject: FindingSubject) -> FindingCandidate | None:
    now, before = subject.answer, subject.before
    if before is None or not _is_final(before) or now.shown is None or before.shown is None:
        return None
    moved, likely = now.shown - before.shown, _chance_of_change(now, before)
    if likely is None or wording.rounds_to_zero(now.indicator.unit, moved):
        return None
    is_good = (moved > 0) is now.indicator.higher_is_better
    change = Change(moved, _interval_of_change(now, before), before)
    return FindingCandidate(FindingKind.MOVED, subject, is_good, likely, change)


def _chance_of_change(now: MetricValue, before: MetricValue) -> float | None:
    """None where the sums do not tell."""
    indicator = now.indicator
    if indicator.is_total:
        return _chance_of_counts(indicator, now, before)
    if indicator.interval in (Interval.MEAN, Interval.NET):
        return p_values.of_two_means(now.sums, before.sums)
    if now.value is None or before.value is None:
        return None
    if indicator.interval is Interval.WILSON:
        return p_values.of_two_shares(now.value, now.sums.n, before.value, before.sums.n)
    interval = _interval_of_change(now, before)
    return p_values.of_estimate(now.value - before.value, interval, 0.0) if interval else None


def _chance_of_counts(indicator: Indicator, now: MetricValue, before: MetricValue) -> float | None:
    # an amount of money is no count: how much single payments differ is not kept
    if now.sums.total != now.sums.n or before.sums.total != before.sums.n:
        return None
    return p_values.of_two_counts(now.sums.n, now.period.days, before.sums.n, before.period.days)


def _interval_of_change(now: MetricValue, before: MetricValue) -> tuple[float, float] | None:
    if now.interval is None or before.interval is None:
        return None
    if now.value is None or before.value is None:
        return None
    return significance.difference(now.value, now.interval, before.value, before.interval)
