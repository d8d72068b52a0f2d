"""How many queries each page needs: after a change, and for every further visit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import CourseGrant, Session, User
from accounts.tests.people import account
from curriculum.models import Course
from kpis.tests.measured import COMPLETION, SCORES, VIDEO, course, fed, measured
from kpisite.tests.cached_visitors import Clock, Visitor, clock

__all__ = ["clock"]

# PostgreSQL has other tests' commits, which end what is kept
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

MONTHS = [f"2026-{month:02}" for month in range(1, 7)]
WINDOW = "&from=2026-01-01&to=2026-06-30"
# page: the most queries for an administrator, and for a manager of two courses
PAGES = {
    "/kpi-dashboard?tab=engagement": (27, 52),
    "/kpi-dashboard?tab=outcome": (18, 44),
    "/kpi-dashboard?tab=business": (19, 36),
    f"/kpi-dashboard?tab=engagement{WINDOW}": (56, 94),
    f"/kpi-dashboard?tab=outcome{WINDOW}": (42, 89),
    f"/kpi-dashboard?tab=business{WINDOW}": (40, 64),
    f"/kpi-dashboard/{COMPLETION}": (20, 36),
    "/alerts": (14, 16),
    "/curriculum-parameters": (14, 16),
    "/curriculum-framework": (24, 48),
    "/curriculum-adjustments": (14, 16),
    "/experiments": (12, 14),
}


@pytest.fixture
def courses(clock: Clock) -> list[Course]:
    """Two courses of two modules with half a year of figures."""
    made = [course(key, "intro", "end") for key in ("python", "databases")]
    for kpi in (COMPLETION, SCORES, VIDEO):
        for month in MONTHS:
            measured(kpi, month, 160, 200)
            for one in made:
                measured(kpi, month, 80, 100, of=one)
                for module in one.modules.all():
                    measured(kpi, month, 20, 50, of=module)
    for one in made:
        fed(one)
    return made


@pytest.fixture
def readers(courses: list[Course]) -> list[User]:
    bo = account("Bo")
    CourseGrant.objects.bulk_create(CourseGrant(user=bo, course=one) for one in courses)
    return [account("Ada", is_staff=True, is_superuser=True), bo]


def queries_of(visitor: Visitor, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        response = visitor.gets(path)
    assert response.status_code == 200, path
    return len(queries)


def something_else_changes(number: Iterator[int]) -> None:
    Session.objects.create(
        session_key=f"x{next(number)}", session_data="", expire_date=timezone.now()
    )


@pytest.mark.parametrize("at", [0, 1], ids=["administrator", "manager"])
def test_pages_need_few_queries_after_a_change_and_none_again(readers: list[User], at: int) -> None:
    visitor, number = Visitor(readers[at]), iter(range(1_000))
    found = {}
    for path in PAGES:
        visitor.gets(path)
        something_else_changes(number)
        found[path] = queries_of(visitor, path), queries_of(visitor, path)

    assert {path: again for path, (_, again) in found.items() if again} == {}
    assert {path: few for path, (few, _) in found.items() if few > PAGES[path][at]} == {}
