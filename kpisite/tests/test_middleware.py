from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.tests.people import account, course
from kpisite.config.logs import ClientErrorFilter, KeyValueFormatter
from kpisite.tests.test_environment import read_setting

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(account("Bo", grants=(course(),)))
    return client


@pytest.fixture
def program(db: None) -> Client:
    _, secret = create_api_key("reports", ["kpis:read"])
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize(
    "path",
    [
        "/kpi-dashboard", "/kpi-dashboard/engagement.depth", "/alerts", "/account/password", "/",
        "/api/kpi", "/api/alerts", "/api/kpi/engagement/depth?format=csv",
    ],
)  # fmt: skip
def test_what_a_browser_opens_after_sign_in_is_never_cached(manager: Client, path: str) -> None:
    policy = manager.get(path, follow=True).headers["Cache-Control"]

    assert {"private", "no-store"} <= set(policy.split(", "))


@pytest.mark.parametrize(
    "path",
    [
        "/api/kpi",
        "/api/kpi/engagement/depth",
        "/api/kpi/engagement/depth?format=csv",
        "/api/alerts",
    ],
)
def test_programs_must_revalidate_figures(program: Client, path: str) -> None:
    answer = program.get(path)

    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))


def test_a_program_still_gets_a_304(program: Client) -> None:
    tag = program.get("/api/kpi").headers["ETag"]
    answer = program.get("/api/kpi", headers={"If-None-Match": tag})

    assert answer.status_code == 304
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/live", "/static/favicon.svg", "/sign-in", "/health"])
def test_no_page_is_served_under_an_unknown_host_name(client: Client, path: str) -> None:
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


def test_a_wrong_host_name_is_logged_as_one_warning(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/sign-in", headers={"Host": "evil.example"})
    (record,) = caplog.records
    ClientErrorFilter().filter(record)
    line = KeyValueFormatter().format(record)

    loggers: dict[str, Any] = settings.LOGGING["loggers"]  # type: ignore[assignment]

    assert loggers["django.security"]["handlers"] == ["brief"]
    assert "level=warning logger=django.security.DisallowedHost" in line
    assert "evil.example" in line
    assert "Traceback" not in line


def test_a_403_is_logged_as_one_warning_with_the_number_of_the_account(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    ada = account("Ada")
    client.force_login(ada)
    with caplog.at_level(logging.WARNING, "kpisite"):
        client.get("/kpi-dashboard")

    assert [one.getMessage() for one in caplog.records] == [
        f"Forbidden: GET kpi-dashboard for account {ada.pk}"
    ]


def test_a_403_is_logged_with_the_name_of_the_key(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    _, secret = create_api_key("lms", ["events:write"])
    client.get("/api/kpi", headers={"Authorization": f"Bearer {secret}"})

    assert "for API key lms" in caplog.text


@pytest.mark.once
def test_with_https_cookies_belong_to_this_host_only(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    names = ("SESSION", "CSRF", "ACTIVE", "DEVICE")
    shown = ", ".join(f"settings.{name}_COOKIE_NAME" for name in names)
    printed = read_setting(tmp_path_factory.mktemp("data"), shown, HTTPS="yes").split()

    assert printed == [
        "__Host-sessionid",
        "__Host-csrftoken",
        "__Host-active",
        "__Host-known-device",
    ]
