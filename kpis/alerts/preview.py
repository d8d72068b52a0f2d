"""How often a rule would have fired: the stored measurements through the same states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from kpis.alerts import wording
from kpis.alerts.cases import Case, cases
from kpis.alerts.evidence import Evidence, Subject
from kpis.alerts.moves import OPENED, RECOVERED, Move, replay
from kpis.alerts.places import names
from kpis.alerts.readings import YEAR, closed_periods, readings_of
from kpis.models import AlertRule
from kpis.registry import REGISTRY


@dataclass(frozen=True)
class Fired:
    """One alert that would have been: where, since when, said how, and until when."""

    subject: Subject
    place: str
    at: datetime
    first: date
    period: str
    why: str
    until: datetime | None


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
        return list(dict.fromkeys(one.period for one in self.fired))

    @property
    def sentence(self) -> str:
        if not self.is_known:
            return "How often data stopped coming in the past is not kept."
        times = "once" if len(self.fired) == 1 else f"{len(self.fired)} times"
        told = f"This rule would have fired {times} in the last 12 months"
        return f"{told}: {', '.join(self.periods)}." if self.fired else f"{told}."


def preview(rule: AlertRule, now: datetime) -> Preview:
    """Replay the rule, saved or not, as it stands."""
    if rule.metric == AlertRule.Metric.STALE or rule.kpi not in REGISTRY:
        return Preview(rule, ())
    periods = closed_periods([rule], now)
    evidence = Evidence([rule], periods, now)
    tracked = readings_of(rule, evidence, evidence.subjects(rule))
    called = names(tracked)
    found = [one for case in cases(rule, tracked, {}) for one in _fired(case, called, now)]
    return Preview(rule, sorted(found, key=lambda one: (one.at, one.subject)))


def _fired(case: Case, called: Mapping[tuple[str, int], str], now: datetime) -> list[Fired]:
    moves = replay(case.steps, case.policy, case.cooldown)
    return [
        Fired(
            subject=case.subject,
            place=called[case.subject.scope, case.subject.scope_id],
            at=move.reading.at,
            first=move.reading.first,
            period=wording.period(case.rule, move.reading.first),
            why=f"{wording.said(case.rule, move.reading)}.",
            until=_end(moves[at + 1 :]),
        )
        for at, move in enumerate(moves)
        if move.kind == OPENED and move.reading.at > now - YEAR
    ]


def _end(later: Sequence[Move]) -> datetime | None:
    return next((move.reading.at for move in later if move.kind == RECOVERED), None)
