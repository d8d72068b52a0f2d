"""Delete old rows as the KPI_KEEP_… settings say; everything else is kept forever."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from alerts.models import EvaluationRun
from intake.models import RejectedEvent
from intake.purging import purge_events
from kpis.models import RecomputeRun, Restatement, Verification
from notifications.models import Notification
from outcomes.models import TopicRun

logger = logging.getLogger(__name__)

# rows per transaction, so that other writers never wait for long
BATCH = 1_000
State = Notification.State


def delete_old(now: datetime) -> dict[str, int]:
    """Delete rows older than the settings allow; return their number per kind of row."""
    deleted = {str(rows.model._meta.verbose_name): _delete(rows) for rows in _old(now)}
    if days := settings.KPI_KEEP_EVENTS_DAYS:
        deleted["event"] = purge_events(now - timedelta(days=days))
    deleted = {name: count for name, count in deleted.items() if count}
    if deleted:
        logger.info("deleted old rows: %s", deleted)
    return deleted


def _old(now: datetime) -> Iterator[QuerySet[Any]]:
    def since(days: int) -> datetime:
        return now - timedelta(days=days)

    yield Session.objects.filter(expire_date__lt=now)
    yield Restatement.objects.filter(restated_at__lt=since(settings.KPI_KEEP_RESTATEMENTS_DAYS))
    runs = since(settings.KPI_KEEP_RUNS_DAYS)
    yield _all_but_latest(RecomputeRun.objects.all(), "as_of", runs)
    yield _all_but_latest(EvaluationRun.objects.all(), "as_of", runs)
    yield _all_but_latest(Verification.objects.all(), "as_of", runs)
    yield _all_but_latest(TopicRun.objects.all(), "searched_at", runs)
    # notifications of open alerts are kept: they decide where a recovery is announced
    is_over = Q(event=None) | Q(event__alert__closed_at__isnull=False)
    yield Notification.objects.filter(
        is_over,
        state__in=(State.SENT, State.DEAD, State.DROPPED),
        created_at__lt=since(settings.KPI_KEEP_NOTICES_DAYS),
    )
    rejected = since(settings.KPI_KEEP_REJECTED_DAYS)
    is_unresolved = Q(resolved_at=None, received_at__lt=rejected)
    yield RejectedEvent.objects.filter(Q(resolved_at__lt=rejected) | is_unresolved)


def _all_but_latest(runs: QuerySet[Any], at: str, before: datetime) -> QuerySet[Any]:
    """Keep the latest run, since the next one starts where it stopped."""
    latest = runs.order_by(f"-{at}").values_list("pk", flat=True)[:1]
    return runs.filter(**{f"{at}__lt": before}).exclude(pk__in=list(latest))


def _delete(rows: QuerySet[Any]) -> int:
    count = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.filter(pk__in=ids).delete()
        count += len(ids)
    return count
