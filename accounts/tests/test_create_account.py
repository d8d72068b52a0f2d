from __future__ import annotations

from io import StringIO
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.management.commands import create_account
from accounts.models import User
from accounts.reader import Reader
from accounts.tests.people import account, course, learner
from accounts.tests.test_password_links import NEW, set_by

pytestmark = pytest.mark.django_db

ADDRESS = "eve@example.com"


def created(role: str, *words: str, email: str = ADDRESS, how: str = "--generate") -> str:
    """What stands on standard output, alone."""
    shown = StringIO()
    call_command("create_account", role, email, how, *words, stdout=shown, stderr=StringIO())
    return shown.getvalue().strip()


def eve() -> User:
    return User.objects.get(email=ADDRESS)


def test_the_first_account_may_do_everything() -> None:
    password = created("staff", "--superuser", email="Eve@Example.com")

    assert eve().check_password(password)
    assert (eve().is_staff, eve().is_superuser) == (True, True)


def test_staff_are_permitted_what_their_groups_are() -> None:
    Group.objects.create(name="Analysts")
    created("staff", "--group", "Analysts")

    assert [group.name for group in eve().groups.all()] == ["Analysts"]
    assert not eve().is_superuser


def test_a_manager_sees_the_courses_granted() -> None:
    python = course("py")
    course("sql")
    created("manager", "--course", "py", "--name", "Eve")

    assert Reader.of(eve()).course_ids == {python.pk}
    assert not eve().is_staff


def test_a_learner_is_who_senders_know_by_the_key() -> None:
    bo = learner("Bo")
    created("learner", "--learner", "bo")
    bo.refresh_from_db()

    assert bo.user == eve()


def test_an_invited_owner_sets_the_password_by_the_link() -> None:
    link = created("learner", how="--no-input")
    set_by(urlsplit(link).path)

    assert link.startswith("http://localhost")
    assert eve().check_password(NEW)


def test_somebody_at_the_terminal_is_asked_until_it_is_good() -> None:
    typed = ["short", "a-longer-walk", "a-longer-talk", "a-longer-walk", "a-longer-walk"]
    with (
        mock.patch.object(create_account, "getpass", side_effect=typed),
        mock.patch("sys.stdin.isatty", return_value=True),
    ):
        call_command("create_account", "learner", ADDRESS, stdout=StringIO())

    assert eve().check_password("a-longer-walk")


def test_nobody_at_the_terminal_is_told_what_to_add() -> None:
    with (
        mock.patch("sys.stdin.isatty", return_value=False),
        pytest.raises(CommandError, match="add --generate or --no-input"),
    ):
        call_command("create_account", "learner", ADDRESS)


@pytest.mark.parametrize(
    ("role", "words", "sentence"),
    [
        ("manager", (), "A manager needs a course"),
        ("manager", ("--course", "no"), "no course with the key no"),
        ("manager", ("--superuser",), "--superuser is for the role staff"),
        ("staff", ("--course", "py"), "--course is for the role manager"),
        ("staff", ("--group", "No"), "There is no group No; there are: none"),
        ("learner", ("--learner", "no"), "There is no learner with the key no"),
        ("learner", ("--learner", "bo"), "The learner bo has an account already"),
    ],
)
def test_what_does_not_fit_is_told(role: str, words: tuple[str, ...], sentence: str) -> None:
    bo = learner("Bo")
    bo.user = account("Bo")
    bo.save()
    course("py")

    with pytest.raises(CommandError, match=sentence):
        created(role, *words)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "sentence"),
    [("EVE@example.com", "has an account already"), ("eve", "valid email"), ("", "blank")],
)
def test_a_wrong_address_is_told(email: str, sentence: str) -> None:
    account("Eve")
    more: dict[str, Any] = {"email": email}

    with pytest.raises(CommandError, match=sentence):
        created("learner", **more)
