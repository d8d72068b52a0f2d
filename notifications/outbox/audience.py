"""Who reads a notification, and whether its figures may be in it.

What leaves the house never has a figure that its addressee would not see on a page, or one that
would reveal a small group together with the pages of its addressee. Nobody knows who reads a
webhook or an unknown address, so those have only what is safe beside the pages of every manager.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from email.utils import parseaddr
from functools import cached_property

from django.db.models import Q

from accounts.models import CourseGrant, User
from accounts.reader import Reader
from alerts.models import AlertEvent
from alerts.suppressed_alerts import is_suppressed, leaves_few
from kpis.query.query_service import KpiQueryService
from notifications.models import Channel

Courses = frozenset[int]
ANYBODY = Reader(
    reads_kpis=True, sees_every_course=True, sees_small_groups=False, course_ids=frozenset()
)


class Audience:
    """The readers of the notifications of one event."""

    def __init__(self, event: AlertEvent) -> None:
        self.event = event
        self._safe: dict[Courses, bool] = {}

    def may_see(self, channel: Channel, to: str) -> bool:
        """True where the figures may be told to this address of the channel."""
        if not self._is_safe_for_anybody:
            return False
        if channel.kind == Channel.Kind.IN_APP:
            # it leads to the page, which shows each reader what that reader may see
            return True
        return all(self._is_safe_beside(courses) for courses in self._grants_of(channel, to))

    def _grants_of(self, channel: Channel, to: str) -> set[Courses]:
        """The courses granted to whom is written to; of whoever may read it, all there are."""
        if channel.kind != Channel.Kind.EMAIL:
            return set(self._grants.values())
        address = parseaddr(to)[1] or to
        people = User.objects.filter(is_active=True, email__iexact=address)
        staff = dict(people.values_list("pk", "is_staff"))
        if not staff:
            return set(self._grants.values())
        return {self._grants[pk] for pk in staff if pk in self._grants}

    @cached_property
    def _grants(self) -> dict[int, Courses]:
        """The courses of each manager; staff see every course, as anybody here does."""
        found: dict[int, set[int]] = defaultdict(set)
        rows = CourseGrant.objects.filter(Q(user__is_active=True, user__is_staff=False))
        for user, course in rows.values_list("user", "course"):
            found[user].add(course)
        return {user: frozenset(courses) for user, courses in found.items()}

    def _is_safe_beside(self, courses: Courses) -> bool:
        """True where a manager of these courses learns of no small group by the figures."""
        if courses not in self._safe:
            alert = self.event.alert
            if alert.course_id is None:
                is_safe = not leaves_few(self._desk(ANYBODY), alert, self._days, courses)
            else:
                mine = Reader(True, False, False, courses)
                is_safe = alert.course_id not in courses or not is_suppressed(
                    self._desk(mine), alert, self._days
                )
            self._safe[courses] = is_safe
        return self._safe[courses]

    @cached_property
    def _is_safe_for_anybody(self) -> bool:
        """True where a reader of all courses who may not see small groups is shown the figures."""
        return not is_suppressed(self._desk(ANYBODY), self.event.alert, self._days)

    @property
    def _days(self) -> list[date]:
        """The day that the period told of begins on; none where no figures are told."""
        return [self.event.period_start] if self.event.period_start else []

    def _desk(self, reader: Reader) -> KpiQueryService:
        return KpiQueryService(reader, self.event.at)
