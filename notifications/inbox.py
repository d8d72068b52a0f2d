"""Unread notifications in the product, for readers who may see the alert."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.reader import Reader
from alerts.models import Alert
from notifications.models import Channel, Notification, NotificationRead

SHOWN_FOR = timedelta(days=30)


def unread_of(user: User) -> QuerySet[Notification]:
    """Return the notifications of the last 30 days that a user may see and has not read."""
    reader = Reader.of(user)
    if not reader.reads_kpis:
        return Notification.objects.none()
    mine = Q()
    if not reader.sees_every_course:
        mine = Q(event__alert__in=Alert.objects.visible_to(reader))
    read = NotificationRead.objects.filter(notification=OuterRef("pk"), user=user)
    rows = Notification.objects.filter(
        mine,
        ~Exists(read),
        channel__kind=Channel.Kind.IN_APP,
        channel__is_active=True,
        event__isnull=False,
        sent_at__gt=timezone.now() - SHOWN_FOR,
    )
    return rows.select_related("event__alert__rule", "course")


def mark_read(user: User, *, alert: Alert | None = None) -> int:
    """Mark a user's notifications as read, all or those of one alert; return how many."""
    rows = unread_of(user)
    if alert:
        rows = rows.filter(event__alert=alert)
    now = timezone.now()
    made = [NotificationRead(notification=row, user=user, at=now) for row in rows]
    NotificationRead.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)
