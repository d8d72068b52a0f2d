from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessRecord, User
from accounts.reader import Reader
from accounts.tests.people import account, course, learner, run_of
from curriculum.models import Course, Enrollment
from kpis.tests.measured import fed
from navigation.search_views import _groups

pytestmark = pytest.mark.django_db


def found(user: User, text: str, page: str = "/search") -> str:
    client = Client()
    client.force_login(user)
    response = client.get(page, {"q": text})
    assert response.status_code == 200
    return response.content.decode()


def helper(name: str, *, is_staff: bool = False, grants: tuple[Course, ...] = ()) -> User:
    user = account(name, is_staff=is_staff, grants=grants)
    user.user_permissions.add(Permission.objects.get(codename="view_learners_to_help"))
    return user


def enrolled(name: str, key: str) -> None:
    run, one = run_of(course(key)), learner(name)
    Enrollment.objects.create(
        learner=one,
        run=run,
        enrolled_at="2026-01-01T00:00:00Z",
        started_at="2026-01-01T00:00:00Z",
        cutoff_at="2026-01-08T00:00:00Z",
        planned_due_at="2026-03-01T00:00:00Z",
        due_at="2026-03-01T00:00:00Z",
    )


def test_staff_find_courses_kpis_parameters_and_help() -> None:
    course("py")
    ada = account("Ada", is_staff=True)

    assert 'href="/kpi-dashboard?course=py"' in found(ada, "PY")
    assert 'href="/kpi-dashboard/engagement.completion-rate"' in found(ada, "completion rate")
    assert 'href="/curriculum-parameters/completion.window-factor"' in found(ada, "window")
    assert 'href="/help/guide/alerts"' in found(ada, "alerts")


def test_a_manager_finds_nothing_of_other_courses() -> None:
    py, sql = course("py", modules=1), course("sql", modules=1)
    fed(py, sql)
    mo = account("Mo", grants=(py,))

    assert "course=py" in found(mo, "py")
    assert "course=sql" not in found(mo, "sql")


def test_a_learner_finds_help_alone() -> None:
    course("py")
    page = found(account("Cleo"), "alerts")

    assert "/help/guide/alerts" in page
    assert "/kpi-dashboard" not in page


def test_learners_are_found_by_permission_within_the_granted_courses() -> None:
    enrolled("Bob", "py")
    enrolled("Bobby", "sql")
    page = found(helper("Mo", grants=(Course.objects.get(key="py"),)), "bob")

    assert page.count("/learners-to-help/") == 1
    assert "Bobby" not in page
    assert "/learners-to-help/" not in found(account("Ada", is_staff=True), "bobby")


def test_it_is_recorded_who_looks_for_learners() -> None:
    enrolled("Boris", "sql")
    ada = helper("Ada", is_staff=True)

    assert "/learners-to-help/" in found(ada, "boris")
    record = AccessRecord.objects.get()
    assert (record.who, record.about, record.count) == (ada.email, "curriculum.Enrollment", 1)


def test_suggestions_name_no_learners_and_record_nothing() -> None:
    enrolled("Boris", "sql")

    assert "Boris" not in found(helper("Ada", is_staff=True), "boris", "/search/suggestions")
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("text", ["", "a", " % ", "\0", "x" * 5_000, "<script>", "'; DROP"])
def test_any_text_gets_a_page(text: str) -> None:
    assert "<script>alert" not in found(account("Ada", is_staff=True), text)


def test_a_search_takes_six_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    course("py", modules=2)
    reader = Reader.of(account("Ada", is_staff=True))

    with django_assert_max_num_queries(6):
        list(_groups(reader, ["py"]))
