"""Deliver due notifications in batches, each claimed by one worker before it is sent."""

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
from django.utils.translation import gettext

from core import counters
from notifications.delivery import emails
from notifications.delivery.http_client import DeliveryFailed
from notifications.delivery.transports import TRANSPORTS, transport_of
from notifications.delivery.url_policy import Resolve, UrlRefused, look_up
from notifications.models import Channel, Notification

logger = logging.getLogger(__name__)

State = Notification.State
# longer than any message takes to send
LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 10
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
MAX_ROWS = 1_000
# worth another attempt; ValueError: a mail address is invalid
ERRORS = (OSError, SMTPException, DeliveryFailed, UrlRefused, ValueError)
RANDOM = SystemRandom()


def wait_after(attempts: int) -> timedelta:
    """Double the wait after each attempt, shortened at random so that retries spread out."""
    whole = min(FIRST_WAIT * (1 << (attempts - 1)), LONGEST_WAIT)
    return whole * RANDOM.uniform(0.5, 1.0)


@dataclass
class DeliveryRun:
    """One run of a worker; it skips channels after their first failure."""

    clock: Callable[[], datetime] = timezone.now
    resolve: Resolve = look_up
    sent: int = 0
    failing: set[int | None] = field(default_factory=set)

    def deliver(self) -> int:
        """Deliver everything due; return how many notifications were sent."""
        make_batches(self.clock())
        for batch, channel_id in due(self.clock()):
            if channel_id not in self.failing:
                self.send(batch)
        return self.sent

    def send(self, batch: str) -> None:
        """Send a batch unless another worker has claimed it."""
        if not _claim(batch, self.clock()):
            return
        rows = list(
            Notification.objects.filter(batch=batch)
            .select_related("channel", "course")
            .order_by("pk")
        )
        first = rows[0]
        if first.attempts > MAX_ATTEMPTS:
            _finish(rows, State.DEAD, gettext("Failed: every worker died while sending."))
            return
        try:
            if first.channel is None:
                emails.send_to_account(first)
            else:
                transport_of(first.channel).send(rows, self.clock(), self.resolve)
        except emails.NoLongerNeeded as reason:
            _finish(rows, State.DROPPED, str(reason))
        except ERRORS as error:
            counters.add({("notifications", "failed"): len(rows)})
            self.failing.add(first.channel_id)
            self._retry_later(rows, error)
        else:
            counters.add({("notifications", "sent"): len(rows)})
            self.sent += _finish(rows, State.SENT, "", sent_at=self.clock())

    def _retry_later(self, rows: Sequence[Notification], error: Exception) -> None:
        attempts = rows[0].attempts
        logger.warning("notification %s not sent: %s", rows[0].key, type(error).__name__)
        is_final = attempts >= MAX_ATTEMPTS or isinstance(error, UrlRefused)
        _finish(
            rows,
            State.DEAD if is_final else State.WAITING,
            f"{type(error).__name__}: {error}"[:500],
            next_try_at=self.clock() + wait_after(attempts),
        )


def make_batches(now: datetime) -> None:
    """Assign due notifications to batches, and drop those of channels that are switched off."""
    waiting = Notification.objects.filter(state=State.WAITING)
    waiting.filter(channel__is_active=False).update(state=State.DROPPED)
    together = defaultdict(list)
    due_rows = waiting.filter(batch="", next_try_at__lte=now).select_related("channel")
    for row in due_rows[:MAX_ROWS]:
        is_batched = row.channel is not None and transport_of(row.channel).is_batched
        is_alone = not is_batched or row.event_id is None
        key = (row.pk,) if is_alone else (row.channel_id, row.to, row.course_id)
        together[key].append(row.pk)
    for ids in together.values():
        # another worker may assign batches too: each row keeps its first one
        waiting.filter(pk__in=ids, batch="").update(batch=uuid4().hex)


def _available(now: datetime) -> QuerySet[Notification]:
    """Batches that are due, and those whose worker died.

    A lease of more than twice its length comes from a worker whose clock was ahead.
    """
    is_due = Q(state=State.WAITING, next_try_at__lte=now)
    is_abandoned = Q(leased_until__lte=now) | Q(leased_until__gt=now + 2 * LEASE)
    rows = Notification.objects.filter(is_due | Q(is_abandoned, state=State.SENDING))
    return rows.exclude(batch="")


def due(now: datetime) -> list[tuple[str, int | None]]:
    """Return the batches to send and their channels, oldest first.

    Ordered channels send nothing about an alert or a parameter before its earlier notifications.
    """
    ordered = [kind for kind, transport in TRANSPORTS.items() if transport.is_ordered]
    of_same = Q(event__alert=OuterRef("event__alert")) | Q(
        change__parameter=OuterRef("change__parameter")
    )
    earlier = Notification.objects.filter(
        of_same,
        channel=OuterRef("channel"),
        channel__kind__in=ordered,
        pk__lt=OuterRef("pk"),
        state__in=(State.WAITING, State.SENDING),
    )
    rows = _available(now).exclude(Exists(earlier)).order_by("pk")
    return list(dict.fromkeys(rows.values_list("batch", "channel_id")[:MAX_ROWS]))


def _claim(batch: str, now: datetime) -> bool:
    rows = _available(now).filter(batch=batch)
    return bool(
        rows.update(state=State.SENDING, attempts=F("attempts") + 1, leased_until=now + LEASE)
    )


def _finish(rows: Sequence[Notification], state: str, error: str, **more: object) -> int:
    """Save the outcome, unless another worker has taken over the batch."""
    mine = Notification.objects.filter(
        batch=rows[0].batch, state=State.SENDING, attempts=rows[0].attempts
    )
    return mine.update(state=state, last_error=error, leased_until=None, **more)


def retry(rows: QuerySet[Notification]) -> int:
    """Retry failed notifications with their whole batches and the same keys."""
    batches = list(rows.filter(state=State.DEAD).values_list("batch", flat=True))
    return Notification.objects.filter(batch__in=batches, state=State.DEAD).update(
        state=State.WAITING, attempts=0, next_try_at=timezone.now()
    )


def send_test(channel: Channel, *, requested_by: str = "") -> Notification:
    """Send a test at once and return its notification.

    A channel for the people responsible sends it to `requested_by`. ValueError without an address.
    """
    now, key, transport = timezone.now(), uuid4().hex, transport_of(channel)
    to = transport.test_recipient(channel, requested_by)
    is_sent = not transport.leaves_site
    text = gettext("This is a test of the channel “%(channel)s”.") % {"channel": channel.name}
    row = Notification.objects.create(
        channel=channel,
        key=f"test-{key}",
        to=to,
        payload={"event": "test", "text": text, "at": now.isoformat()},
        batch=key,
        state=State.SENT if is_sent else State.WAITING,
        sent_at=now if is_sent else None,
        next_try_at=now,
    )
    if not is_sent:
        DeliveryRun().send(key)
    row.refresh_from_db()
    return row
