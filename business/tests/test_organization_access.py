"""Accounts manage an organization, or hold its seat, from the day they are created or invited."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import Invitation, User
from accounts.tests.people import account, course, learner, run_of
from accounts.tests.test_invitations import invite
from accounts.tests.test_password_links import mailed_link, set_by
from business.models import Customer, OrganizationGrant, Seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Customer:
    return Customer.objects.create(key="acme", name="Acme", kind=Customer.Kind.ORGANIZATION)


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    return client


def create(*words: str) -> User:
    call_command("create_account", *words, "--generate", stdout=StringIO(), stderr=StringIO())
    return User.objects.get(email="eve@example.com")


def organizations_of(user: User) -> list[str]:
    return [one.organization.key for one in OrganizationGrant.objects.filter(user=user)]


def test_a_manager_is_created_with_courses_runs_and_organizations(acme: Customer) -> None:
    py, run = course("py"), run_of(course("db"), "spring")
    words = ("--course", "py", "--run", "db/spring", "--organization", "acme")
    eve = create("manager", "eve@example.com", *words)

    assert [one.course for one in eve.course_grants.all()] == [py]
    assert [one.run for one in eve.run_grants.all()] == [run]
    assert organizations_of(eve) == ["acme"]


def test_a_learner_is_created_with_a_seat(acme: Customer) -> None:
    bo = learner("Bo")
    create("learner", "eve@example.com", "--learner", "bo", "--seat", "acme")

    assert Seat.objects.get().learner == bo


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("manager", "--organization", "gone"), "Unknown organization: gone."),
        (("manager", "--organization", "ada"), "Unknown organization: ada."),
        (("manager", "--course", "gone"), "Unknown course: gone."),
        (("manager", "--run", "py/gone"), "Unknown run: py/gone. Write COURSE/RUN."),
        (("learner", "--organization", "acme"), "--organization is only for the role manager."),
        (("manager", "--seat", "acme"), "--seat is only for the role learner."),
        (("learner", "--seat", "acme"), "A seat belongs to a learner: add --learner KEY."),
        (("manager",), "A manager needs at least one course, run or organization"),
    ],
)
def test_a_wrong_grant_is_a_sentence_and_creates_nobody(
    acme: Customer, words: tuple[str, ...], sentence: str
) -> None:
    Customer.objects.create(key="ada", kind=Customer.Kind.LEARNER)
    with pytest.raises(CommandError, match=sentence):
        create(words[0], "eve@example.com", *words[1:])

    assert not User.objects.exists()


def test_an_invited_manager_gets_the_organization(acme: Customer, client: Client) -> None:
    invite(client, organization=[acme.pk])
    set_by(mailed_link())

    assert organizations_of(User.objects.get(email="eve@example.com")) == ["acme"]


def test_an_invited_learner_gets_the_seat(acme: Customer, client: Client) -> None:
    learner("Bo")
    invite(client, "learner", learner="bo", seat=[acme.pk])

    assert Seat.objects.get().learner.key == "bo"


@pytest.mark.parametrize("field", ["organization", "courses", "runs"])
def test_a_grant_of_what_was_deleted_meanwhile_invites_nobody(
    acme: Customer, client: Client, field: str
) -> None:
    fields: dict[str, Any] = {field: ["999"]}
    response = invite(client, **fields)

    assert field in response.context["adminform"].form.errors
    assert not Invitation.objects.exists()


def test_nobody_invites_to_an_organization_that_they_may_not_grant(
    acme: Customer, client: Client
) -> None:
    bo, names = account("Bo", is_staff=True), ("add_invitation", "add_user", "add_coursegrant")
    bo.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(bo)
    invite(client, courses=[course("py").pk], organization=[acme.pk])
    eve = User.objects.get(email="eve@example.com")

    assert eve.course_grants.count() == 1
    assert organizations_of(eve) == []
