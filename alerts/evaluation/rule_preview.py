"""How often a rule would have fired: the stored measurements through the same states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from alerts.evaluation import event_texts
from alerts.evaluation.cases import AlertCase, cases
from alerts.evaluation.evaluation_data import AlertScope, EvaluationData
from alerts.evaluation.observations import YEAR, closed_periods, observations_of
from alerts.evaluation.transitions import OPENED, RECOVERED, Transition, replay
from alerts.models import AlertRule
from alerts.scope_names import names
from core import reporting_clock
from kpis.definitions.period_names import day
from kpis.definitions.periods import local_day
from kpis.definitions.registry import REGISTRY


@dataclass(frozen=True)
class Fired:
    """One alert that would have been: where, since when, said how, and until when.

    `is_earlier` says that it opened before the twelve months, and was open when they began.
    """

    subject: AlertScope
    place: str
    at: datetime
    first: date
    period: str
    why: str
    until: datetime | None
    is_earlier: bool = False


# how many periods before the twelve months are replayed, to know what was open when they began
WARM_UP = 12


@dataclass(frozen=True)
class Preview:
    """What a rule would have said in the last twelve months, oldest first."""

    rule: AlertRule
    fired: Sequence[Fired]

    @property
    def is_known(self) -> bool:
        """False for data that stopped: feeds keep how far they reach, not how far they did."""
        return self.rule.metric != AlertRule.Metric.STALE

    @cached_property
    def periods(self) -> list[str]:
        return list(dict.fromkeys(one.period for one in self.fired if not one.is_earlier))

    @property
    def sentence(self) -> str:
        if not self.is_known:
            return "How often data stopped coming in the past is not kept."
        earlier = [one for one in self.fired if one.is_earlier]
        count = len(self.fired) - len(earlier)
        times = "once" if count == 1 else f"{count} times"
        fired = f"This rule would have fired {times} in the last 12 months"
        listed = f": {', '.join(self.periods)}" if count else ""
        return " ".join([f"{fired}{listed}.", *_were_open(earlier)])


def preview(rule: AlertRule, now: datetime) -> Preview:
    """Replay the rule, saved or not, as it stands."""
    if rule.metric == AlertRule.Metric.STALE or rule.kpi not in REGISTRY:
        return Preview(rule, ())
    periods = closed_periods([rule], now, more=WARM_UP)
    evidence = EvaluationData([rule], periods, now)
    tracked = observations_of(rule, evidence, evidence.subjects(rule))
    called = names(tracked)
    found = [one for case in cases(rule, tracked, {}) for one in _fired(case, called, now)]
    return Preview(rule, sorted(found, key=lambda one: (one.at, one.subject)))


def _were_open(earlier: Sequence[Fired]) -> list[str]:
    """What is to add where alerts were open when the twelve months began."""
    if not earlier:
        return []
    if len(earlier) > 1:
        return [f"{len(earlier)} alerts were open already when they began."]
    until = earlier[0].until
    end = (
        f"until {day(local_day(until, reporting_clock.reporting_zone()))}"
        if until
        else "and still is"
    )
    return [f"One alert was open already when they began, {end}."]


def _fired(case: AlertCase, called: Mapping[tuple[str, int], str], now: datetime) -> list[Fired]:
    moves = replay(case.steps, case.policy, case.cooldown)
    start = now - YEAR
    found = [
        Fired(
            subject=case.subject,
            place=called[case.subject.scope, case.subject.scope_id],
            at=move.reading.at,
            first=move.reading.first,
            period=event_texts.period(case.rule, move.reading.first),
            why=f"{event_texts.event_text(case.rule, move.reading)}.",
            until=_end(moves[at + 1 :]),
            is_earlier=move.reading.at <= start,
        )
        for at, move in enumerate(moves)
        if move.kind == OPENED
    ]
    return [one for one in found if one.until is None or one.until > start]


def _end(later: Sequence[Transition]) -> datetime | None:
    return next((move.reading.at for move in later if move.kind == RECOVERED), None)
