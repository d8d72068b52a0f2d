"""Staff grant courses and runs to several managers at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import CourseGrant, RunGrant, User
from accounts.tests.people import account, course, run_of
from curriculum.models import Course, CourseRun

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def managers() -> list[User]:
    return [account("Bo"), account("Cleo")]


def post(client: Client, accounts: list[User], **fields: Any) -> Any:
    chosen = [one.pk for one in accounts]
    return client.post(LIST, {"action": "grant", "_selected_action": chosen, **fields})


def grants() -> set[tuple[str, str]]:
    courses = CourseGrant.objects.values_list("user__name", "course__key")
    return {*courses, *RunGrant.objects.values_list("user__name", "run__key")}


def test_nothing_is_granted_before_the_changes_were_shown(
    client: Client, managers: list[User]
) -> None:
    py, run = course("py"), run_of(course("db"), "spring")
    CourseGrant.objects.create(user=managers[0], course=py)
    form = post(client, managers)
    shown = post(client, managers, confirmed="yes", courses=[py.pk], runs=[run.pk])

    assert form.context["form"].fields.keys() == {"courses", "runs"}
    assert [str(one) for one in shown.context["chosen"]] == [
        "Bo: Course db: spring",
        "Cleo: Course py, Course db: spring",
    ]
    assert grants() == {("Bo", "py")}


def test_confirmed_grants_are_given_once_and_are_in_the_history(
    client: Client, managers: list[User]
) -> None:
    py, run = course("py"), run_of(course("db"), "spring")
    for _ in range(2):
        post(client, managers, confirmed="yes", granted="yes", courses=[py.pk], runs=[run.pk])

    assert grants() == {(name, key) for name in ("Bo", "Cleo") for key in ("py", "spring")}
    assert {one.get_change_message() for one in LogEntry.objects.all()} == {
        "Granted: Course py, Course db: spring."
    }
    assert LogEntry.objects.count() == 2


def test_a_run_of_a_granted_course_adds_nothing(client: Client, managers: list[User]) -> None:
    py = course("py")
    post(client, managers, confirmed="yes", granted="yes", courses=[py.pk], runs=[run_of(py).pk])

    assert not RunGrant.objects.exists()


@pytest.mark.parametrize("deleted", [Course, CourseRun])
def test_what_was_deleted_meanwhile_is_a_sentence_and_grants_nothing(
    client: Client, managers: list[User], deleted: type[Course | CourseRun]
) -> None:
    py, run = course("py"), run_of(course("db"), "spring")
    fields = {"courses": [py.pk], "runs": [run.pk]}
    deleted.objects.filter(pk__in=[py.pk, run.pk]).delete()
    response = post(client, managers, confirmed="yes", granted="yes", **fields)

    assert "is not one of the available choices" in response.content.decode()
    assert grants() == set()


def test_an_empty_choice_is_a_sentence(client: Client, managers: list[User]) -> None:
    response = post(client, managers, confirmed="yes")

    assert "Choose at least one course or run." in response.content.decode()


def test_nobody_grants_what_they_may_not(client: Client, managers: list[User]) -> None:
    dee, superuser = account("Dee", is_staff=True), User.objects.get(name="Ada")
    names = ("view_user", "change_user", "add_rungrant")
    dee.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(dee)
    py, run = course("py"), run_of(course("db"), "spring")
    fields = {"courses": [py.pk], "runs": [run.pk]}
    post(client, [*managers, superuser], confirmed="yes", granted="yes", **fields)

    assert grants() == {("Bo", "spring"), ("Cleo", "spring")}


def test_without_a_permission_to_grant_there_is_no_action(
    client: Client, managers: list[User]
) -> None:
    dee = account("Dee", is_staff=True)
    dee.user_permissions.set(Permission.objects.filter(codename__in=("view_user", "change_user")))
    client.force_login(dee)
    post(client, managers, confirmed="yes", granted="yes", courses=[course("py").pk])

    assert grants() == set()
