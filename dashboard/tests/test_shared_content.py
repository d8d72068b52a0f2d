"""Readers who may see the same share the figures of a page, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import CourseGrant, User
from curriculum.models import Course
from kpis.models import Measurement
from kpis.tests.measured import COMPLETION, course, measured
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_in_july_2026")]

PAGES = ["/kpi-dashboard", f"/kpi-dashboard/{COMPLETION}"]


@pytest.fixture
def py() -> Course:
    made = course("py", "intro")
    measured(COMPLETION, "2026-06", 60, 100)
    measured(COMPLETION, "2026-06", 60, 100, of=made)
    return made


def staff(name: str, **fields: Any) -> Visitor:
    address = f"{name.lower()}@example.com"
    user = User.objects.create_user(address, name=name, is_staff=True, **fields)
    visitor = Visitor(user)
    visitor.reads("/kpi-dashboard")
    return visitor


def manager(name: str, *courses: Course) -> Visitor:
    user = User.objects.create_user(f"{name.lower()}@example.com", name=name)
    for one in courses:
        CourseGrant.objects.create(user=user, course=one)
    return Visitor(user)


def reads_figures(visitor: Visitor, path: str) -> bool:
    with CaptureQueriesContext(connection) as queries:
        visitor.reads(path)
    return any("kpis_measurement" in one["sql"] for one in queries.captured_queries)


# on PostgreSQL, tests beside this one commit to the same server
@pytest.mark.once
@pytest.mark.parametrize("path", PAGES)
def test_a_second_reader_gets_the_same_figures_under_another_name(py: Course, path: str) -> None:
    ada, bo = staff("Ada"), staff("Bo")
    ada.reads(path)

    assert not reads_figures(bo, path)
    assert "60.0%" in bo.html
    assert ">Bo</span>" in bo.html
    assert ">Ada</span>" not in bo.html


@pytest.mark.parametrize("path", PAGES)
def test_a_change_is_seen_by_every_reader(py: Course, path: str) -> None:
    ada, bo = staff("Ada"), staff("Bo")
    ada.reads(path)
    Measurement.objects.update(total=70)

    assert "70.0%" in ada.reads(path)
    assert "70.0%" in bo.reads(path)


def test_managers_share_the_figures_of_the_same_courses_only(py: Course) -> None:
    db = course("db")
    measured(COMPLETION, "2026-06", 50, 100, of=db)
    ada, bo, cleo = manager("Ada", py), manager("Bo", db), manager("Cleo", py)
    for _ in range(2):
        assert "60.0%" in ada.reads("/kpi-dashboard")
        assert "60.0%" not in bo.reads("/kpi-dashboard")
        assert "50.0%" in bo.html
        assert "60.0%" in cleo.reads("/kpi-dashboard")


def test_small_groups_are_not_shared_with_readers_who_may_not_see_them(py: Course) -> None:
    Measurement.objects.update(n=5, total=3, weight=5, learners=5)
    bo, cleo = staff("Bo"), staff("Cleo")
    allowed = Permission.objects.get(codename="view_small_groups")
    User.objects.get(name="Bo").user_permissions.add(allowed)

    assert "60.0%" in bo.reads("/kpi-dashboard")
    assert "60.0%" not in cleo.reads("/kpi-dashboard")


def test_each_language_has_its_own(py: Course) -> None:
    ada, bo = staff("Ada"), staff("Bo", language="de")
    ada.reads("/kpi-dashboard")
    bo.reads("/kpi-dashboard")

    assert "Abschlussquote" in bo.html
    assert "Completion rate" in ada.html


def test_the_first_steps_depend_on_the_account() -> None:
    ada, bo = staff("Ada"), staff("Bo", is_superuser=True)
    ada.reads("/kpi-dashboard")
    bo.reads("/kpi-dashboard")

    assert "/first-steps" not in ada.html
    assert "/first-steps" in bo.html
