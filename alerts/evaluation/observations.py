"""From answers to readings: what of each period a rule judges, in the KPI's unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from alerts.evaluation.evaluation_data import AlertScope, EvaluationData
from alerts.evaluation.state_machine import NO_DATA, OK, SAYS_NOTHING, Observation, Policy
from alerts.models import AlertRule
from core import reporting_clock
from kpis.definitions.periods import Period, containing, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import Unit
from kpis.models import Measurement
from kpis.query.results import MetricValue
from kpis.statistics.intervals import Interval
from kpis.statistics.significance import chance, difference, discoveries

YEAR = timedelta(days=365)
TrackedPeriods = dict[AlertScope, list[Observation]]
Family = tuple[int | None, date]


def policy_of(rule: AlertRule) -> Policy:
    is_below = REGISTRY[rule.kpi].higher_is_better == (rule.side == AlertRule.Side.WORSE)
    if rule.metric == AlertRule.Metric.STALE:
        return Policy(sign=-1, needs_interval=False, is_graded=False)
    return Policy(
        sign=1 if is_below else -1,
        margin=float(rule.margin),
        needs_interval=rule.mode == AlertRule.Mode.INTERVAL,
        patience=rule.patience,
    )


def closed_periods(
    rules: Iterable[AlertRule], now: datetime, *, more: int = 0
) -> dict[str, list[Period]]:
    """Those that closed in the last twelve months, and as many before as the rules look back.

    `more` are added before those.
    """
    found = {}
    for kind in {rule.period_kind for rule in rules}:
        patience = max(rule.patience for rule in rules if rule.period_kind == kind)
        found[kind] = _closed(kind, now, earlier=patience + 1 + more)
    return found


def _closed(kind: str, now: datetime, *, earlier: int) -> list[Period]:
    lag = reporting_clock.close_lag()
    period = containing(
        local_day(now, reporting_clock.reporting_zone()), kind, reporting_clock.reporting_zone()
    ).previous
    while not period.is_closed(now, lag):
        period = period.previous
    found = [period]
    while found[-1].whole_end + lag > now - YEAR:
        found.append(found[-1].previous)
    for _ in range(earlier - 1):
        found.append(found[-1].previous)
    return found[::-1]


def observations_of(
    rule: AlertRule, evidence: EvaluationData, subjects: Sequence[AlertScope]
) -> TrackedPeriods:
    """The readings of each subject, oldest first.

    Of many courses, or many modules of a course, those count as beyond that are so by more than
    chance among them all.
    """
    if rule.metric == AlertRule.Metric.STALE:
        return {one: _age(rule, evidence, one) for one in subjects}
    read = _changes if rule.metric == AlertRule.Metric.CHANGE else _values
    indicator = _judged(rule)
    found = {one: read(evidence.answers(rule, indicator, one)) for one in subjects}
    policy = policy_of(rule)
    return _without_chance(found, policy) if rule.each and policy.needs_interval else found


def _judged(rule: AlertRule) -> Indicator:
    indicator = REGISTRY[rule.kpi]
    return indicator if rule.min_n is None else replace(indicator, min_n=rule.min_n)


def _values(answers: Iterable[MetricValue]) -> list[Observation]:
    lag = reporting_clock.close_lag()
    return [_value(one, lag) for one in answers]


def _value(one: MetricValue, lag: timedelta) -> Observation:
    target = None if one.target is None else float(one.target.value)
    status = one.status if one.status in SAYS_NOTHING else OK
    return Observation(
        first=one.period.first,
        at=one.period.whole_end + lag,
        status=status if target is not None else NO_DATA,
        value=one.shown,
        target=target,
        interval=_shown(one.indicator.unit, one.interval),
        n=one.sums.n,
    )


def _shown(unit: Unit, interval: Interval | None) -> Interval | None:
    if interval is None:
        return None
    return interval[0] * unit.scale, interval[1] * unit.scale


def _changes(answers: Sequence[MetricValue]) -> list[Observation]:
    lag = reporting_clock.close_lag()
    return [_change(before, one, lag) for before, one in pairwise(answers)]


def _change(before: MetricValue, one: MetricValue, lag: timedelta) -> Observation:
    """The difference from the period before, against 0; without intervals, the bare one."""
    then, now = (replace(_value(answer, lag), target=0.0) for answer in (before, one))
    silent = next((it for it in (one.status, before.status) if it in SAYS_NOTHING), None)
    if silent or then.value is None or now.value is None:
        return replace(now, status=silent or NO_DATA, value=None, interval=None)
    spread = None
    if now.interval and then.interval:
        spread = difference(now.value, now.interval, then.value, then.interval)
    moved = round(now.value - then.value, 4)
    return replace(now, status=OK, value=moved, interval=spread)


def _age(rule: AlertRule, evidence: EvaluationData, subject: AlertScope) -> list[Observation]:
    """How many days ago the data ended, against the days after which they count as stale."""
    through = evidence.data_through(REGISTRY[rule.kpi].category, subject.course_id)
    today = local_day(evidence.now, reporting_clock.reporting_zone())
    if through is None:
        return [Observation(today, evidence.now)]
    days = (evidence.now - through).total_seconds() / timedelta(days=1).total_seconds()
    limit = reporting_clock.stale_after().total_seconds() / timedelta(days=1).total_seconds()
    return [Observation(today, evidence.now, OK, round(days, 2), limit)]


def _without_chance(found: TrackedPeriods, policy: Policy) -> TrackedPeriods:
    """Keep, in each period, what is beyond by more than chance among all that were looked at."""
    families: dict[Family, list[tuple[AlertScope, float]]] = defaultdict(list)
    for subject, readings in found.items():
        for one in readings:
            if (p := _chance(one, policy)) is not None:
                families[_family(subject), one.first].append((subject, p))
    stand = {
        (subject, first)
        for (_, first), members in families.items()
        for (subject, _), is_one in zip(members, discoveries([p for _, p in members]), strict=True)
        if is_one
    }
    return {
        subject: [
            replace(one, is_discovery=False)
            if one.interval and policy.is_beyond(one) and (subject, one.first) not in stand
            else one
            for one in readings
        ]
        for subject, readings in found.items()
    }


def _family(subject: AlertScope) -> int | None:
    """The course whose modules are looked at together; courses are so all at once."""
    return subject.course_id if subject.scope == Measurement.Scope.MODULE else None


def _chance(reading: Observation, policy: Policy) -> float | None:
    """None for a reading that says nothing or has no interval."""
    if reading.status != OK or reading.interval is None:
        return None
    if reading.value is None or reading.target is None:
        return None
    bound = reading.target - policy.sign * policy.margin
    return chance(reading.value, reading.interval, bound, sign=policy.sign)
