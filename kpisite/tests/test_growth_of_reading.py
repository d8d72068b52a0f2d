"""How the work of reading each KPI from its facts grows with the history, in steps of SQLite."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import reporting_clock
from curriculum.models import Course, CourseRun
from kpis.definitions.periods import KINDS, containing
from kpis.definitions.registry import REGISTRY
from kpis.recompute.compute_cells import Wanted, compute_all
from kpisite.tests.test_growth_of_work import (
    FEW,
    LAST_YEAR,
    MANY,
    NOW,
    THIS_YEAR,
    arrive,
    counted,
    site,
    steeper,
)

__all__ = ["site"]

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def wanted(courses: list[Course]) -> list[Wanted]:
    """Return all KPIs for one course, in a period of each kind."""
    of_one, zone = frozenset([courses[0].pk]), reporting_clock.reporting_zone()
    periods = [(containing(date(2026, 1, 9), kind, zone), of_one) for kind in KINDS]
    return [Wanted(one, periods) for one in REGISTRY.values()]


def runs() -> dict[int, int]:
    return dict(CourseRun.objects.values_list("pk", "course"))


def reading(courses: list[Course]) -> dict[str, int]:
    """Return by KPI the steps of computing it."""
    found, course_of = {}, runs()
    for one in wanted(courses):
        with counted() as steps:
            compute_all([one], course_of, NOW, with_site=False)
        found[one.indicator.key] = steps[0]
    return found


def test_a_longer_history_does_not_make_reading_a_kpi_longer(site: list[Course]) -> None:
    arrive(0, 10, THIS_YEAR)
    arrive(0, FEW, LAST_YEAR)
    before = reading(site)
    arrive(FEW, MANY, LAST_YEAR)
    after = reading(site)

    # what was ever held may still be held
    held = {key for key, one in REGISTRY.items() if one.facts and one.facts.until}
    assert len(before) > 15
    # three times the history: what grows is the list of the course's enrollments
    assert not {k: (before[k], after[k]) for k in steeper(before, after, 1.7) if k not in held}


def test_all_kpis_are_read_in_four_statements(site: list[Course]) -> None:
    arrive(0, 3, THIS_YEAR)
    course_of = runs()
    with CaptureQueriesContext(connection) as caught:
        cells = compute_all(wanted(site), course_of, NOW, with_site=True)

    # which courses there are, how to look facts up, and these, with the runs and learners of
    # their enrollments; PostgreSQL finds out by itself how to look them up
    assert len(caught) == (4 if connection.vendor == "sqlite" else 3)
    assert all(cells[key] for key in REGISTRY if REGISTRY[key].is_computed)
