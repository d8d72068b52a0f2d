"""The page of one adjustment: its steps, its effect, the decisions, and who did what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from accounts.models import User
from curriculum_pages.adjustments.cards import AdjustmentCard, cards
from curriculum_pages.adjustments.forms import MAY_DECIDE, DecisionForm, forms_for
from curriculum_pages.adjustments.trend import Trend
from improvement.models import Adjustment, AdjustmentEvent
from kpis.query.query_service import KpiQueryService
from presentation import figures


@dataclass(frozen=True)
class AuditEntry:
    event: AdjustmentEvent
    card: AdjustmentCard

    @property
    def at(self) -> str:
        return figures.moment(self.event.at)

    @property
    def by(self) -> str:
        return str(self.event.by) if self.event.by else ""

    @property
    def reason(self) -> str:
        text = self.event.reason
        return self.card.reason(text, by_person=self.event.by_id is not None) if text else ""


@dataclass
class AdjustmentPage:
    """`sent` is a form that was submitted and not valid; the page shows it with its errors."""

    service: KpiQueryService
    adjustment: Adjustment
    user: User
    sent: DecisionForm | None = None

    @cached_property
    def card(self) -> AdjustmentCard:
        return cards([self.adjustment], self.service)[0]

    @cached_property
    def trend(self) -> Trend:
        return Trend(self.card, self.service)

    @property
    def forms(self) -> list[DecisionForm]:
        if not self.user.has_perm(MAY_DECIDE):
            return []
        return forms_for(self.adjustment, self.user, self.service.now, self.sent)

    @property
    def audit(self) -> list[AuditEntry]:
        events = self.adjustment.events.select_related("by").order_by("at", "pk")
        return [AuditEntry(one, self.card) for one in events]

    @property
    def url(self) -> str:
        return reverse("curriculum_pages:adjustment", args=[self.adjustment.pk])
