"""Delete old rows as the KPI_KEEP_… settings say; everything else is kept forever."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessAttemptExpiration
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.models import AccessRecord, Session
from alerts.models import EvaluationRun
from exports.change_log import feed
from exports.models import Change
from intake import partitions
from intake.models import Event, ImportRun, RejectedEvent
from intake.purging import purge_events
from kpis.models import RecomputeRun, Restatement, Verification
from lti.models import UsedNonce
from notifications.models import Notification
from outcomes.feedback.retention import delete_comments
from outcomes.models import CommentAnalysis, QuoteConsent, Testimonial, TopicRun
from statements.caliper.receive import ORIGIN as CALIPER
from statements.models import CaliperEvent, InterpretedStatement
from statements.statement_meaning import ORIGIN as XAPI
from xapi import models as xapi

logger = logging.getLogger(__name__)

# rows per transaction, so that other writers never wait for long
BATCH = 1_000
State = Notification.State


@dataclass(frozen=True)
class Rule:
    """How long rows of a model are kept: the days of a setting, where 0 means for ever."""

    model: type[Model]
    setting: str
    # the rows to delete, by the moment before which they are old
    old: Callable[[datetime], QuerySet[Any]]

    @property
    def days(self) -> int:
        days: int = getattr(settings, self.setting)
        return days


def _before(model: type[Model], setting: str, at: str) -> Rule:
    return Rule(model, setting, lambda before: QuerySet(model).filter(**{f"{at}__lt": before}))


def _all_but_latest(model: type[Model], at: str) -> Rule:
    """Keep the latest run, since the next one starts where it stopped."""

    def old(before: datetime) -> QuerySet[Any]:
        runs: QuerySet[Any] = QuerySet(model)
        latest = runs.order_by(f"-{at}").values_list("pk", flat=True)[:1]
        return runs.filter(**{f"{at}__lt": before}).exclude(pk__in=list(latest))

    return Rule(model, "KPI_KEEP_RUNS_DAYS", old)


def _notifications(before: datetime) -> QuerySet[Notification]:
    """Keep the notifications of open alerts: they decide where a recovery is announced."""
    is_over = Q(event=None) | Q(event__alert__closed_at__isnull=False)
    ended = (State.SENT, State.DEAD, State.DROPPED)
    return Notification.objects.filter(is_over, state__in=ended, created_at__lt=before)


def _rejected(before: datetime) -> QuerySet[RejectedEvent]:
    is_unresolved = Q(resolved_at=None, received_at__lt=before)
    return RejectedEvent.objects.filter(Q(resolved_at__lt=before) | is_unresolved)


def _interpreted_caliper(before: datetime) -> QuerySet[InterpretedStatement]:
    old = CaliperEvent.objects.filter(received_at__lt=before)
    return InterpretedStatement.objects.filter(origin=CALIPER, stored_id__in=old.values("pk"))


def _interpreted_xapi(before: datetime) -> QuerySet[InterpretedStatement]:
    old = xapi.Statement.objects.filter(stored__lt=before)
    return InterpretedStatement.objects.filter(origin=XAPI, stored_id__in=old.values("pk"))


RULES = (
    _before(Restatement, "KPI_KEEP_RESTATEMENTS_DAYS", "restated_at"),
    _all_but_latest(RecomputeRun, "as_of"),
    _all_but_latest(EvaluationRun, "as_of"),
    _all_but_latest(Verification, "as_of"),
    _all_but_latest(TopicRun, "searched_at"),
    Rule(Notification, "KPI_KEEP_NOTICES_DAYS", _notifications),
    Rule(RejectedEvent, "KPI_KEEP_REJECTED_DAYS", _rejected),
    # before the statements, by which they are found
    Rule(InterpretedStatement, "KPI_KEEP_EVENTS_DAYS", _interpreted_caliper),
    Rule(InterpretedStatement, "KPI_KEEP_STATEMENTS_DAYS", _interpreted_xapi),
    _before(CaliperEvent, "KPI_KEEP_EVENTS_DAYS", "received_at"),
    _before(xapi.RefusedStatement, "KPI_KEEP_REJECTED_DAYS", "received_at"),
    _before(xapi.Statement, "KPI_KEEP_STATEMENTS_DAYS", "stored"),
    *(
        _before(one, "KPI_KEEP_STATEMENTS_DAYS", "updated_at")
        for one in (xapi.State, xapi.ActivityProfile, xapi.AgentProfile)
    ),
    _before(AccessRecord, "KPI_KEEP_AUDIT_DAYS", "at"),
    _before(LogEntry, "KPI_KEEP_HISTORY_DAYS", "action_time"),
)
# failed sign-ins count for minutes, and so do messages of LMSs
ATTEMPTS_KEPT = timedelta(days=1)


# what is deleted in ways of its own, and the texts of answers with their comments
OTHER_SETTINGS: dict[type[Model], str] = {
    Event: "KPI_KEEP_EVENTS_DAYS",
    ImportRun: "KPI_KEEP_REPORTS_DAYS",
    CommentAnalysis: "KPI_KEEP_COMMENTS_DAYS",
    Testimonial: "KPI_KEEP_COMMENTS_DAYS",
    QuoteConsent: "KPI_KEEP_COMMENTS_DAYS",
    # with their statements
    **dict.fromkeys(
        (xapi.Attachment, xapi.AgentMention, xapi.ActivityMention, xapi.Target),
        "KPI_KEEP_STATEMENTS_DAYS",
    ),
    Change: "KPI_KEEP_EXPORT_CHANGES_DAYS",
}


def days_kept(model: type[Model]) -> int | None:
    """Return for how many days rows of a model are kept; None for those that stay."""
    if model in (AccessAttempt, AccessAttemptExpiration, UsedNonce):
        return ATTEMPTS_KEPT.days
    by_model = OTHER_SETTINGS | {rule.model: rule.setting for rule in RULES}
    return getattr(settings, by_model[model]) or None if model in by_model else None


def delete_old(now: datetime) -> dict[str, int]:
    """Delete rows older than the settings allow; return their number per kind of row."""
    old = [rule.old(now - timedelta(days=rule.days)) for rule in RULES if rule.days]
    old += [
        Session.objects.filter(expire_date__lt=now),
        AccessAttempt.objects.filter(attempt_time__lt=now - ATTEMPTS_KEPT),
        UsedNonce.objects.filter(at__lt=now - ATTEMPTS_KEPT),
    ]
    deleted = {str(rows.model._meta.verbose_name): _delete(rows) for rows in old}
    deleted["import report"] = _empty_reports(now - timedelta(days=settings.KPI_KEEP_REPORTS_DAYS))
    if days := settings.KPI_KEEP_COMMENTS_DAYS:
        deleted["comment"] = delete_comments(now - timedelta(days=days))
    if days := settings.KPI_KEEP_EVENTS_DAYS:
        partitions.close_month(now)
        deleted["event"] = purge_events(start_of_month(now - timedelta(days=days)))
    deleted["exported change"] = feed.purge(now, settings.KPI_KEEP_EXPORT_CHANGES_DAYS)
    deleted = {name: count for name, count in deleted.items() if count}
    if deleted:
        logger.info("deleted old rows: %s", deleted)
    return deleted


def _empty_reports(before: datetime) -> int:
    """Keep the imports themselves: by them, a file is not imported twice and can be undone.

    Importers of data sets continue by their reports, which only have numbers.
    """
    ended = ImportRun.objects.of_events().exclude(status=ImportRun.Status.RUNNING)
    old = ended.filter(started_at__lt=before).exclude(report={}, error="")
    return old.update(report={}, error="")


def start_of_month(at: datetime) -> datetime:
    """Return when its month began in the site's zone: events are purged by whole months."""
    first = timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return timezone.make_aware(first.replace(tzinfo=None))


def _delete(rows: QuerySet[Any]) -> int:
    count = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.filter(pk__in=ids).delete()
        count += len(ids)
    return count
