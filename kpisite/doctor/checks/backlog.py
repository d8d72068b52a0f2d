"""Work that waits for longer than it should."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from intake.models import RejectedEvent
from kpisite.doctor.checks.jobs import in_words
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check
from kpisite.metrics import backlog
from notifications.models import Notification

State = Notification.State
PATIENCE = timedelta(minutes=15)
RECENT = timedelta(days=7)
# a handful is somebody's typing error; so many are a sender that is set up wrongly
MANY_REJECTED = 100
MANY_JOBS = 1_000


@check("backlog.figures", "Figures to recompute", "tables")
def figures() -> Iterator[Problem | str]:
    lag = backlog.recompute_lag(timezone.now())
    if lag > PATIENCE.total_seconds():
        yield Problem(
            f"Facts changed {in_words(lag)} ago, and figures do not show it yet.",
            "worker",
            "Start a worker, or another one; its log may have the reason.",
        )
    yield f"The oldest has waited for {in_words(lag)}." if lag else "None is waiting."


@check("backlog.notifications", "Notifications", "tables")
def notifications() -> Iterator[Problem | str]:
    now, rows = timezone.now(), Notification.objects.all()
    late = rows.filter(state=State.WAITING, next_try_at__lt=now - PATIENCE).count()
    if late:
        yield Problem(
            f"{late:,} notifications are due and not sent.", "outbox", "Check that a worker runs."
        )
    dead = rows.filter(state=State.DEAD, created_at__gt=now - RECENT).count()
    if dead:
        yield Problem(
            f"{dead:,} notifications of the last 7 days failed for good.",
            settings.KPI_BASE_URL + reverse("admin:notifications_notification_changelist"),
            "Correct the channel's address, send a test, then retry them.",
        )


@check("backlog.rejected-events", "Rejected events", "tables")
def rejected() -> Iterator[Problem | str]:
    recent = RejectedEvent.objects.open().filter(received_at__gt=timezone.now() - RECENT)
    count = recent.count()
    if count >= MANY_REJECTED:
        sender, code = recent.values_list("sender", "code")[0]
        yield Problem(
            f"{count:,} events of the last 7 days were rejected, the last one of {sender} for"
            f" “{code}”.",
            settings.KPI_BASE_URL + reverse("admin:intake_rejectedevent_changelist"),
            "Correct the sender, then replay the events.",
        )
    yield f"{count:,} in the last 7 days."


@check("backlog.queue", "Queue of jobs", "valkey")
def queue() -> Iterator[Problem | str]:
    waiting = backlog.queue_length()
    if waiting >= MANY_JOBS:
        yield Problem(
            f"{waiting:,} jobs wait for a worker.",
            "queue",
            "Start more workers, or raise WORKER_CONCURRENCY.",
        )
    yield f"{waiting:,} waiting."
