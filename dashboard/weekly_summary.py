"""The weekly summary: an e-mail to each manager about the granted courses, on Monday morning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext

from accounts.languages import in_language_of
from accounts.models import User
from accounts.reader import Reader, grants_of
from alerts import scopes
from alerts.models import Alert
from alerts.titles import title_of
from core import localized, reporting_clock
from insights.finding import Finding, FindingKind
from insights.report import report
from kpis.definitions.registry import headline
from kpis.query.query_service import KpiQueryService
from notifications.models import DigestUnsubscribe, Notification
from notifications.outbox import deliver_on_commit
from notifications.unsubscribe import unsubscribe_url
from presentation import filters, page_query
from presentation.categories import CATEGORIES

# from seven on Monday; a site that was down all Monday still sends it on Tuesday
FROM_HOUR = 7
UNTIL_WEEKDAY = 2

Line = dict[str, str]
# returns what was adjusted in a reader's courses since a moment
AdjustmentLines = Callable[[Reader, datetime], list[Line]]
# the app that adjusts parameters adds its function here
ADJUSTMENTS: list[AdjustmentLines] = []


def write_due(now: datetime) -> int:
    """Write this week's summaries that are still missing; return how many will be sent."""
    local = now.astimezone(reporting_clock.reporting_zone())
    is_early = local.weekday() == 0 and local.hour < FROM_HOUR
    if is_early or local.weekday() >= UNTIL_WEEKDAY:
        return 0
    monday = local.date() - timedelta(days=local.weekday())
    written = set(
        Notification.objects.filter(key__startswith=f"week-{monday}-").values_list("key", flat=True)
    )
    missing = [user for user in subscribed_managers() if _key(user, monday) not in written]
    return sum(_write(user, monday, now) for user in missing)


def subscribed_managers() -> Iterator[User]:
    unsubscribed = DigestUnsubscribe.objects.values("user")
    has_grants = Q(course_grants__isnull=False) | Q(run_grants__isnull=False)
    people = User.objects.filter(has_grants, is_active=True)
    yield from people.exclude(pk__in=unsubscribed).distinct().order_by("pk")


def _key(user: User, monday: date) -> str:
    return f"week-{monday}-{user.pk}"


def _write(user: User, monday: date, now: datetime) -> bool:
    """Write a user's summary; False if there is no news or another worker wrote it first."""
    with in_language_of(user):
        content = content_of(user, now)
    has_news = any(content[name] for name in ("moved", "open", "adjusted"))
    state = Notification.State.WAITING if has_news else Notification.State.DROPPED
    values = {"to": user.email, "payload": content, "state": state, "next_try_at": now}
    with transaction.atomic():
        _, is_new = Notification.objects.get_or_create(key=_key(user, monday), defaults=values)
        if is_new and has_news:
            deliver_on_commit()
    return is_new and has_news


def content_of(user: User, now: datetime) -> dict[str, Any]:
    """The content of a manager's summary: only granted courses and runs, and no small groups."""
    course_ids, runs, _ = grants_of(user)
    reader = Reader(True, False, False, course_ids, runs)
    since = now - timedelta(days=7)
    return {
        "subject": gettext("Your courses this week"),
        "moved": changes(reader, now),
        "open": open_alerts(reader),
        "adjusted": [line for lines_of in ADJUSTMENTS for line in lines_of(reader, since)],
        "address": settings.KPI_BASE_URL + reverse("dashboard:dashboard"),
        "unsubscribe": unsubscribe_url(user),
    }


def changes(reader: Reader, now: datetime) -> list[Line]:
    """The significant changes of the last closed week, and the data feeds that have stopped."""
    service = KpiQueryService(reader, now)
    granted_runs = reader.runs().filter(pk__in=reader.run_ids).select_related("course")
    asked = [{"course": one.course.key, "run": one.key} for one in granted_runs]
    if reader.course_ids:
        asked.insert(0, {})
    findings: list[Finding] = []
    for key, chosen in product(CATEGORIES, asked):
        weekly = filters.read({"period": "week", **chosen}, reader=reader, now=now)
        page = page_query.query_page(service, headline(key), weekly)
        findings += [
            finding
            for finding in report(service, key, page).findings
            if finding.kind in (FindingKind.MOVED, FindingKind.STALE)
        ]
    return [
        {
            "text": f"{finding.label}: {finding.sentence}",
            "url": settings.KPI_BASE_URL + finding.link,
        }
        for finding in sorted(findings, key=lambda one: one.rank)
    ]


def open_alerts(reader: Reader) -> list[Line]:
    alerts = list(Alert.objects.open().visible_to(reader).select_related("rule", "course"))
    names = scopes.names(alerts)
    return [
        {
            "text": gettext("%(alert)s, since %(day)s")
            % {
                "alert": title_of(
                    names[alert.scope, alert.scope_id], alert.rule.name, alert.rule.kpi
                ),
                "day": localized.long_day(alert.first_period_start),
            },
            "url": f"{settings.KPI_BASE_URL}/alerts/{alert.pk}",
        }
        for alert in alerts
    ]
