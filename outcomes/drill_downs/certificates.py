from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from kpis.aggregation.grouped_sums import rows_of
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, DAYS, PERCENT
from kpis.statistics.shares_and_medians import median_of, share
from outcomes.facts.certificates import COMPLETION
from outcomes.models import Certificate

COURSE = Column.of("course")


@dataclass
class CourseDue:
    """The certificate-track enrollments of one course that fell due in the period."""

    learners: set[int] = field(default_factory=set)
    enrollments: int = 0
    certified: int = 0


@drill_down(COMPLETION, "courses", _("Certificates by course"))
def courses(when: Period, scope: Scope) -> Table:
    """Certificate-track enrollments that fell due in the period, by course, and how many of them
    held a certificate at its end."""
    due: dict[str, CourseDue] = defaultdict(CourseDue)
    rows = rows_of(COMPLETION, when, scope)
    fields = ("run__course__title", "learner", "is_certified")
    for course, learner, is_certified in rows.values_list(*fields):
        due[course].learners.add(learner)
        due[course].enrollments += 1
        due[course].certified += is_certified
    columns = (
        COURSE,
        Column("due", _("Fell due"), COUNT),
        Column("certified", _("Certified"), COUNT),
        Column("value", _("Certification completion"), PERCENT),
    )
    rows_by_title = [
        {
            "course": title,
            "due": due[title].enrollments,
            "certified": due[title].certified,
            "value": share(due[title].certified, due[title].enrollments),
            "learners": len(due[title].learners),
        }
        for title in sorted(due)
    ]
    return Table(columns, rows_by_title)


@drill_down(COMPLETION, "time", _("Days to the certificate"))
def time(when: Period, scope: Scope) -> Table:
    """Enrollments that earned their first certificate in the period, by course, and the median
    number of days from their start to the certificate."""
    earlier = Certificate.objects.filter(
        enrollment=OuterRef("enrollment"), earned_at__lt=OuterRef("earned_at")
    )
    first = Certificate.objects.filter(~Exists(earlier), _in(when, "earned_at"))
    days: dict[str, list[float]] = defaultdict(list)
    learners: dict[str, set[int]] = defaultdict(set)
    for course, learner, start, earned in within(first, scope).values_list(
        "enrollment__run__course__title",
        "enrollment__learner",
        "enrollment__started_at",
        "earned_at",
    ):
        days[course].append((earned - start).total_seconds() / 86_400)
        learners[course].add(learner)
    rows = [
        {
            "course": course,
            "earned": len(days[course]),
            "median": median_of(days[course]),
            "learners": len(learners[course]),
        }
        for course in sorted(days)
    ]
    columns = (
        COURSE,
        Column("earned", _("Earned"), COUNT),
        Column("median", _("Median days to the certificate"), DAYS),
    )
    return Table(columns, rows)


@drill_down(COMPLETION, "states", _("Earned, revoked and expired"))
def states(when: Period, scope: Scope) -> Table:
    """Certificates that were earned or revoked, or expired, in the period, by course. A certificate
    expires when its sender reports this or when its last day is over."""
    changes = {
        "earned": _in(when, "earned_at"),
        "revoked": _in(when, "revoked_at"),
        "expired": _in(when, "expired_at") | _past_last_day(when),
    }
    changed = changes["earned"] | changes["revoked"] | changes["expired"]
    rows = (
        within(Certificate.objects.filter(changed), scope)
        .order_by()
        .values(course=F("enrollment__run__course__title"))
        .annotate(
            learners=Count("enrollment__learner", distinct=True),
            **{name: Count("pk", filter=q) for name, q in changes.items()},
        )
        .order_by("course")
    )
    columns = (
        COURSE,
        Column("earned", _("Earned"), COUNT),
        Column("revoked", _("Revoked"), COUNT),
        Column("expired", _("Expired"), COUNT),
    )
    return Table(columns, list(rows))


def _in(when: Period, moment: str) -> Q:
    return Q(**{f"{moment}__gte": when.start, f"{moment}__lt": when.end})


def _past_last_day(when: Period) -> Q:
    """Select certificates whose last day ended in the part of the period that is over."""
    latest = local_day(when.end - timedelta(microseconds=1), when.zone)
    return Q(
        expired_at=None,
        revoked_at=None,
        expires_on__gte=when.first - timedelta(days=1),
        expires_on__lt=latest,
    )
