from __future__ import annotations

from unittest.mock import patch

import pytest
from django.test import Client

from accounts.models import CourseGrant, User
from accounts.tests.admin_pages import account_form, page, shown_messages, staff
from accounts.tests.people import account, course

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("ada")
def test_staff_create_an_account(client: Client) -> None:
    data = {
        "email": "Bo@Example.com",
        "usable_password": "true",
        "password1": "a long enough one",
        "password2": "a long enough one",
    }
    client.post("/admin/accounts/user/add/", data)

    assert User.objects.get(email="bo@example.com").check_password("a long enough one")


@pytest.mark.usefixtures("ada")
def test_an_address_in_uppercase_is_the_same_account(client: Client) -> None:
    account("Bo")
    data = {"email": "BO@example.com", "usable_password": "false"}
    answer = client.post("/admin/accounts/user/add/", data)

    assert "bo@example.com already has an account" in answer.content.decode()


@pytest.mark.usefixtures("ada")
def test_a_course_is_granted_on_the_account_s_page(client: Client) -> None:
    bo, python = account("Bo"), course("py")
    grant = {"course_grants-TOTAL_FORMS": "1", "course_grants-0-course": python.pk}
    client.post(f"/admin/accounts/user/{bo.pk}/change/", account_form(bo, **grant))

    assert CourseGrant.objects.get().course == python
    assert "manager" in page(client, "accounts/user/")


def test_staff_who_edit_accounts_cannot_make_a_superuser(client: Client) -> None:
    bo = staff(client, "view_user", "change_user")
    data = account_form(bo, name="Bo the Great", is_superuser="on")
    client.post(f"/admin/accounts/user/{bo.pk}/change/", data)
    bo.refresh_from_db()

    assert bo.name == "Bo the Great"
    assert not bo.is_superuser


def test_staff_who_edit_accounts_cannot_edit_a_superuser(client: Client) -> None:
    boss = account("Ada", is_staff=True, is_superuser=True)
    staff(client, "view_user", "change_user")

    password = f"/admin/accounts/user/{boss.pk}/password/"
    assert client.post(password, {"password1": "x", "password2": "x"}).status_code == 403


def test_staff_without_permission_cannot_see_the_list(client: Client) -> None:
    staff(client)

    assert client.get("/admin/accounts/user/").status_code == 403


def test_staff_invite_only_accounts_that_they_may_edit(client: Client) -> None:
    staff(client, "view_user", "change_user")
    eve, closed = account("Eve"), account("Cleo", is_active=False)
    boss = account("Ada", is_superuser=True)
    eve.set_unusable_password()
    eve.save()
    data = {"action": "invite", "_selected_action": [eve.pk, closed.pk, boss.pk]}
    data |= {"confirmed": "yes"}
    with patch("accounts.sign_in.password_links.current_app.send_task") as queued:
        answer = client.post("/admin/accounts/user/", data)
    eve.refresh_from_db()

    assert [call.kwargs["args"] for call in queued.call_args_list] == [[eve.email]]
    assert eve.has_usable_password()
    assert "1 link is being sent." in shown_messages(answer)  # type: ignore[arg-type]
    assert "2 accounts were skipped" in shown_messages(answer)  # type: ignore[arg-type]
