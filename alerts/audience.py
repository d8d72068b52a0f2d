"""Who may see an alert: the rule of `AlertQuerySet.visible_to`, from the alert's side."""

from __future__ import annotations

from django.db.models import Q

from alerts.models import Alert
from kpis.models import Measurement


def managers_of(alert: Alert) -> Q:
    """Return the condition for accounts that are granted what the alert is about."""
    if alert.course_id is None:
        return Q(pk__in=())
    granted = Q(course_grants__course=alert.course_id)
    if alert.scope == Measurement.Scope.RUN:
        granted |= Q(run_grants__run=alert.scope_id)
    return granted
