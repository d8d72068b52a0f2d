"""The groups that the product ships: created once, and updated while nobody edits them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts import delegation, shipped_groups
from accounts.models import ShippedGroup, User
from accounts.shipped_groups import ROLES, Role
from accounts.tests.admin_pages import account_form
from accounts.tests.people import account, course

pytestmark = pytest.mark.django_db


def permissions_of(name: str) -> set[str]:
    return delegation.permissions_of_group(Group.objects.get(name=name))


def member(role: str, name: str = "Bo") -> User:
    made = account(name, is_staff=True)
    made.groups.add(Group.objects.get(name=role))
    return made


def test_a_new_site_has_the_groups() -> None:
    assert sorted(Group.objects.values_list("name", flat=True)) == sorted(one.name for one in ROLES)
    assert "intake.import_event" in permissions_of("Operators")
    assert "curriculum.change_course" in permissions_of("Curriculum editors")
    assert "accounts.view_small_groups" in permissions_of("Analysts")


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_pattern_matches_a_permission(role: Role) -> None:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    existing = [f"{app}.{name}" for app, name in rows]
    single = [Role("", (pattern,)) for pattern in role.permissions]

    assert [one.permissions for one in single if not any(map(one.may, existing))] == []


@pytest.mark.parametrize("role", ROLES[:-1], ids=lambda role: role.name)
def test_nobody_but_administrators_manages_accounts(role: Role) -> None:
    managing = {"accounts.change_user", "accounts.add_coursegrant", "auth.change_group"}

    assert not permissions_of(role.name) & managing


def test_updating_twice_changes_nothing() -> None:
    before = {one.name: permissions_of(one.name) for one in ROLES}
    shipped_groups.update()

    assert {one.name: permissions_of(one.name) for one in ROLES} == before
    assert Group.objects.count() == len(ROLES)


def test_a_permission_of_a_new_version_reaches_groups_that_nobody_edited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wider = Role("Operators", (*ROLES[2].permissions, "kpis.change_measurement"))
    monkeypatch.setattr(shipped_groups, "ROLES", (wider,))
    shipped_groups.update()

    assert "kpis.change_measurement" in permissions_of("Operators")


def test_an_edited_group_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group.objects.get(name="Operators")
    group.permissions.remove(Permission.objects.get(codename="import_event"))
    before = permissions_of("Operators")
    wider = Role("Operators", (*ROLES[2].permissions, "kpis.change_measurement"))
    monkeypatch.setattr(shipped_groups, "ROLES", (wider,))
    shipped_groups.update()

    assert permissions_of("Operators") == before


def test_a_deleted_group_is_not_created_again() -> None:
    Group.objects.get(name="Analysts").delete()
    shipped_groups.update()

    assert not Group.objects.filter(name="Analysts").exists()


def test_a_group_of_that_name_that_staff_made_is_not_changed() -> None:
    ShippedGroup.objects.all().delete()
    own = Group.objects.get(name="Analysts")
    own.permissions.set([Permission.objects.get(codename="view_course")])
    shipped_groups.update()

    assert permissions_of("Analysts") == {"curriculum.view_course"}


@pytest.mark.once
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_docs_have_each_group_with_its_permissions(role: Role) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "access.md").read_text()
    named = ", ".join(f"`{one}`" for one in role.permissions)

    rows = [line for line in text.splitlines() if line.startswith(f"| *{role.name}* | ")]
    assert [row.rpartition(" | ")[2] for row in rows] == [f"{named} |"]


def edit(client: Client, user: User, **more: object) -> int:
    path = f"/admin/accounts/user/{user.pk}/change/"
    return client.post(path, account_form(user, **more)).status_code


def test_an_administrator_makes_somebody_an_analyst(client: Client) -> None:
    client.force_login(member("Administrators"))
    eve, analysts = account("Eve"), Group.objects.get(name="Analysts")

    assert edit(client, eve, is_staff="on", groups=[analysts.pk]) == 302
    eve = User.objects.get(pk=eve.pk)
    assert eve.is_staff
    assert eve.has_perm("kpis.add_target")


def test_an_administrator_grants_a_course(client: Client) -> None:
    client.force_login(member("Administrators"))
    eve = account("Eve")
    grant = {
        "course_grants-TOTAL_FORMS": "1",
        "course_grants-0-user": eve.pk,
        "course_grants-0-course": course("py").pk,
    }

    assert edit(client, eve, **grant) == 302
    assert eve.course_grants.count() == 1


def test_an_administrator_makes_no_superuser(client: Client) -> None:
    client.force_login(member("Administrators"))
    eve = account("Eve")
    import_events = Permission.objects.get(codename="import_event")
    edit(client, eve, is_staff="on", is_superuser="on", user_permissions=[import_events.pk])
    eve = User.objects.get(pk=eve.pk)

    assert (eve.is_staff, eve.is_superuser) == (True, False)
    assert not eve.has_perm("intake.import_event")


def test_an_administrator_cannot_change_a_superuser(client: Client) -> None:
    client.force_login(member("Administrators"))
    boss = account("Ada", is_staff=True, is_superuser=True)

    assert edit(client, boss, email="evil@example.com") == 403


def test_a_group_with_a_permission_that_one_lacks_is_not_assigned(client: Client) -> None:
    bo = member("Administrators")
    bo.groups.clear()
    codenames = ("change_user", "change_group", "import_event")
    bo.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(bo)
    for group in Group.objects.all():
        assert edit(client, bo, is_staff="on", groups=[group.pk]) == 200
    shown = client.get(f"/admin/accounts/user/{bo.pk}/change/").content.decode()

    assert not bo.groups.exists()
    assert "Operators" not in shown
