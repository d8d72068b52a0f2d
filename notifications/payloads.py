"""The content of a notification, with figures only where its readers may see them.

A notification must not contain a figure that its reader would not see on a page, or that reveals
a small group together with those pages. Anyone may read a webhook or an address without an
account, so their figures must be safe next to the pages of every manager.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from accounts.models import CourseGrant, RunGrant, User
from accounts.reader import Reader
from alerts import scopes
from alerts.models import AlertEvent
from alerts.suppressed_alerts import is_suppressed, leaves_small_remainder
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from notifications.delivery.transports import transport_of
from notifications.models import Channel

CourseIds = frozenset[int]
ANY_READER = Reader(
    reads_kpis=True, sees_every_course=True, sees_small_groups=False, course_ids=frozenset()
)


def hidden_figures() -> str:
    return gettext("Figures of a small group are hidden. People with access see them on the page.")


class PayloadWriter:
    """Writes the payloads of one event."""

    def __init__(self, event: AlertEvent) -> None:
        self.event = event
        self.audience = Audience(event)

    def payload(self, channel: Channel, to: str) -> dict[str, Any]:
        event, may_see = self.event, self.audience.may_see_figures(channel, to)
        start = event.period_start
        figures = {
            "value": event.value,
            "target": event.target,
            "interval": None if event.ci_low is None else [event.ci_low, event.ci_high],
            "n": event.n,
        }
        return {
            "event": event.kind,
            "at": event.at.isoformat(),
            "alert": self._alert,
            "period_start": start.isoformat() if start else None,
            "why": event.reason if may_see else hidden_figures(),
            **(figures if may_see else {}),
        }

    @cached_property
    def _alert(self) -> dict[str, Any]:
        alert = self.event.alert
        rule = alert.rule
        return {
            "id": alert.pk,
            "rule": rule.name,
            "kpi": rule.kpi,
            "kpi_name": REGISTRY[rule.kpi].name if rule.kpi in REGISTRY else rule.kpi,
            "severity": alert.severity,
            "scope": alert.scope,
            "scope_id": alert.scope_id,
            "place": scopes.names([alert])[alert.scope, alert.scope_id],
            "course": alert.course.key if alert.course else None,
            "url": f"{settings.KPI_BASE_URL}/alerts/{alert.pk}",
        }


class Audience:
    """Decides which readers of one event's notifications may see its figures."""

    def __init__(self, event: AlertEvent) -> None:
        self.event = event
        self._safe: dict[CourseIds, bool] = {}

    def may_see_figures(self, channel: Channel, to: str) -> bool:
        if not self._is_safe_for_any_reader:
            return False
        transport = transport_of(channel)
        if not transport.leaves_site:
            # it links to the page, which hides what each reader must not see
            return True
        accounts = transport.accounts_at(to)
        grants = self._grants
        if accounts:
            readers = {one for pk in accounts for one in grants.get(pk, ())}
        else:
            readers = {one for some in grants.values() for one in some}
        return all(self._is_safe_with(courses) for courses in readers)

    @cached_property
    def _grants(self) -> dict[int, set[CourseIds]]:
        """The courses whose figures each manager sees together, by user id; staff see every course.

        A manager of a single run sees a part of its course.
        """
        managers = User.objects.filter(is_active=True, is_staff=False)
        found: dict[int, set[CourseIds]] = defaultdict(set)
        whole: dict[int, set[int]] = defaultdict(set)
        for user, course in CourseGrant.objects.filter(user__in=managers).values_list(
            "user", "course"
        ):
            whole[user].add(course)
        for user, courses in whole.items():
            found[user].add(frozenset(courses))
        runs = RunGrant.objects.filter(user__in=managers).values_list("user", "run__course")
        for user, course in runs.distinct():
            found[user].add(frozenset({course}))
        return found

    def _is_safe_with(self, courses: CourseIds) -> bool:
        """True if the figures reveal no small group to a manager of these courses."""
        if courses not in self._safe:
            alert = self.event.alert
            if alert.course_id is None:
                is_safe = not leaves_small_remainder(
                    self._service(ANY_READER), alert, self._days, courses
                )
            else:
                manager = Reader(True, False, False, courses)
                is_safe = alert.course_id not in courses or not is_suppressed(
                    self._service(manager), alert, self._days
                )
            self._safe[courses] = is_safe
        return self._safe[courses]

    @cached_property
    def _is_safe_for_any_reader(self) -> bool:
        """True if a reader of all courses without access to small groups may see the figures."""
        return not is_suppressed(self._service(ANY_READER), self.event.alert, self._days)

    @property
    def _days(self) -> list[date]:
        """The first day of the period with figures, if there is one."""
        return [self.event.period_start] if self.event.period_start else []

    def _service(self, reader: Reader) -> KpiQueryService:
        return KpiQueryService(reader, self.event.at)
