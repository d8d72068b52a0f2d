"""Write what is to be told, in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from alerts.models import Alert, AlertEvent, AlertRule
from alerts.signals import alert_changed
from core import reporting_clock, task_queue
from notifications.models import Channel, Notification
from notifications.outbox.notify_hours import next_notify_time
from notifications.outbox.payloads import PayloadWriter
from notifications.outbox.recipients import recipients_of

Kind, State = AlertEvent.Kind, Notification.State
ENDS = (Kind.RECOVERED, Kind.CLOSED)
# somebody knows, or it is over: what nobody has heard of yet needs no saying
MUTING_KINDS = (Kind.ACKNOWLEDGED, Kind.SNOOZED, *ENDS)
WENT_OUT = (State.WAITING, State.SENDING, State.SENT)

TASK = "notifications.tasks.deliver_notifications"
QUEUED = "notifications-queued"

End = tuple[Channel, str]


def listen() -> None:
    alert_changed.connect(_alert_moved, dispatch_uid="notices")


def _alert_moved(event: AlertEvent, **_: Any) -> None:
    enqueue(event)


def enqueue(event: AlertEvent) -> list[Notification]:
    """Write what is to be told of an event, and to whom; nothing for one that is not told.

    Twice does no harm: a key names the event, the channel and the address.
    """
    if event.kind in MUTING_KINDS:
        _unsaid(event.alert).update(state=State.DROPPED)
    if not event.is_told:
        return []
    ends = _where_it_went(event) if event.kind in ENDS else _where_it_goes(event.alert)
    telling = PayloadWriter(event)
    rows = [_row(event, channel, to, telling.payload(channel, to)) for channel, to in ends]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        ask_for_delivery()
    return rows


def _unsaid(alert: Alert) -> QuerySet[Notification]:
    """What still waits, and that no worker has ever taken up."""
    return Notification.objects.filter(event__alert=alert, state=State.WAITING, parcel="")


def _where_it_goes(alert: Alert) -> Iterator[End]:
    for channel in Channel.objects.filter(is_active=True).prefetch_related("courses", "rules"):
        if channel.takes(alert):
            for to in _addresses(channel, alert):
                yield channel, to


def _addresses(channel: Channel, alert: Alert) -> list[str]:
    if channel.kind != Channel.Kind.EMAIL:
        return [""]
    return channel.addresses or recipients_of(alert)


def _where_it_went(event: AlertEvent) -> Iterable[End]:
    """Where the alert was told of since it opened, or opened again."""
    rows = Notification.objects.filter(event__alert=event.alert, state__in=WENT_OUT)
    before = AlertEvent.objects.filter(alert=event.alert, kind__in=ENDS, pk__lt=event.pk)
    if last := before.order_by("-pk").values_list("pk", flat=True).first():
        rows = rows.filter(event__gt=last)
    rows = rows.exclude(event__kind__in=ENDS).filter(channel__is_active=True)
    return dict.fromkeys((row.channel, row.to) for row in rows.select_related("channel"))  # type: ignore[misc]


def _row(event: AlertEvent, channel: Channel, to: str, payload: dict[str, Any]) -> Notification:
    is_there = channel.kind == Channel.Kind.IN_APP
    return Notification(
        channel=channel,
        event=event,
        course_id=event.alert.course_id,
        to=to,
        key=f"alert-event-{event.pk}-{channel.pk}" + (f"-{to}" if to else ""),
        payload=payload,
        state=State.SENT if is_there else State.WAITING,
        created_at=event.at,
        sent_at=event.at if is_there else None,
        next_try_at=event.at if is_there else notify_at(event.alert.rule, event.at),
    )


def notify_at(rule: AlertRule, now: datetime) -> datetime:
    return next_notify_time(
        now,
        reporting_clock.reporting_zone(),
        start=rule.hours_from,
        end=rule.hours_until,
        weekdays=rule.weekdays,
    )


def ask_for_delivery() -> None:
    """Have what is written delivered as soon as it is committed."""
    queued = transaction.get_connection().run_on_commit
    if not any(function is deliver_soon for _, function, _ in queued):
        transaction.on_commit(deliver_soon)


def deliver_soon() -> None:
    """Queue the delivery; with the broker away, the schedule finds what waits."""
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise="notices are sent by the schedule")
