from __future__ import annotations

import re
import time
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from accounts.api_keys import create_api_key
from accounts.models import User
from accounts.sign_in import second_factor
from accounts.sign_in.second_factor_links import mail_link
from accounts.tests.people import account, course
from accounts.tests.second_factors import (
    DOORS,
    MAIL,
    OWN,
    QR_CODE,
    SET_UP,
    code_of,
    enter,
    half_signed_in,
    is_signed_in,
    reset,
    with_factor,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _required(settings: Settings) -> None:
    settings.KPI_STAFF_SECOND_FACTOR = "REQUIRED"


@pytest.mark.parametrize("door", DOORS)
def test_if_it_is_required_staff_reach_only_the_page_that_sends_a_link(door: str) -> None:
    account("Ada", is_staff=True, is_superuser=True)
    client = half_signed_in(door)

    assert client.get(door)["Location"] == SET_UP
    assert client.get(SET_UP)["Location"] == MAIL
    assert client.post(SET_UP, {"code": "000000"})["Location"] == MAIL
    assert "Send the link" in client.get(MAIL).content.decode()
    assert client.get(QR_CODE).status_code == 404
    assert {client.get(page).status_code for page in ("/", "/admin/", OWN, "/kpi-dashboard")} == {
        302
    }


def link_to_set_up(email: str = "ada@example.com") -> str:
    """Return the path of the link that the command prints."""
    shown = StringIO()
    call_command("second_factor_link", email, stdout=shown)
    return urlsplit(shown.getvalue().strip()).path


def test_setting_it_up_with_the_link_signs_in_and_shows_the_recovery_codes() -> None:
    ada = account("Ada", is_staff=True, is_superuser=True)
    client = half_signed_in("/admin/login/")
    client.get(f"{SET_UP}?next=/admin/")
    opened = client.get(link_to_set_up())
    assert opened["Location"] == f"{SET_UP}?next=%2Fadmin%2F"
    assert client.get(opened["Location"]).status_code == 200
    assert client.get(QR_CODE).status_code == 200
    shown = client.post(SET_UP, {"code": code_of(ada), "next": "/admin/"})

    assert len(shown.context["codes"]) == 10
    assert shown.context["onward"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_link_needs_the_password_as_well() -> None:
    ada = account("Ada", is_staff=True)
    client = Client()
    client.get(link_to_set_up())
    assert client.get(SET_UP)["Location"] == "/sign-in"

    # in either order
    client.post("/sign-in", {"username": "ada@example.com", "password": "secret"})
    assert client.post(SET_UP, {"code": code_of(ada)}).status_code == 200
    assert is_signed_in(client)


def test_a_link_is_for_one_account() -> None:
    account("Ada", is_staff=True)
    account("Bo", is_staff=True)
    client = half_signed_in()
    client.get(link_to_set_up("bo@example.com"))

    assert client.get(SET_UP)["Location"] == MAIL


def refuses(path: str) -> bool:
    """Return whether a link opens nothing, and says so."""
    client = half_signed_in()
    answer = client.get(path)
    said = "no longer valid" in answer.content.decode()
    return answer.status_code == 404 and said and client.get(SET_UP).status_code == 302


def test_a_link_that_is_altered_replaced_or_old_opens_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account("Ada", is_staff=True)
    first = link_to_set_up()
    second = link_to_set_up()
    assert refuses(first)
    assert refuses(second[:-1] + ("A" if second[-1] != "A" else "B"))
    assert refuses("/account/second-factor/link/x")
    later = time.time() + 4 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert refuses(second)


def test_a_link_works_once_also_after_a_reset() -> None:
    ada = account("Ada", is_staff=True)
    client, path = half_signed_in(), link_to_set_up()
    client.get(path)
    client.post(SET_UP, {"code": code_of(ada)})
    assert Client().get(path).status_code == 404
    reset("ada@example.com")

    assert refuses(path)


def test_a_secret_that_was_seen_before_the_link_is_worth_nothing(settings: Settings) -> None:
    ada = account("Ada", is_staff=True)
    settings.KPI_STAFF_SECOND_FACTOR = "OPTIONAL"
    stranger = half_signed_in()
    seen = stranger.get(SET_UP).context["secret"]
    settings.KPI_STAFF_SECOND_FACTOR = "REQUIRED"
    client = half_signed_in()
    client.get(link_to_set_up())

    assert client.get(SET_UP).context["secret"] != seen
    assert stranger.get(SET_UP)["Location"] == MAIL
    assert TOTPDevice.objects.filter(user=ada).count() == 1


def test_the_link_comes_by_mail_three_times_an_hour(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    ada = account("Ada", is_staff=True)
    monkeypatch.setattr(current_app, "send_task", lambda task, args, **more: mail_link(*args))
    client = half_signed_in()
    assert "on its way" in client.post(MAIL).content.decode()

    path = urlsplit(re.findall(r"http\S+", mailoutbox[0].body)[0]).path
    assert mailoutbox[0].to == ["ada@example.com"]
    assert client.get(path)["Location"].startswith(SET_UP)
    assert [client.post(MAIL).status_code for _ in range(3)] == [200, 200, 429]
    assert len(mailoutbox) == 3
    mail_link(account("Bo").pk)
    second_factor.set_up(ada, TOTPDevice.objects.get(user=ada), code_of(ada))
    mail_link(ada.pk)
    assert len(mailoutbox) == 3


def test_no_mail_is_offered_to_whoever_needs_none() -> None:
    assert Client().get(MAIL)["Location"] == "/sign-in"
    with_factor(is_staff=True)
    assert half_signed_in().post(MAIL)["Location"] == "/sign-in"


def test_the_command_for_the_link_says_when_there_is_none_to_give() -> None:
    with_factor(is_staff=True)
    with pytest.raises(CommandError, match="reset it first"):
        link_to_set_up()
    with pytest.raises(CommandError, match="no account"):
        link_to_set_up("nobody@example.com")


def test_a_session_from_before_it_was_required_has_to_set_it_up(client: Client) -> None:
    client.force_login(account("Ada", is_staff=True))

    assert client.get("/kpi-dashboard").status_code == 302


def test_managers_need_none_even_if_staff_do(client: Client) -> None:
    client.force_login(account("Ada", grants=(course(),)))

    assert client.get("/kpi-dashboard").status_code == 200


def test_where_it_is_required_it_cannot_be_turned_off() -> None:
    ada, codes = with_factor(is_staff=True)
    client = half_signed_in()
    enter(client, codes[0])
    client.post(OWN, {"code": codes[1], "turn-off": "yes"})

    assert second_factor.is_set_up(User.objects.get(pk=ada.pk))


def test_api_keys_need_none(client: Client) -> None:
    _, secret = create_api_key("bi", ["kpis:read"])
    headers = {"Authorization": f"Bearer {secret}"}

    assert client.get("/api/kpi/engagement/depth", headers=headers).status_code == 200
