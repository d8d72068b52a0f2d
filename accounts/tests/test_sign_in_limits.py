from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.db.models import F
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from accounts.sign_in_limits import PasswordBackend, address_of
from accounts.tests.people import account

pytestmark = pytest.mark.django_db

DOORS = ("/sign-in", "/admin/login/")
HOME, OFFICE, EVIL = "203.0.113.5", "198.51.100.7", "192.0.2.66"


def tries(
    password: str,
    *,
    at: str = "/sign-in",
    whose: str = "ada@example.com",
    place: str = HOME,
    client: Client | None = None,
) -> Any:
    data = {"username": whose, "password": password}
    return (client or Client()).post(at, data, REMOTE_ADDR=place)


def guesses(times: int, **more: Any) -> None:
    for _ in range(times):
        tries("guess", **more)


def gets_in(**more: Any) -> bool:
    return bool(tries("secret", **more).status_code == 302)


def wait(minutes: int) -> None:
    """Let the time go by, for the rows that count."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))


@pytest.mark.parametrize("door", DOORS)
def test_after_ten_wrong_passwords_the_right_one_does_not_sign_in(door: str) -> None:
    account("Ada", is_staff=True)
    guesses(10, at=door)

    assert not gets_in(at=door)
    assert not gets_in(at=DOORS[0])
    assert not gets_in(at=DOORS[1])


@pytest.mark.parametrize("door", DOORS)
def test_nine_wrong_passwords_are_forgiven_by_the_right_one(door: str) -> None:
    account("Ada", is_staff=True)
    guesses(9, at=door)
    assert gets_in(at=door)
    guesses(9, at=door)

    assert gets_in(at=door)


def test_other_letters_of_the_address_are_the_same_account() -> None:
    account("Ada")
    guesses(5)
    guesses(5, whose=" ADA@example.com")

    assert not gets_in()


def test_no_password_is_hashed_for_who_tried_too_often() -> None:
    account("Ada")
    guesses(10)
    with mock.patch.object(hashers, "check_password") as looked_at:
        tries("secret")

    assert not looked_at.called


def test_the_sentence_is_the_same_for_a_wrong_password_and_for_too_many() -> None:
    account("Ada")
    first = tries("guess").context["form"].errors
    guesses(10)
    refused = tries("secret")
    guesses(11, whose="nobody@example.com")
    nobody = tries("secret", whose="nobody@example.com")

    assert refused.context["form"].errors == first
    assert nobody.context["form"].errors == first
    assert (refused.status_code, nobody.status_code) == (429, 429)
    assert refused["Retry-After"] == "900"


def test_who_goes_on_trying_does_not_keep_the_door_shut() -> None:
    account("Ada")
    guesses(10)
    wait(minutes=14)
    guesses(5)
    wait(minutes=2)

    assert gets_in()


def test_one_evil_address_does_not_lock_the_owner_out() -> None:
    account("Ada")
    guesses(40, place=EVIL)

    assert not gets_in(place=EVIL)
    assert gets_in(place=HOME)


def test_many_addresses_together_get_25_tries_at_an_account() -> None:
    account("Ada")
    for number in range(25):
        guesses(1, place=f"192.0.2.{number}")

    assert not gets_in(place=HOME)


def test_a_device_that_the_owner_has_used_gets_in_whatever_others_try() -> None:
    account("Ada")
    laptop = Client()
    assert gets_in(client=laptop)
    laptop.post("/sign-out")
    for number in range(25):
        guesses(1, place=f"192.0.2.{number}")
    guesses(60, place=HOME)

    assert not gets_in()
    assert gets_in(client=laptop)


def test_a_known_device_has_ten_tries_of_its_own() -> None:
    account("Ada")
    laptop = Client()
    gets_in(client=laptop)
    laptop.post("/sign-out")
    for _ in range(10):
        tries("guess", client=laptop)

    assert not gets_in(client=laptop)


def test_a_device_is_known_for_its_own_account_only() -> None:
    account("Ada")
    account("Bo")
    phone = Client()
    gets_in(client=phone, whose="bo@example.com")
    phone.post("/sign-out")
    for _ in range(10):
        tries("guess", client=phone)

    assert not gets_in(client=phone)


def test_a_forged_device_is_a_stranger_s() -> None:
    account("Ada")
    guesses(10)
    phone = Client()
    phone.cookies["known-device"] = "ada@example.com:forged"

    assert not gets_in(client=phone)


def test_one_address_has_thirty_tries_at_all_accounts() -> None:
    account("Ada")
    for number in range(30):
        guesses(1, whose=f"number{number}@example.com")

    assert not gets_in(place=HOME)
    assert gets_in(place=OFFICE)


def test_signing_in_oneself_does_not_buy_more_tries_at_others() -> None:
    account("Ada")
    account("Bo")
    guesses(10)
    gets_in(whose="bo@example.com")

    assert not gets_in()


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "found"),
    [
        (False, "203.0.113.5", "127.0.0.1"),
        (True, "203.0.113.5", "203.0.113.5"),
        (True, "10.6.6.6, 203.0.113.5", "203.0.113.5"),
        (True, "unknown", "127.0.0.1"),
        (True, "", "127.0.0.1"),
        (True, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (True, "::ffff:203.0.113.5", "203.0.113.5"),
    ],
)
def test_a_visitor_s_address_is_what_our_own_proxy_wrote(
    settings: Settings, rf: RequestFactory, behind_proxy: bool, forwarded: str, found: str
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = rf.post("/sign-in", HTTP_X_FORWARDED_FOR=forwarded)

    assert address_of(request) == found


def test_it_holds_while_the_cache_is_away(settings: Settings) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:9/1"}}
    account("Ada")
    guesses(10)

    assert not gets_in()
    assert gets_in(place=OFFICE)


def test_no_row_and_no_line_has_an_address_or_a_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    account("Ada")
    with caplog.at_level(logging.INFO):
        guesses(11)
    kept = str(list(AccessAttempt.objects.values()))

    assert not any(word in kept + caplog.text for word in ("ada@", "example.com", "guess"))


def test_a_failed_sign_in_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    account("Ada")
    with caplog.at_level(logging.INFO):
        guesses(2)
    lines = [
        one.getMessage() for one in caplog.records if one.name.startswith(("accounts", "axes"))
    ]

    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[0].startswith("Sign-in failed at /sign-in: account ")


def test_old_counts_are_deleted() -> None:
    guesses(1, whose="bo@example.com")
    wait(minutes=16)
    guesses(1, whose="cleo@example.com")

    assert AccessAttempt.objects.count() == 1


def test_a_flood_of_sign_ins_leaves_threads_for_pages() -> None:
    account("Ada")
    taken = 0
    while PasswordBackend.room.acquire(blocking=False):
        taken += 1
    try:
        refused = tries("secret")
    finally:
        for _ in range(taken):
            PasswordBackend.room.release()

    assert taken == 4
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert "Try again in a few seconds" in refused.content.decode()
    assert not AccessAttempt.objects.exists()
    assert gets_in()
