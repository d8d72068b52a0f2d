"""Sessions have their account in a column."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from unittest import mock

import pytest
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore as DjangosStore
from django.db import connection
from django.test import Client

from accounts.models import Session
from accounts.models.sessions import SessionStore
from accounts.tests.people import account, learner
from curriculum.erasing import erase, personal_data_of
from curriculum.models import Learner

pytestmark = pytest.mark.django_db

ADA = "ada@example.com"
keep = import_module("accounts.migrations.0010_keep_sessions")


def ada_and_bo() -> Learner:
    """Return Ada; both are signed in."""
    ada = learner("Ada")
    ada.user = account("Ada")
    ada.save()
    for one in (ada.user, account("Bo")):
        Client().force_login(one)
    return ada


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(account(name))
    return client


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_session_knows_its_account_after_the_sign_in() -> None:
    signed_in("Ada")
    stranger = SessionStore()
    stranger.save()

    found = set(Session.objects.values_list("account__email", flat=True))
    assert found == {ADA, None}


def test_finding_the_sessions_of_a_person_decodes_none_without_messages() -> None:
    ada = ada_and_bo()
    with mock.patch.object(Session, "get_decoded") as decoded:
        found = {one.model: len(one.rows) for one in personal_data_of(ada)}

    assert not decoded.called
    assert found["accounts.Session"] == 1


def test_erasing_ends_the_sessions_of_the_person_only() -> None:
    erase(ada_and_bo())

    assert str(Session.objects.get().account) == "Bo"


def test_people_stay_signed_in_when_their_sessions_move_here() -> None:
    ada = signed_in("Ada")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE django_session AS"
            " SELECT session_key, session_data, expire_date FROM accounts_session"
        )
    Session.objects.all().delete()
    keep.keep_sessions(apps, SimpleNamespace(connection=connection, execute=execute))

    assert str(Session.objects.get().account) == "Ada"
    assert ada.get("/account/password").status_code == 200
    assert "django_session" not in connection.introspection.table_names()


def test_sessions_are_encoded_as_those_of_django() -> None:
    assert SessionStore().decode(DjangosStore().encode({"a": 1})) == {"a": 1}
