"""Preview how often a rule would have opened alerts, by replaying stored measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext, ngettext

from alerts.evaluation import event_texts
from alerts.evaluation.cases import AlertCase, build_cases
from alerts.evaluation.evaluation_data import EvaluationData
from alerts.evaluation.observations import YEAR, closed_periods, observe
from alerts.evaluation.state_machine import OPENED, RECOVERED, replay
from alerts.models import AlertRule
from alerts.scopes import AlertScope, names
from core import localized, reporting_clock
from kpis.definitions.period_names import day
from kpis.definitions.periods import local_day
from kpis.definitions.registry import REGISTRY

# replayed before the twelve months, to know which alerts were open when they began
EARLIER_PERIODS = 12


@dataclass(frozen=True)
class PreviewedAlert:
    """An alert that would have opened; `is_earlier`: before the twelve months of the preview."""

    scope: AlertScope
    scope_name: str
    opened_at: datetime
    period: str
    reason: str
    closed_at: datetime | None
    is_earlier: bool = False

    @property
    def opened_on(self) -> str:
        return day(local_day(self.opened_at, reporting_clock.reporting_zone()))

    @property
    def closed_on(self) -> str:
        if self.closed_at is None:
            return ""
        return day(local_day(self.closed_at, reporting_clock.reporting_zone()))


@dataclass(frozen=True)
class Preview:
    """The alerts that a rule would have opened in the last twelve months, oldest first."""

    rule: AlertRule
    alerts: Sequence[PreviewedAlert]

    @cached_property
    def periods(self) -> list[str]:
        return list(dict.fromkeys(one.period for one in self.alerts if not one.is_earlier))

    @property
    def sentence(self) -> str:
        if self.rule.metric == AlertRule.Metric.STALE:
            return gettext("Past data delays are not stored, so there is no preview.")
        earlier = [one for one in self.alerts if one.is_earlier]
        count = len(self.alerts) - len(earlier)
        if count:
            sentence = ngettext(
                "This rule would have opened %(count)s alert in the last 12 months: %(periods)s.",
                "This rule would have opened %(count)s alerts in the last 12 months: %(periods)s.",
                count,
            ) % {"count": localized.number(count), "periods": ", ".join(self.periods)}
        else:
            sentence = gettext("This rule would have opened no alerts in the last 12 months.")
        return f"{sentence} {_earlier_sentence(earlier)}".strip()


def _earlier_sentence(earlier: Sequence[PreviewedAlert]) -> str:
    if not earlier:
        return ""
    if len(earlier) > 1:
        return gettext("%(count)s alerts were already open when the 12 months began.") % {
            "count": localized.number(len(earlier))
        }
    (one,) = earlier
    if one.closed_at is None:
        return gettext("One alert was already open when the 12 months began and is still open.")
    return gettext("One alert was already open when the 12 months began, until %(day)s.") % {
        "day": one.closed_on
    }


def preview(rule: AlertRule, now: datetime) -> Preview:
    """Replay a saved or unsaved rule with its current settings."""
    if rule.metric == AlertRule.Metric.STALE or rule.kpi not in REGISTRY:
        return Preview(rule, ())
    periods = closed_periods([rule], now, earlier=EARLIER_PERIODS)
    data = EvaluationData([rule], periods, now)
    observations = observe(rule, data, data.scopes(rule))
    scope_names = names(observations)
    found = [
        alert
        for case in build_cases(rule, observations, {})
        for alert in _alerts_of(case, scope_names, now)
    ]
    return Preview(rule, sorted(found, key=lambda one: (one.opened_at, one.scope)))


def _alerts_of(
    case: AlertCase, scope_names: Mapping[tuple[str, int], str], now: datetime
) -> list[PreviewedAlert]:
    made = replay(case.steps, case.policy, case.cooldown)
    start = now - YEAR
    found = []
    for at, one in enumerate(made):
        if one.kind == OPENED:
            closed_at = next(
                (it.observation.closes_at for it in made[at + 1 :] if it.kind == RECOVERED), None
            )
            alert = PreviewedAlert(
                scope=case.scope,
                scope_name=scope_names[case.scope.scope, case.scope.scope_id],
                opened_at=one.observation.closes_at,
                period=event_texts.period_text(case.rule, one.observation.period_start),
                reason=event_texts.figures_text(case.rule, one.observation),
                closed_at=closed_at,
                is_earlier=one.observation.closes_at <= start,
            )
            if closed_at is None or closed_at > start:
                found.append(alert)
    return found
