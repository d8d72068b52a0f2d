from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, Q

from curriculum.models import Enrollment
from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, DAYS, PERCENT
from kpis.statistics.shares_and_medians import median_of, share
from outcomes.facts.certificates import COMPLETION
from outcomes.indicators.certificates import fallen_due, held
from outcomes.models import Certificate

COURSE = Column.of("course")


@dataclass
class _Due:
    """The certificate-track enrolments of one course that fell due."""

    learners: set[int] = field(default_factory=set)
    enrollments: int = 0
    certified: int = 0


@drill_down(COMPLETION, "courses", "Certificates by course")
def courses(when: Period, scope: Scope) -> Table:
    """The enrolments on the certificate track that fell due in the period, by course, and how
    many of them held their certificate at its end."""
    due: dict[str, _Due] = defaultdict(_Due)
    rows = within(fallen_due(when), scope, enrollment="").annotate(has=Exists(held(when)))
    for course, learner, has in rows.order_by().values_list("run__course__title", "learner", "has"):
        one = due[course]
        one.learners.add(learner)
        one.enrollments += 1
        one.certified += has
    columns = (
        COURSE,
        Column("due", "Fell due", COUNT),
        Column("certified", "Certified", COUNT),
        Column("value", "Certification", PERCENT),
    )
    return Table(columns, [_course(title, due[title]) for title in sorted(due)])


def _course(title: str, one: _Due) -> dict[str, Any]:
    return {
        "course": title,
        "due": one.enrollments,
        "certified": one.certified,
        "value": share(one.certified, one.enrollments),
        "learners": len(one.learners),
    }


@drill_down(COMPLETION, "time", "Days to the certificate")
def time(when: Period, scope: Scope) -> Table:
    """Of the enrolments that earned their first certificate in the period, by course: the median
    of the days from their start to it."""
    first = Enrollment.objects.annotate(earned_at=Min("certificates__earned_at")).filter(
        earned_at__gte=when.start, earned_at__lt=when.end
    )
    days: dict[str, list[float]] = defaultdict(list)
    learners: dict[str, set[int]] = defaultdict(set)
    for course, learner, start, earned in within(first, scope, enrollment="").values_list(
        "run__course__title", "learner", "started_at", "earned_at"
    ):
        days[course].append(_days(start, earned))
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
        Column("earned", "Earned", COUNT),
        Column("median", "Median days to the certificate", DAYS),
    )
    return Table(columns, rows)


def _days(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 86_400


@drill_down(COMPLETION, "states", "Earned, revoked and expired")
def states(when: Period, scope: Scope) -> Table:
    """The certificates that were earned, revoked and expired in the period, by course. One
    expires when the sender says so, or when its last day is over."""
    happened = {
        "earned": _in(when, "earned_at"),
        "revoked": _in(when, "revoked_at"),
        "expired": _in(when, "expired_at") | _ran_out(when),
    }
    touched = happened["earned"] | happened["revoked"] | happened["expired"]
    rows = (
        within(Certificate.objects.filter(touched), scope)
        .order_by()
        .values(course=F("enrollment__run__course__title"))
        .annotate(
            learners=Count("enrollment__learner", distinct=True),
            **{name: Count("pk", filter=q) for name, q in happened.items()},
        )
        .order_by("course")
    )
    columns = (
        COURSE,
        Column("earned", "Earned", COUNT),
        Column("revoked", "Revoked", COUNT),
        Column("expired", "Expired", COUNT),
    )
    return Table(columns, list(rows))


def _in(when: Period, moment: str) -> Q:
    return Q(**{f"{moment}__gte": when.start, f"{moment}__lt": when.end})


def _ran_out(when: Period) -> Q:
    """Certificates whose last day was followed by one of the period that has begun."""
    latest = local_day(when.end - timedelta(microseconds=1), when.zone)
    return Q(
        expired_at=None,
        revoked_at=None,
        expires_on__gte=when.first - timedelta(days=1),
        expires_on__lt=latest,
    )
