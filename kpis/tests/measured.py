"""Test data for pages: people, courses and measured months."""

from __future__ import annotations

from datetime import UTC, date, datetime

from accounts.models import CourseGrant, User
from curriculum.models import Course, Module
from kpis.models import DataFreshness, Measurement

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
COMPLETION = "engagement.completion-rate"
SCORES = "engagement.assessment-performance"
VIDEO = "engagement.video-watch"


def staff() -> User:
    return User.objects.create_superuser("ada@example.com", name="Ada")


def manager(*courses: Course) -> User:
    bo = User.objects.create_user("bo@example.com", name="Bo")
    for course in courses:
        CourseGrant.objects.create(user=bo, course=course)
    return bo


def stranger() -> User:
    return User.objects.create_user("cleo@example.com", name="Cleo")


def course(key: str, *modules: str) -> Course:
    made = Course.objects.create(key=key, title=f"All about {key}")
    for position, module in enumerate(modules, start=1):
        Module.objects.create(course=made, key=module, title=module.title(), position=position)
    return made


def measured(
    kpi: str,
    month: str,
    total: float,
    n: int,
    *,
    of: Course | Module | None = None,
    learners: int | None = None,
) -> Measurement:
    """Store a month, such as 2026-06, of the whole site or of a course or module."""
    scope = "site" if of is None else type(of).__name__.lower()
    return Measurement.objects.create(
        kpi=kpi,
        scope=scope,
        scope_id=of.pk if of else 0,
        course=of.course if isinstance(of, Module) else of,
        period_kind="month",
        period_start=date.fromisoformat(f"{month}-01"),
        n=n,
        total=total,
        weight=n,
        learners=n if learners is None else learners,
        # one row per person, who scored 0 or 1
        units=n,
        yy=total,
        xx=n,
        xy=total,
        definition_version=1,
        computed_at=NOW,
    )


def fed(*courses: Course, through: datetime = NOW) -> None:
    """Set the data freshness of these courses."""
    for one in courses:
        DataFreshness.objects.create(
            category="engagement", course=one, data_through=through, received_at=through
        )
