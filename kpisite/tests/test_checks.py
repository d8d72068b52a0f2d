from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.tests.people import account
from demo.checks import no_password_is_known
from demo.known_password import KNOWN
from kpisite.checks import check_base_url, check_hosts

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        (["kpi.example.org"], []),
        (["kpi.example.org", "localhost"], []),
        (["localhost", "127.0.0.1"], ["kpisite.E002"]),
        (["*"], ["kpisite.E001"]),
    ],
)
def test_a_deployment_must_name_its_hosts(
    settings: Settings, hosts: list[str], found: list[str]
) -> None:
    settings.ALLOWED_HOSTS = hosts

    assert [message.id for message in check_hosts(None)] == found


@pytest.mark.parametrize(
    ("backend", "address", "found"),
    [
        ("smtp", "https://kpi.example.org", []),
        ("smtp", "http://localhost:5000", ["kpisite.E003"]),
        ("console", "http://localhost:5000", []),
    ],
)
def test_e_mails_must_not_link_to_the_machine_of_their_reader(
    settings: Settings, backend: str, address: str, found: list[str]
) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    settings.KPI_BASE_URL = address

    assert [message.id for message in check_base_url(None)] == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "password", "fields", "found"),
    [
        ("Staff", KNOWN, {}, ["kpisite.E004"]),
        ("Ada", KNOWN, {"is_superuser": True}, ["kpisite.E004"]),
        ("Staff", KNOWN, {"is_active": False}, []),
        ("Staff", "secret", {"is_superuser": True}, []),
    ],
)
def test_a_deployment_must_not_have_published_passwords(
    name: str, password: str, fields: dict[str, Any], found: list[str]
) -> None:
    user = account(name, **fields)
    user.set_password(password)
    user.save()

    assert [message.id for message in no_password_is_known(None)] == found
