"""An adjustment as pages show it, without figures that its reader must not see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import QuerySet
from django.urls import reverse

from accounts.reader import Reader
from alerts import scopes
from alerts.models import Alert
from alerts.pages.alert_card import AlertCard
from curriculum.models import Course
from curriculum_pages.adjustments.effects import Effect, effect_of
from curriculum_pages.adjustments.steps import Step, steps
from curriculum_pages.parameter_rows import SCOPES, place_query, scope_name
from improvement.models import Adjustment
from improvement.suppressed_adjustments import ShownAdjustment
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from presentation import figures

RELATED = (
    "rule",
    "course",
    "decided_by",
    "proposed_by",
    "change__parameter",
    "parameter",
    *(f"parameter__{one}" for one in SCOPES),
)
Status = Adjustment.Status
BADGES = {
    Status.PROPOSED: "stale",
    Status.APPROVED: "stale",
    Status.WATCHED: "stale",
}


def visible_to(reader: Reader) -> QuerySet[Adjustment]:
    """Return the adjustments of the reader's courses, without those that were never proposed."""
    rows = Adjustment.objects.visible_to(reader).exclude(status=Status.DECLINED)
    return rows.select_related(*RELATED)


@dataclass(frozen=True)
class AdjustmentCard:
    """`alert` is None for one proposed by hand, or whose alert the reader must not see."""

    adjustment: Adjustment
    alert: AlertCard | None
    effect: Effect
    now: datetime

    @property
    def name(self) -> str:
        row = self.adjustment.parameter
        return row.display_name if row else self.adjustment.parameter_key

    @property
    def values(self) -> str:
        return self.adjustment.values

    @property
    def scope(self) -> str:
        row = self.adjustment.parameter
        return scope_name(row) if row else self.adjustment.place

    @property
    def course(self) -> Course | None:
        """None for the whole site."""
        return self.adjustment.course

    @property
    def is_open(self) -> bool:
        """True until somebody decides, and while its change is watched."""
        return self.adjustment.is_open

    @property
    def kpi_name(self) -> str:
        indicator = REGISTRY.get(self.adjustment.kpi)
        return indicator.name if indicator else self.adjustment.kpi

    @property
    def status(self) -> str:
        return self.adjustment.get_status_display()

    @property
    def badge(self) -> str:
        return BADGES.get(Status(self.adjustment.status), "")

    @property
    def url(self) -> str:
        return reverse("curriculum_pages:adjustment", args=[self.adjustment.pk])

    @property
    def parameter_url(self) -> str:
        """The parameter in the same place; empty once that is deleted."""
        row = self.adjustment.parameter
        if row is None:
            return ""
        return reverse("curriculum_pages:parameter", args=[row.key]) + place_query(row)

    @property
    def shows_reasons(self) -> bool:
        """False if the reader must not see the figures that a rule writes into its reasons."""
        if self.adjustment.alert_id is None:
            return True
        return self.alert is not None and not self.alert.is_hidden

    def reason(self, text: str, *, by_person: bool) -> str:
        return text if by_person or self.shows_reasons else figures.hidden_note()

    @cached_property
    def steps(self) -> Sequence[Step]:
        by_person = self.adjustment.proposed_by_id is not None
        reason = self.reason(self.adjustment.reason, by_person=by_person)
        return steps(self.adjustment, self.alert, reason, self.effect.sentence)


def cards(adjustments: Iterable[Adjustment], service: KpiQueryService) -> list[AdjustmentCard]:
    """Return a card for each adjustment, with a constant number of queries for their alerts."""
    adjustments = list(adjustments)
    alerts = _alert_cards(adjustments, service)
    return [
        AdjustmentCard(
            one, alerts.get(one.pk), effect_of(one, alerts.get(one.pk), service), service.now
        )
        for one in adjustments
    ]


def _alert_cards(
    adjustments: Sequence[Adjustment], service: KpiQueryService
) -> dict[int, AlertCard]:
    """Return the alerts that the reader may see, as they were proposed about, by adjustment."""
    ids = {one.alert_id for one in adjustments if one.alert_id}
    rows = Alert.objects.visible_to(service.reader).select_related("rule", "course")
    alerts = rows.in_bulk(ids)
    names = scopes.names(alerts.values())
    found = {}
    for one in adjustments:
        if alert := alerts.get(one.alert_id or 0):
            one.alert = alert
            found[one.pk] = AlertCard(
                _as_proposed(alert, one),
                names[alert.scope, alert.scope_id],
                one.alert_period_start or alert.last_period_start,
                ShownAdjustment(one, service).is_alert_hidden,
                service.now,
            )
    return found


def _as_proposed(alert: Alert, adjustment: Adjustment) -> Alert:
    """Return a copy of the alert with the figures of that time; it may have recovered since."""
    then = copy(alert)
    then.value, then.target = adjustment.alert_value, adjustment.alert_target
    return then
