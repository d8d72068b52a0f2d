"""Deliver what waits. A parcel is claimed before it is sent, so that no two workers send it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom
from smtplib import SMTPException
from uuid import uuid4

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from notifications.delivery import emails, webhooks
from notifications.delivery.http_client import DeliveryFailed
from notifications.delivery.url_policy import Resolve, UrlRefused, look_up
from notifications.models import Channel, Notification

logger = logging.getLogger(__name__)

State = Notification.State
# longer than any one sending takes
LEASE = timedelta(minutes=10)
TRIES = 10
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
MOST = 1_000
# what may be better later; ValueError: a mail's address is none
TROUBLES = (OSError, SMTPException, DeliveryFailed, UrlRefused, ValueError)
RANDOM = SystemRandom()


def wait_after(attempts: int) -> timedelta:
    """Twice as long after each attempt, and half of it by chance, lest all come back at once."""
    whole = min(FIRST_WAIT * (1 << (attempts - 1)), LONGEST_WAIT)
    return whole * RANDOM.uniform(0.5, 1.0)


@dataclass
class DeliveryRun:
    """One worker's round; a channel that is in trouble is left alone until the next."""

    clock: Callable[[], datetime] = timezone.now
    resolve: Resolve = look_up
    sent: int = 0
    troubled: set[int | None] = field(default_factory=set)

    def deliver(self) -> int:
        """Deliver all that is due; returns how many notifications went out."""
        batch(self.clock())
        for parcel, channel_id in due(self.clock()):
            if channel_id not in self.troubled:
                self.take(parcel)
        return self.sent

    def take(self, parcel: str) -> None:
        """Send a parcel, unless another worker does."""
        if not _claim(parcel, self.clock()):
            return
        rows = list(
            Notification.objects.filter(parcel=parcel)
            .select_related("channel", "course")
            .order_by("pk")
        )
        if rows[0].attempts > TRIES:
            _finish(rows, State.DEAD, "Given up: no worker came to its end.")
            return
        try:
            self._send(rows)
        except TROUBLES as error:
            self.troubled.add(rows[0].channel_id)
            self._put_back(rows, error)
        else:
            self.sent += _finish(rows, State.SENT, "", sent_at=self.clock())

    def _send(self, rows: Sequence[Notification]) -> None:
        first = rows[0]
        channel = first.channel
        if channel is None:
            emails.send_summary(first)
        elif channel.kind != Channel.Kind.EMAIL:
            webhooks.send(first, channel, self.clock(), self.resolve)
        elif first.event_id is None:
            emails.send_test(first)
        else:
            emails.send_alerts(rows)

    def _put_back(self, rows: Sequence[Notification], error: Exception) -> None:
        attempts = rows[0].attempts
        logger.warning("notice %s not sent: %s", rows[0].key, type(error).__name__)
        is_over = attempts >= TRIES or isinstance(error, UrlRefused)
        state = State.DEAD if is_over else State.WAITING
        again = self.clock() + wait_after(attempts)
        _finish(rows, state, _said(error), next_try_at=again)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def batch(now: datetime) -> None:
    """Put what is due into parcels: e-mails to one reader of one course together, others alone."""
    # what a channel that is switched off was to tell is stale when it is switched on
    waiting = Notification.objects.filter(state=State.WAITING)
    waiting.filter(channel__is_active=False).update(state=State.DROPPED)
    together = defaultdict(list)
    for row in waiting.filter(parcel="", next_try_at__lte=now).select_related("channel")[:MOST]:
        together[_parcel_of(row)].append(row.pk)
    for ids in together.values():
        # another worker may be packing too: each row goes into one parcel, and stays
        mine = waiting.filter(pk__in=ids, parcel="")
        mine.update(parcel=uuid4().hex)


def _parcel_of(row: Notification) -> tuple[object, ...]:
    is_mail = row.channel is not None and row.channel.kind == Channel.Kind.EMAIL
    if is_mail and row.event_id:
        return row.channel_id, row.to, row.course_id
    return (row.pk,)


def _takeable(now: datetime) -> QuerySet[Notification]:
    """Parcels that wait, and those whose worker has died.

    No worker takes one for as long as twice the lease: that one's clock was ahead of ours.
    """
    is_due = Q(state=State.WAITING, next_try_at__lte=now)
    is_left = Q(leased_until__lte=now) | Q(leased_until__gt=now + 2 * LEASE)
    return Notification.objects.filter(is_due | Q(is_left, state=State.SENDING)).exclude(parcel="")


def due(now: datetime) -> list[tuple[str, int | None]]:
    """The parcels to send, each with its channel, the oldest first."""
    rows = _takeable(now).exclude(Exists(_before_it())).order_by("pk")
    return list(dict.fromkeys(rows.values_list("parcel", "channel_id")[:MOST]))


def _before_it() -> QuerySet[Notification]:
    """What a program has to be told first: a recovery before its alert would be no recovery."""
    return Notification.objects.filter(
        channel=OuterRef("channel"),
        channel__kind__in=(Channel.Kind.WEBHOOK, Channel.Kind.SLACK),
        event__alert=OuterRef("event__alert"),
        pk__lt=OuterRef("pk"),
        state__in=(State.WAITING, State.SENDING),
    )


def _claim(parcel: str, now: datetime) -> bool:
    mine = _takeable(now).filter(parcel=parcel)
    return bool(
        mine.update(state=State.SENDING, attempts=F("attempts") + 1, leased_until=now + LEASE)
    )


def _finish(rows: Sequence[Notification], state: str, error: str, **more: object) -> int:
    """Write how it ended, unless another worker has taken it over since."""
    mine = Notification.objects.filter(
        parcel=rows[0].parcel, state=State.SENDING, attempts=rows[0].attempts
    )
    return mine.update(state=state, last_error=error, leased_until=None, **more)


def try_again(rows: QuerySet[Notification]) -> int:
    """Give what was given up its tries anew, whole parcels; under the same keys as before."""
    parcels = list(rows.filter(state=State.DEAD).values_list("parcel", flat=True))
    return Notification.objects.filter(parcel__in=parcels, state=State.DEAD).update(
        state=State.WAITING, attempts=0, next_try_at=timezone.now()
    )


def send_test(channel: Channel, *, asked_by: str = "") -> Notification:
    """Send a test at once and return how it went; one in the product is there by itself.

    A channel that writes to whom an alert concerns writes to the address that asks for it.
    ValueError where that is none.
    """
    now, key = timezone.now(), uuid4().hex
    to = (channel.addresses or [asked_by])[0] if channel.kind == Channel.Kind.EMAIL else ""
    if channel.kind == Channel.Kind.EMAIL and not to:
        raise ValueError("There is no address to send a test to.")
    is_there = channel.kind == Channel.Kind.IN_APP
    text = f"This is a test of the channel “{channel.name}”."
    row = Notification.objects.create(
        channel=channel,
        key=f"test-{key}",
        to=to,
        payload={"event": "test", "text": text, "at": now.isoformat()},
        parcel=key,
        state=State.SENT if is_there else State.WAITING,
        sent_at=now if is_there else None,
        next_try_at=now,
    )
    if not is_there:
        DeliveryRun().take(key)
    row.refresh_from_db()
    return row
