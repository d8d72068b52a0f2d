"""Who may see an alert: the rule of `AlertQuerySet.visible_to`, from the alert's side."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.reader import Reader
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


def owners(alert: Alert) -> QuerySet[User]:
    """Return who may own an alert: staff, and the managers of its course or run."""
    may_see = Q(is_staff=True) | managers_of(alert)
    return User.objects.filter(may_see, is_active=True).distinct()


def owners_of_courses(reader: Reader, user: User) -> QuerySet[User]:
    """Return who may own some of the reader's alerts, and the reader's own account."""
    courses = reader.courses_in_part()
    may_see = Q(is_staff=True) | Q(course_grants__course__in=courses)
    may_see |= Q(run_grants__run__in=reader.runs()) | Q(pk=user.pk)
    return User.objects.filter(may_see, is_active=True).distinct()
