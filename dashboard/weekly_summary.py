"""The weekly summary: to each manager, of the courses granted, on Monday morning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.languages import in_language_of
from accounts.models import User
from accounts.reader import Reader
from alerts import scope_names
from alerts.models import Alert
from core import localized, reporting_clock
from insights.finding import Finding, FindingKind
from insights.report import report
from kpis.definitions.registry import headline
from kpis.query.query_service import KpiQueryService
from notifications.models import DigestUnsubscribe, Notification
from notifications.outbox.outbox import ask_for_delivery
from notifications.unsubscribe import link_of
from presentation import filters, page_query
from presentation.categories import CATEGORIES

# from seven in the morning; a site that was down all Monday still sends it on Tuesday
FROM_HOUR = 7
UNTIL_WEEKDAY = 2

Line = dict[str, str]
# what of a reader's courses was adjusted since a moment: filled by who adjusts, a step above
Adjusted = Callable[[Reader, datetime], list[Line]]
ADJUSTMENTS: list[Adjusted] = []


def write_due(now: datetime) -> int:
    """Write the summaries of this week that are not written yet; returns how many to send."""
    local = now.astimezone(reporting_clock.reporting_zone())
    is_early = local.weekday() == 0 and local.hour < FROM_HOUR
    if is_early or local.weekday() >= UNTIL_WEEKDAY:
        return 0
    monday = local.date() - timedelta(days=local.weekday())
    return sum(_write(user, monday, now) for user in _unwritten(monday))


def managers() -> Iterator[User]:
    refused = DigestUnsubscribe.objects.values("user")
    people = User.objects.filter(is_active=True, course_grants__isnull=False)
    yield from people.exclude(pk__in=refused).distinct().order_by("pk")


def _unwritten(monday: date) -> list[User]:
    keys = set(
        Notification.objects.filter(key__startswith=f"week-{monday}-").values_list("key", flat=True)
    )
    return [user for user in managers() if _key(user, monday) not in keys]


def _key(user: User, monday: date) -> str:
    return f"week-{monday}-{user.pk}"


def _write(user: User, monday: date, now: datetime) -> bool:
    """Write the one of a user; False when there is nothing to say or another worker was first."""
    with in_language_of(user):
        content = content_of(user, now)
    says = any(content[name] for name in ("moved", "open", "adjusted"))
    state = Notification.State.WAITING if says else Notification.State.DROPPED
    given = {"to": user.email, "payload": content, "state": state, "next_try_at": now}
    with transaction.atomic():
        _, is_new = Notification.objects.get_or_create(key=_key(user, monday), defaults=given)
        if is_new and says:
            ask_for_delivery()
    return is_new and says


def content_of(user: User, now: datetime) -> dict[str, Any]:
    """What a manager is told: only of courses granted, and of no small group."""
    reader = Reader(
        reads_kpis=True,
        sees_every_course=False,
        sees_small_groups=False,
        course_ids=frozenset(user.course_grants.values_list("course_id", flat=True)),
    )
    return {
        "subject": "Your courses this week",
        "moved": moved(reader, now),
        "open": still_open(reader),
        "adjusted": [
            line for tell in ADJUSTMENTS for line in tell(reader, now - timedelta(days=7))
        ],
        "address": settings.KPI_BASE_URL + reverse("dashboard:dashboard"),
        "unsubscribe": link_of(user),
    }


def moved(reader: Reader, now: datetime) -> list[Line]:
    """What moved in the last closed week by more than chance, and what fell silent."""
    desk = KpiQueryService(reader, now)
    chosen = filters.read({"period": "week"}, reader=reader, now=now)
    found = [
        finding
        for key in CATEGORIES
        for finding in report(desk, key, page_query.ask(desk, headline(key), chosen)).findings
        if finding.kind in (FindingKind.MOVED, FindingKind.STALE)
    ]
    return [_line(finding) for finding in sorted(found, key=lambda one: one.rank)]


def _line(finding: Finding) -> Line:
    return {
        "text": f"{finding.label}: {finding.sentence}",
        "url": settings.KPI_BASE_URL + finding.link,
    }


def still_open(reader: Reader) -> list[Line]:
    alerts = list(Alert.objects.open().visible_to(reader).select_related("rule", "course"))
    names = scope_names.names(alerts)
    return [
        {
            "text": f"{alert.rule.name} – {names[alert.scope, alert.scope_id]}, "
            f"since {localized.long_day(alert.first_period_start)}",
            "url": f"{settings.KPI_BASE_URL}/alerts/{alert.pk}",
        }
        for alert in alerts
    ]
