"""What the alert endpoints answer with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import Field

from alerts import scopes
from alerts.models import Alert, AlertEvent, Severity
from alerts.pages.alert_card import AlertCard
from alerts.pages.alert_page import AlertPage, HistoryEntry
from core.api_models import ApiModel
from kpis.models import Measurement

FIGURES = ("value", "target", "ci_low", "ci_high", "n")


class RuleModel(ApiModel):
    id: int
    name: str


class AlertModel(ApiModel):
    id: int
    rule: RuleModel
    kpi: str
    metric: str = Field(description="What the rule evaluates: target, change or stale.")
    scope: Measurement.Scope
    key: str | None = Field(description="Key of the course, run or module.")
    course: str | None = Field(description="Key of the course; null for the whole site.")
    title: str = Field(description="Name of the course, run or module.")
    headline: str = Field(description="The course and what the rule says, as on the pages.")
    severity: Severity
    state: Alert.State = Field(description="As last evaluated.")
    is_open: bool
    is_expected: bool = Field(description="Closed by a person although the condition held.")
    period: str = Field(description="Kind of the periods: day, week, month or quarter.")
    first_period_start: date = Field(description="First day of the first period.")
    period_start: date = Field(description="First day of the period of these figures.")
    value: float | None = Field(description="In the KPI's unit; null if hidden.")
    target: float | None = Field(description="For a change 0; for stale data in days.")
    ci_low: float | None
    ci_high: float | None
    n: int | None
    is_suppressed: bool = Field(description="The figures are hidden to protect a small group.")
    sentence: str
    opened_at: datetime
    closed_at: datetime | None
    owner: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str
    snoozed_until: datetime | None
    held_back_by: int | None = Field(description="The course's alert that holds back this one.")
    url: str = Field(description="The page of the alert.")


class AlertEventModel(ApiModel):
    kind: AlertEvent.Kind
    at: datetime
    by: str | None
    why: str = Field(description="The reason, or the comment.")
    period_start: date | None
    is_told: bool = Field(description="People were notified.")

    @classmethod
    def of(cls, entry: HistoryEntry) -> AlertEventModel:
        event = entry.event
        return cls(
            kind=AlertEvent.Kind(event.kind),
            at=event.at,
            by=event.by.email if event.by else None,
            why=entry.reason,
            period_start=event.period_start,
            is_told=event.notifies,
        )


class AlertDetail(AlertModel):
    history: list[AlertEventModel]

    @classmethod
    def of(cls, page: AlertPage) -> AlertDetail:
        key = scopes.keys([page.alert]).get((page.alert.scope, page.alert.scope_id))
        history = [AlertEventModel.of(one) for one in page.history]
        return cls(**_fields_of(page.card, key), history=history)


class AlertList(ApiModel):
    count: int
    next: str | None
    previous: str | None
    results: list[AlertModel]


def models_of(cards: Iterable[AlertCard]) -> list[AlertModel]:
    cards = list(cards)
    keys = scopes.keys(card.alert for card in cards)
    return [
        AlertModel(**_fields_of(card, keys.get((card.alert.scope, card.alert.scope_id))))
        for card in cards
    ]


def _fields_of(card: AlertCard, key: str | None) -> dict[str, Any]:
    alert = card.alert
    return {
        "id": alert.pk,
        "rule": RuleModel(id=alert.rule_id, name=alert.rule.name),
        "kpi": alert.rule.kpi,
        "metric": alert.rule.metric,
        "scope": alert.scope,
        "key": key,
        "course": alert.course.key if alert.course else None,
        "title": card.scope_name,
        "headline": card.title,
        "severity": alert.severity,
        "state": alert.state,
        "is_open": alert.is_open,
        "is_expected": alert.is_expected,
        "period": alert.rule.period_kind,
        "first_period_start": alert.first_period_start,
        "period_start": card.figures_start,
        **{name: None if card.is_hidden else getattr(alert, name) for name in FIGURES},
        "is_suppressed": card.is_hidden,
        "sentence": card.sentence,
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
