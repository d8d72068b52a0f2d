from __future__ import annotations

from io import StringIO
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.management.commands import create_account
from accounts.models import User
from accounts.reader import Reader
from accounts.tests.people import account, course, learner, run_of
from accounts.tests.test_password_links import NEW, set_by

pytestmark = pytest.mark.django_db

ADDRESS = "eve@example.com"


def run_command(role: str, *words: str, email: str = ADDRESS, how: str = "--generate") -> str:
    """Return what the command prints to standard output."""
    shown = StringIO()
    call_command("create_account", role, email, how, *words, stdout=shown, stderr=StringIO())
    return shown.getvalue().strip()


def eve() -> User:
    return User.objects.get(email=ADDRESS)


def test_the_first_account_may_do_everything() -> None:
    password = run_command("staff", "--superuser", email="Eve@Example.com")

    assert eve().check_password(password)
    assert (eve().is_staff, eve().is_superuser) == (True, True)


def test_staff_have_the_permissions_of_their_groups() -> None:
    run_command("staff", "--group", "Analysts")

    assert [group.name for group in eve().groups.all()] == ["Analysts"]
    assert not eve().is_superuser


def test_a_manager_sees_the_granted_courses() -> None:
    python = course("py")
    course("sql")
    run_command("manager", "--course", "py", "--name", "Eve")

    assert Reader.of(eve()).course_ids == {python.pk}
    assert not eve().is_staff


def test_a_learner_is_linked_by_the_key_that_senders_use() -> None:
    bo = learner("Bo")
    run_command("learner", "--learner", "bo")
    bo.refresh_from_db()

    assert bo.user == eve()


def test_an_invited_owner_sets_a_password_with_the_link() -> None:
    link = run_command("learner", how="--no-input")
    set_by(urlsplit(link).path)

    assert link.startswith("http://localhost")
    assert eve().check_password(NEW)


def test_a_terminal_asks_until_the_password_is_acceptable() -> None:
    typed = ["short", "a-longer-walk", "a-longer-talk", "a-longer-walk", "a-longer-walk"]
    with (
        mock.patch.object(create_account, "getpass", side_effect=typed),
        mock.patch("sys.stdin.isatty", return_value=True),
    ):
        call_command("create_account", "learner", ADDRESS, stdout=StringIO())

    assert eve().check_password("a-longer-walk")


def test_without_a_terminal_an_error_names_the_options() -> None:
    with (
        mock.patch("sys.stdin.isatty", return_value=False),
        pytest.raises(CommandError, match="Add --generate or --no-input"),
    ):
        call_command("create_account", "learner", ADDRESS)


@pytest.mark.parametrize(
    ("role", "words", "sentence"),
    [
        ("manager", (), "A manager needs at least one course"),
        ("manager", ("--course", "no"), "Unknown course: no"),
        ("manager", ("--superuser",), "--superuser is only for the role staff"),
        ("staff", ("--course", "py"), "--course is only for the role manager"),
        (
            "staff",
            ("--group", "No"),
            "Unknown group: No. Existing groups: Administrators, Analysts",
        ),
        ("learner", ("--learner", "no"), "Unknown learner: no"),
        ("learner", ("--learner", "bo"), "The learner bo already has an account"),
    ],
)
def test_invalid_options_are_explained(role: str, words: tuple[str, ...], sentence: str) -> None:
    bo = learner("Bo")
    bo.user = account("Bo")
    bo.save()
    course("py")

    with pytest.raises(CommandError, match=sentence):
        run_command(role, *words)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "sentence"),
    [("EVE@example.com", "already has an account"), ("eve", "valid email"), ("", "blank")],
)
def test_an_invalid_address_is_explained(email: str, sentence: str) -> None:
    account("Eve")
    more: dict[str, Any] = {"email": email}

    with pytest.raises(CommandError, match=sentence):
        run_command("learner", **more)


def test_a_manager_of_a_run_is_granted_that_run() -> None:
    run = run_of(course("py"), "spring/1")
    run_of(run.course, "autumn")
    run_command("manager", "--run", "py/spring/1")

    assert list(Reader.of(eve()).runs()) == [run]
    with pytest.raises(CommandError, match=r"Unknown run: py/winter\. Write COURSE/RUN\."):
        run_command("manager", "--run", "py/winter", email="bo@example.com")
