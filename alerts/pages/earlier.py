"""When the rule's condition held earlier in the same scope: alerts, and periods before the first.

Periods that were closed before alerts were evaluated have no alerts. What a rule would have opened
in them follows from the stored measurements; nobody was notified.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext

from alerts.evaluation.rule_preview import PreviewedAlert, preview
from alerts.models import Alert
from presentation import figures

MOST = 20


@dataclass(frozen=True)
class EarlierTime:
    """One stretch of time; `url` is empty for one from before alerts were evaluated."""

    opened_at: datetime
    closed_at: datetime | None
    url: str = ""

    @property
    def is_from_history(self) -> bool:
        return not self.url

    @property
    def text(self) -> str:
        opened = {"opened": figures.moment(self.opened_at)}
        if self.closed_at is None:
            return gettext("Opened %(opened)s") % opened
        closed = {"closed": figures.moment(self.closed_at)}
        return gettext("Opened %(opened)s, closed %(closed)s") % (opened | closed)


def earlier_times(alert: Alert, now: datetime) -> list[EarlierTime]:
    """Return the times before this alert, the latest first."""
    same = Alert.objects.filter(rule=alert.rule, scope=alert.scope, scope_id=alert.scope_id)
    alerts = list(same.filter(opened_at__lt=alert.opened_at).order_by("-opened_at")[:MOST])
    first = min((alert, *alerts), key=lambda one: one.opened_at)
    found = [
        EarlierTime(one.opened_at, one.closed_at, reverse("alerts:alert", args=[one.pk]))
        for one in alerts
    ]
    return [*found, *_from_history(alert, first, now)][:MOST]


def _from_history(alert: Alert, first: Alert, now: datetime) -> list[EarlierTime]:
    """Return what the rule would have opened and closed before its first alert in the scope."""
    return [
        EarlierTime(one.opened_at, one.closed_at)
        for one in reversed(preview(alert.rule, now).alerts)
        if _is_before(one, first) and one.scope.scope == alert.scope
        and one.scope.scope_id == alert.scope_id
    ]  # fmt: skip


def _is_before(one: PreviewedAlert, first: Alert) -> bool:
    return one.closed_at is not None and one.closed_at < first.opened_at
