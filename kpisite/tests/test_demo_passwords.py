"""The published password of the demonstration works on a local machine only."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.tests.people import account
from demo import accounts, load
from demo.known_password import EMAILS, KNOWN
from kpisite.launcher import prepare
from kpisite.tests.test_environment import read_setting

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "True"),
        ({"BIND": "[::1]"}, "True"),
        ({"BIND": "localhost"}, "True"),
        ({"BIND": "0.0.0.0"}, "False"),  # noqa: S104
        ({"BIND": "[::]"}, "False"),
        ({"BIND": "192.168.1.2"}, "False"),
        ({"HTTPS": "yes"}, "False"),
        ({"BEHIND_PROXY": "yes"}, "False"),
        ({"ALLOWED_HOSTS": "localhost,kpi.example.org"}, "False"),
        ({"CSRF_TRUSTED_ORIGINS": "https://kpi.example.org"}, "False"),
        ({"DATABASE_URL": "postgres://ada@db/kpi", "SECRET_KEY": "x" * 32}, "False"),
        ({"BIND": "0.0.0.0", "KPI_DEMO": "yes"}, "True"),  # noqa: S104
        ({"KPI_DEMO": "no"}, "False"),
    ],
)
def test_the_demonstration_is_loaded_by_default_only_on_a_local_machine(
    tmp_path: Path, given: dict[str, str], found: str
) -> None:
    assert read_setting(tmp_path, "settings.KPI_DEMO", **given) == found


def test_a_local_machine_uses_the_published_password(settings: Settings) -> None:
    settings.IS_LOCAL = True

    assert set(accounts.choose_passwords().values()) == {KNOWN}


def test_other_machines_get_random_passwords_that_are_shown_once(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IS_LOCAL, settings.KPI_DATA_DIR = False, tmp_path
    small = load.begin
    monkeypatch.setattr(
        "demo.management.commands.load_demo.begin",
        lambda now, **more: small(NOW, scale=0.05, passwords=more["passwords"]),
    )
    shown = StringIO()
    call_command("load_demo", verbosity=0, stdout=shown)
    password = shown.getvalue().split("staff@example.com ")[1].split()[0]

    assert User.objects.get(email="staff@example.com").check_password(password)
    assert KNOWN not in shown.getvalue()
    assert not (tmp_path / accounts.ACCOUNTS_FILE).exists()


def test_existing_accounts_get_new_passwords_when_others_get_access(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.KPI_DATA_DIR = tmp_path
    (tmp_path / accounts.ACCOUNTS_FILE).write_text("staff staff@example.com learn-and-grow\n")
    for role in EMAILS:
        account(role.title(), is_superuser=role == "staff")
    ada = account("Ada")
    for user in User.objects.exclude(pk=ada.pk):
        user.set_password(KNOWN)
        user.save()
    prepare.replace_known_passwords()
    shown = capsys.readouterr().out

    assert not any(user.check_password(KNOWN) for user in User.objects.all())
    assert ada.check_password("secret")
    assert all(f"{email} " in shown for email in EMAILS.values())
    assert not (tmp_path / accounts.ACCOUNTS_FILE).exists()


@pytest.mark.parametrize(("is_staff", "is_noted"), [(True, False), (False, True)])
def test_a_site_without_an_account_is_recorded(
    settings: Settings, tmp_path: Path, is_staff: bool, is_noted: bool
) -> None:
    settings.KPI_DATA_DIR = tmp_path
    account("Ada", is_staff=is_staff)
    prepare.record_whether_staff_exist()

    assert (tmp_path / "no-account-yet").exists() == is_noted
