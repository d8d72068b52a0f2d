"""What the alert API answers with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import Field

from alerts import scopes
from alerts.models import Alert, AlertEvent, Severity
from alerts.pages.alert_card import AlertCard
from alerts.pages.alert_page import AlertPage, HistoryEntry
from core.api_models import ApiModel, one_of
from kpis.models import Measurement

SCOPES = Measurement.Scope.values
FIGURES = ("value", "target", "ci_low", "ci_high", "n")


class AlertRuleAnswer(ApiModel):
    id: int
    name: str


class AlertAnswer(ApiModel):
    id: int
    rule: AlertRuleAnswer
    kpi: str
    metric: str = Field(description="What the rule evaluates: target, change or stale.")
    scope: str = one_of(SCOPES)
    key: str | None = Field(description="Key of the course, run or module.")
    course: str | None = Field(description="Key of the course; null: the site.")
    title: str = Field(description="Name of the course, run or module.")
    severity: str = one_of(Severity.values)
    state: str = one_of(Alert.State.values, "As last evaluated.")
    is_open: bool
    is_expected: bool = Field(description="Closed by a person, not recovered.")
    period: str = Field(description="Kind of period: day, week, month or quarter.")
    first_period_start: date = Field(description="First day of the first period.")
    period_start: date = Field(description="First day of the period of these figures.")
    value: float | None = Field(description="In the KPI's unit; null if hidden.")
    target: float | None = Field(description="Change: 0. Stale data: in days.")
    ci_low: float | None
    ci_high: float | None
    n: int | None
    is_suppressed: bool = Field(description="Hidden to protect a small group.")
    sentence: str
    opened_at: datetime
    closed_at: datetime | None
    owner: str | None = Field(json_schema_extra={"format": "email"})
    acknowledged_at: datetime | None
    acknowledged_by: str | None = Field(json_schema_extra={"format": "email"})
    note: str
    snoozed_until: datetime | None
    held_back_by: int | None = Field(description="Alert of the course.")
    url: str = Field(description="The page of the alert.")


class AlertEventAnswer(ApiModel):
    kind: str = one_of(AlertEvent.Kind.values)
    at: datetime
    by: str | None = Field(json_schema_extra={"format": "email"})
    why: str = Field(description="The reason, or the comment.")
    period_start: date | None
    is_told: bool = Field(description="People were notified.")

    @classmethod
    def of(cls, entry: HistoryEntry) -> AlertEventAnswer:
        event = entry.event
        return cls(
            kind=event.kind,
            at=event.at,
            by=event.by.email if event.by else None,
            why=str(entry.reason),
            period_start=event.period_start,
            is_told=event.notifies,
        )


class AlertDetailAnswer(AlertAnswer):
    history: list[AlertEventAnswer]

    @classmethod
    def of(cls, page: AlertPage) -> AlertDetailAnswer:
        alert = page.card.alert
        key = scopes.keys([alert]).get((alert.scope, alert.scope_id))
        history = [AlertEventAnswer.of(one) for one in page.history]
        return cls(**_fields(page.card, key), history=history)


class AlertListAnswer(ApiModel):
    count: int
    next: str | None
    previous: str | None
    results: list[AlertAnswer]


def alert_answers(cards: Iterable[AlertCard]) -> list[AlertAnswer]:
    cards = list(cards)
    keys = scopes.keys(card.alert for card in cards)
    return [
        AlertAnswer(**_fields(card, keys.get((card.alert.scope, card.alert.scope_id))))
        for card in cards
    ]


def _fields(card: AlertCard, key: str | None) -> dict[str, Any]:
    alert = card.alert
    return {
        "id": alert.pk,
        "rule": AlertRuleAnswer(id=alert.rule_id, name=alert.rule.name),
        "kpi": alert.rule.kpi,
        "metric": alert.rule.metric,
        "scope": alert.scope,
        "key": key,
        "course": alert.course.key if alert.course else None,
        "title": str(card.scope_name),
        "severity": alert.severity,
        "state": alert.state,
        "is_open": alert.is_open,
        "is_expected": alert.is_expected,
        "period": alert.rule.period_kind,
        "first_period_start": alert.first_period_start,
        "period_start": card.figures_start,
        **{name: None if card.is_hidden else getattr(alert, name) for name in FIGURES},
        "is_suppressed": card.is_hidden,
        "sentence": str(card.sentence),
        "opened_at": alert.opened_at,
        "closed_at": alert.closed_at,
        "owner": alert.owner.email if alert.owner else None,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_by": alert.acknowledged_by.email if alert.acknowledged_by else None,
        "note": alert.note,
        "snoozed_until": alert.snoozed_until,
        "held_back_by": alert.inhibited_by_id,
        "url": card.url,
    }
