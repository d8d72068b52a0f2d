"""Whom an alert concerns."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import User
from accounts.reader import Reader
from alerts.models import Alert


def recipients_of(alert: Alert) -> list[str]:
    """The e-mail address of the alert's owner, who may see it.

    Without one those of its course's managers; of the whole site, of the staff.
    """
    owner = alert.owner or alert.rule.owner
    if owner and _may_see(owner, alert):
        return [owner.email]
    by_place = Q(course_grants__course=alert.course_id) if alert.course_id else Q(is_staff=True)
    people = User.objects.filter(by_place, is_active=True).order_by("email").distinct()
    return list(people.values_list("email", flat=True))


def _may_see(user: User, alert: Alert) -> bool:
    reader = Reader.of(user)
    if not reader.reads_kpis:
        return False
    return reader.sees_every_course or alert.course_id in reader.course_ids
