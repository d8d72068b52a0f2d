"""Who was notified of an alert, by which channel and when: a section of its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.translation import gettext, ngettext

from alerts.models import Alert
from alerts.pages.sections import ALERT_SECTIONS, AlertSection
from core import localized
from kpis.query.query_service import KpiQueryService
from notifications.models import Channel, Notification
from presentation import figures

MOST = 200


@dataclass(frozen=True)
class Sent:
    """Notifications of one entry of the history by one channel, in one state.

    `addresses` are shown only to staff who may see notifications; others see how many there are.
    """

    event: str
    channel: str
    kind: str
    addresses: tuple[str, ...]
    state: str
    error: str
    is_in_product: bool
    moment: datetime

    @property
    def at(self) -> str:
        return figures.moment(self.moment)

    @property
    def recipients(self) -> str:
        """Who was notified, without addresses."""
        if self.is_in_product:
            return gettext("Everyone who may see this alert")
        if not self.addresses:
            return "–"
        return ngettext("%(count)s address", "%(count)s addresses", len(self.addresses)) % {
            "count": localized.number(len(self.addresses))
        }


def register() -> None:
    ALERT_SECTIONS.register(
        "notifications", AlertSection("notifications/_alert_section.html", notifications_of)
    )


def notifications_of(service: KpiQueryService, alert: Alert) -> dict[str, Any] | None:
    """Show the notifications of the alert; None if there are none."""
    rows = Notification.objects.filter(event__alert=alert).exclude(state=Notification.State.DROPPED)
    rows = rows.select_related("event", "channel").order_by("event", "channel", "state", "pk")
    found = sorted(_grouped(rows[:MOST]), key=lambda one: one.moment)
    return {"sent": found} if found else None


def _grouped(rows: Iterable[Notification]) -> Iterable[Sent]:
    for _, some in groupby(rows, lambda one: (one.event_id, one.channel_id, one.state)):
        first, *others = some
        yield Sent(
            event=first.event.get_kind_display() if first.event else "",
            channel=first.channel.name if first.channel else gettext("E-mail"),
            kind=first.channel.get_kind_display() if first.channel else "",
            addresses=tuple(one.to for one in (first, *others) if one.to),
            state=first.get_state_display(),
            error=first.last_error if first.state != Notification.State.SENT else "",
            is_in_product=bool(first.channel and first.channel.kind == Channel.Kind.IN_APP),
            moment=first.sent_at or first.created_at,
        )
