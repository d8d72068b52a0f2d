"""Nobody can grant more than they hold, anywhere in the admin."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts import delegation
from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User
from accounts.tests.admin_pages import account_form, staff
from accounts.tests.people import account, course

pytestmark = pytest.mark.django_db

USERS = ("view_user", "add_user", "change_user", "delete_user")
KEYS = ("view_apikey", "add_apikey", "change_apikey")
GROUPS = ("view_group", "add_group", "change_group", "delete_group")


def permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def cleo(*permissions: str, in_group: bool = False, **fields: Any) -> User:
    """Create a member of staff with these permissions, given by a group or directly."""
    user = account("Cleo", is_staff=True, **fields)
    chosen = Permission.objects.filter(codename__in=permissions)
    if in_group:
        group = Group.objects.create(name="Privileged")
        group.permissions.set(chosen)
        user.groups.add(group)
    else:
        user.user_permissions.set(chosen)
    return user


def edit(client: Client, user: User, **more: Any) -> int:
    path = f"/admin/accounts/user/{user.pk}/change/"
    return client.post(path, account_form(user, **more)).status_code


def set_password(client: Client, user: User) -> int:
    data = {"usable_password": "true", "password1": "a-longer-walk", "password2": "a-longer-walk"}
    return client.post(f"/admin/accounts/user/{user.pk}/password/", data).status_code


def add_key(client: Client, *scopes: str, **more: Any) -> bool:
    client.post("/admin/accounts/apikey/add/", {"name": "lms", "scopes": scopes, **more})
    return ApiKey.objects.exists()


@pytest.mark.parametrize("in_group", [True, False])
@pytest.mark.parametrize("is_active", [True, False])
def test_an_account_with_more_permissions_cannot_be_edited(
    client: Client, in_group: bool, is_active: bool
) -> None:
    staff(client, *USERS)
    boss = cleo("view_small_groups", in_group=in_group, is_active=is_active)

    assert edit(client, boss, email="evil@example.com") == 403
    assert set_password(client, boss) == 403
    assert client.post(f"/admin/accounts/user/{boss.pk}/delete/", {"post": "yes"}).status_code == (
        403
    )
    assert User.objects.get(pk=boss.pk).email == "cleo@example.com"


def test_accounts_with_more_permissions_are_not_deleted_in_bulk(client: Client) -> None:
    staff(client, *USERS)
    boss, other = cleo("view_small_groups"), account("Eve")
    data = {"action": "delete_selected", "_selected_action": [boss.pk, other.pk], "post": "yes"}
    client.post("/admin/accounts/user/", data)

    assert User.objects.filter(pk__in=(boss.pk, other.pk)).count() == 2


@pytest.mark.parametrize("held", [(), ("view_user",), ("change_user",)])
def test_an_account_with_no_more_permissions_can_be_edited(
    client: Client, held: tuple[str, ...]
) -> None:
    staff(client, *USERS)
    other = cleo(*held)

    assert edit(client, other, name="Cleopatra") == 302
    assert set_password(client, other) == 302


def test_a_closed_superuser_cannot_be_edited(client: Client) -> None:
    staff(client, *USERS, "view_small_groups")
    boss = cleo(is_superuser=True, is_active=False)

    assert set_password(client, boss) == 403


@pytest.mark.parametrize(
    "given",
    [
        {"is_superuser": "on"},
        {"is_staff": "on"},
        {"user_permissions": "view_small_groups"},
        {"user_permissions": "change_user"},
        {"groups": "Privileged"},
    ],
)
@pytest.mark.parametrize("to_oneself", [True, False])
def test_staff_who_edit_accounts_cannot_grant_roles_or_permissions(
    client: Client, given: dict[str, str], to_oneself: bool
) -> None:
    bo = staff(client, *USERS)
    group = Group.objects.create(name="Privileged")
    group.permissions.add(permission("view_small_groups"))
    pks = {"Privileged": group.pk, "on": "on"}
    posted = {field: pks.get(value) or permission(value).pk for field, value in given.items()}
    other = bo if to_oneself else account("Eve")
    before = delegation.permissions_of(other), other.is_staff

    assert edit(client, other, **posted) == 302
    other = User.objects.get(pk=other.pk)
    assert not other.is_superuser
    assert (delegation.permissions_of(other), other.is_staff) == before


def test_a_new_account_has_no_permissions(client: Client) -> None:
    staff(client, *USERS)
    data = {
        "email": "eve@example.com",
        "usable_password": "false",
        "is_staff": "on",
        "is_superuser": "on",
        "user_permissions": permission("view_small_groups").pk,
    }
    client.post("/admin/accounts/user/add/", data)
    eve = User.objects.get(email="eve@example.com")

    assert (eve.is_staff, eve.is_superuser) == (False, False)
    assert not delegation.permissions_of(eve)


def test_a_group_gets_only_permissions_that_its_creator_holds(client: Client) -> None:
    staff(client, *GROUPS)
    for codename in ("view_small_groups", "view_group"):
        data = {"name": codename, "permissions": [permission(codename).pk]}
        client.post("/admin/auth/group/add/", data)

    assert [one.name for one in Group.objects.filter(shipped=None)] == ["view_group"]


def test_staff_cannot_add_permissions_to_their_own_group(client: Client) -> None:
    bo = staff(client, *GROUPS)
    own = Group.objects.create(name="Own")
    bo.groups.add(own)
    data = {"name": "Own", "permissions": [permission("view_small_groups").pk]}
    client.post(f"/admin/auth/group/{own.pk}/change/", data)

    assert not own.permissions.exists()


def test_a_group_with_more_permissions_cannot_be_edited(client: Client) -> None:
    staff(client, *GROUPS)
    analysts = Group.objects.create(name="Privileged")
    analysts.permissions.add(permission("view_small_groups"))
    path = f"/admin/auth/group/{analysts.pk}"

    assert client.post(f"{path}/change/", {"name": "Ours"}).status_code == 403
    assert client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403


REQUIRED_PERMISSIONS = [
    ("kpis:read", None),
    ("alerts:write", None),
    ("experiments:read", None),
    ("kpis:small-groups", "view_small_groups"),
    ("events:write", "import_event"),
    ("curriculum:write", "import_event"),
    ("experiments:write", "run_experiment"),
]


@pytest.mark.parametrize(("scope", "required"), REQUIRED_PERMISSIONS)
def test_a_key_gets_no_other_scopes(client: Client, scope: str, required: str | None) -> None:
    staff(client, *KEYS)

    assert add_key(client, "kpis:read", scope) == (required is None)


@pytest.mark.parametrize(("scope", "required"), REQUIRED_PERMISSIONS[3:])
def test_a_key_gets_grantable_scopes(client: Client, scope: str, required: str) -> None:
    staff(client, *KEYS, required)

    assert add_key(client, scope)
    assert ApiKey.objects.get().scopes == [scope]


def test_a_superuser_can_grant_every_scope() -> None:
    assert delegation.grantable_scopes(cleo(is_superuser=True)) == ApiKey.Scope.values


@pytest.mark.parametrize(("held", "creates"), [(KEYS, False), ((*KEYS, "import_event"), True)])
def test_a_key_creates_unknown_records_only_if_its_creator_may(
    client: Client, held: tuple[str, ...], creates: bool
) -> None:
    staff(client, *held)
    add_key(client, "kpis:read", creates_unknown="on")

    assert ApiKey.objects.get().creates_unknown == creates


@pytest.mark.parametrize(
    "more", [{"scopes": ["kpis:small-groups"]}, {"scopes": [], "creates_unknown": True}]
)
def test_a_key_that_may_do_more_can_only_be_viewed_and_revoked(
    client: Client, more: dict[str, Any]
) -> None:
    staff(client, *KEYS)
    key, _ = create_api_key("lms", **more, courses=[course("py")])
    path = f"/admin/accounts/apikey/{key.pk}/change/"

    assert client.get(path).status_code == 200
    assert (
        client.post(path, {"scopes": ["kpis:read"], "courses": [course("sql").pk]}).status_code
        == 403
    )
    revoked = {"action": "revoke", "_selected_action": key.pk, "confirmed": "yes"}
    client.post("/admin/accounts/apikey/", revoked)
    assert ApiKey.objects.get().revoked_at


def test_editing_a_key_cannot_grant_more_either(client: Client) -> None:
    staff(client, *KEYS)
    key, _ = create_api_key("lms", ["kpis:read"])
    no_inlines = {
        f"{one}-{count}_FORMS": "0"
        for one in ("former_secrets", "use")
        for count in ("TOTAL", "INITIAL")
    }
    answer = client.post(
        f"/admin/accounts/apikey/{key.pk}/change/",
        {"scopes": ["kpis:read", "kpis:small-groups"], **no_inlines},
    )
    assert "kpis:small-groups is not one" in answer.content.decode()
    key.refresh_from_db()

    assert key.scopes == ["kpis:read"]


def test_the_form_offers_only_grantable_scopes(client: Client) -> None:
    staff(client, *KEYS)
    page = client.get("/admin/accounts/apikey/add/").content.decode()

    assert "Read KPIs" in page
    assert "small groups" not in page


@pytest.mark.usefixtures("ada")
def test_grants_are_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    eve = account("Eve")
    with caplog.at_level(logging.INFO):
        edit(client, eve, is_staff="on", user_permissions=[permission("view_small_groups").pk])
        add_key(client, "kpis:small-groups")

    assert f"changed account {eve.pk}: is_staff=True; granted accounts.view_small_groups" in (
        caplog.text
    )
    assert "created the API key lms with the scopes: kpis:small-groups" in caplog.text
