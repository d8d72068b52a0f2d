"""The outbox: write the notifications of an alert's event in the event's own transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.languages import in_language_of
from alerts.models import Alert, AlertEvent, AlertRule
from alerts.signals import alert_changed
from core import reporting_clock, task_queue
from notifications.delivery.transports import transport_of
from notifications.models import Channel, Notification
from notifications.payloads import PayloadWriter

Kind, State = AlertEvent.Kind, Notification.State
ENDS = (Kind.RECOVERED, Kind.CLOSED)
# somebody knows or it is over: notifications that nobody has received yet are dropped
MUTING_KINDS = (Kind.ACKNOWLEDGED, Kind.SNOOZED, *ENDS)
DELIVERED_OR_DUE = (State.WAITING, State.SENDING, State.SENT)

TASK = "notifications.tasks.deliver_notifications"
QUEUED = "notifications-queued"

Recipient = tuple[Channel, str]


def listen() -> None:
    alert_changed.connect(_enqueue_changed, dispatch_uid="notices")


def _enqueue_changed(event: AlertEvent, **_: Any) -> None:
    enqueue(event)


def enqueue(event: AlertEvent) -> list[Notification]:
    """Write the notifications of an event, one per channel and address.

    Calling it twice adds nothing: a key names the event, the channel and the address.
    """
    if event.kind in MUTING_KINDS:
        unsent = Notification.objects.filter(
            event__alert=event.alert, state=State.WAITING, batch=""
        )
        unsent.update(state=State.DROPPED)
    if not event.notifies:
        return []
    recipients = _earlier_recipients(event) if event.kind in ENDS else _recipients(event.alert)
    writer = PayloadWriter(event)
    with in_language_of(None):
        rows = [
            _notification(event, channel, to, writer.payload(channel, to))
            for channel, to in recipients
        ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        deliver_on_commit()
    return rows


def _recipients(alert: Alert) -> Iterator[Recipient]:
    for channel in Channel.objects.filter(is_active=True).prefetch_related("courses", "rules"):
        if channel.accepts(alert):
            for to in transport_of(channel).recipients(channel, alert):
                yield channel, to


def _earlier_recipients(event: AlertEvent) -> Iterable[Recipient]:
    """Return who was notified since the alert opened or reopened."""
    rows = Notification.objects.filter(event__alert=event.alert, state__in=DELIVERED_OR_DUE)
    before = AlertEvent.objects.filter(alert=event.alert, kind__in=ENDS, pk__lt=event.pk)
    if last := before.order_by("-pk").values_list("pk", flat=True).first():
        rows = rows.filter(event__gt=last)
    rows = rows.exclude(event__kind__in=ENDS).filter(channel__is_active=True)
    return dict.fromkeys((row.channel, row.to) for row in rows.select_related("channel"))  # type: ignore[misc]


def _notification(
    event: AlertEvent, channel: Channel, to: str, payload: dict[str, Any]
) -> Notification:
    is_sent = not transport_of(channel).leaves_site
    return Notification(
        channel=channel,
        event=event,
        course_id=event.alert.course_id,
        to=to,
        key=f"alert-event-{event.pk}-{channel.pk}" + (f"-{to}" if to else ""),
        payload=payload,
        state=State.SENT if is_sent else State.WAITING,
        created_at=event.at,
        sent_at=event.at if is_sent else None,
        next_try_at=event.at if is_sent else notify_at(event.alert.rule, event.at),
    )


def notify_at(rule: AlertRule, now: datetime) -> datetime:
    return next_notify_time(
        now,
        reporting_clock.reporting_zone(),
        start=rule.hours_from,
        end=rule.hours_until,
        weekdays=rule.weekdays,
    )


def next_notify_time(
    now: datetime,
    zone: ZoneInfo,
    *,
    start: time | None,
    end: time | None,
    weekdays: Collection[int],
) -> datetime:
    """Return the first moment from now on that is in `[start, end)` on one of the weekdays.

    Weekdays count from 1 (Monday) to 7; without hours or weekdays, any time or day will do.
    """
    local = now.astimezone(zone)
    for later in range(8):
        day = local.date() + timedelta(days=later)
        if weekdays and day.isoweekday() not in weekdays:
            continue
        opens = datetime.combine(day, start or time(), zone)
        closes = datetime.combine(day if end else day + timedelta(days=1), end or time(), zone)
        # compared in UTC, because local times jump on the day of a clock change
        if now.timestamp() < closes.timestamp():
            return now if opens.timestamp() <= now.timestamp() else opens
    return now


def deliver_on_commit() -> None:
    """Queue the delivery once the transaction is committed."""
    callbacks = transaction.get_connection().run_on_commit
    if not any(function is queue_delivery for _, function, _ in callbacks):
        transaction.on_commit(queue_delivery)


def queue_delivery() -> None:
    """Queue the delivery task; if the broker is unreachable, the schedule delivers later."""
    otherwise = "notifications are sent on schedule"  # not translated: a log
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise=otherwise)
