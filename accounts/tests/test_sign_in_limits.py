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

from accounts.sign_in.password_backend import PasswordBackend
from accounts.sign_in.sign_in_limits import address_of
from accounts.tests.people import account

pytestmark = pytest.mark.django_db

SIGN_IN_PAGES = ("/sign-in", "/admin/login/")
HOME, OFFICE, EVIL = "203.0.113.5", "198.51.100.7", "192.0.2.66"


def try_sign_in(
    password: str,
    *,
    at: str = "/sign-in",
    whose: str = "ada@example.com",
    address: str = HOME,
    client: Client | None = None,
) -> Any:
    data = {"username": whose, "password": password}
    return (client or Client()).post(at, data, REMOTE_ADDR=address)


def guess(times: int, **more: Any) -> None:
    for _ in range(times):
        try_sign_in("guess", **more)


def can_sign_in(**more: Any) -> bool:
    return bool(try_sign_in("secret", **more).status_code == 302)


def wait(minutes: int) -> None:
    """Let time pass for the counted tries."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))


@pytest.mark.parametrize("page", SIGN_IN_PAGES)
def test_after_ten_wrong_passwords_the_right_one_does_not_sign_in(page: str) -> None:
    account("Ada", is_staff=True)
    guess(10, at=page)

    assert not can_sign_in(at=page)
    assert not can_sign_in(at=SIGN_IN_PAGES[0])
    assert not can_sign_in(at=SIGN_IN_PAGES[1])


@pytest.mark.parametrize("page", SIGN_IN_PAGES)
def test_the_right_password_resets_nine_wrong_ones(page: str) -> None:
    account("Ada", is_staff=True)
    guess(9, at=page)
    assert can_sign_in(at=page)
    guess(9, at=page)

    assert can_sign_in(at=page)


def test_an_address_in_uppercase_is_the_same_account() -> None:
    account("Ada")
    guess(5)
    guess(5, whose=" ADA@example.com")

    assert not can_sign_in()


def test_no_password_is_hashed_after_too_many_tries() -> None:
    account("Ada")
    guess(10)
    with mock.patch.object(hashers, "check_password") as checked:
        try_sign_in("secret")

    assert not checked.called


def test_the_error_is_the_same_for_a_wrong_password_and_for_too_many() -> None:
    account("Ada")
    first = try_sign_in("guess").context["form"].errors
    guess(10)
    refused = try_sign_in("secret")
    guess(11, whose="nobody@example.com")
    nobody = try_sign_in("secret", whose="nobody@example.com")

    assert refused.context["form"].errors == first
    assert nobody.context["form"].errors == first
    assert (refused.status_code, nobody.status_code) == (429, 429)
    assert refused["Retry-After"] == "900"


def test_further_tries_do_not_extend_the_wait() -> None:
    account("Ada")
    guess(10)
    wait(minutes=14)
    guess(5)
    wait(minutes=2)

    assert can_sign_in()


def test_one_hostile_address_does_not_lock_the_owner_out() -> None:
    account("Ada")
    guess(40, address=EVIL)

    assert not can_sign_in(address=EVIL)
    assert can_sign_in(address=HOME)


def test_many_addresses_together_get_25_tries_at_an_account() -> None:
    account("Ada")
    for number in range(25):
        guess(1, address=f"192.0.2.{number}")

    assert not can_sign_in(address=HOME)


def test_the_owner_s_device_can_sign_in_whatever_others_try() -> None:
    account("Ada")
    laptop = Client()
    assert can_sign_in(client=laptop)
    laptop.post("/sign-out")
    for number in range(25):
        guess(1, address=f"192.0.2.{number}")
    guess(60, address=HOME)

    assert not can_sign_in()
    assert can_sign_in(client=laptop)


def test_a_known_device_has_ten_tries_of_its_own() -> None:
    account("Ada")
    laptop = Client()
    can_sign_in(client=laptop)
    laptop.post("/sign-out")
    for _ in range(10):
        try_sign_in("guess", client=laptop)

    assert not can_sign_in(client=laptop)


def test_a_device_is_known_for_one_account_only() -> None:
    account("Ada")
    account("Bo")
    phone = Client()
    can_sign_in(client=phone, whose="bo@example.com")
    phone.post("/sign-out")
    for _ in range(10):
        try_sign_in("guess", client=phone)

    assert not can_sign_in(client=phone)


def test_a_forged_device_cookie_is_ignored() -> None:
    account("Ada")
    guess(10)
    phone = Client()
    phone.cookies["known-device"] = "ada@example.com:forged"

    assert not can_sign_in(client=phone)


def test_one_address_has_thirty_tries_at_all_accounts() -> None:
    account("Ada")
    for number in range(30):
        guess(1, whose=f"number{number}@example.com")

    assert not can_sign_in(address=HOME)
    assert can_sign_in(address=OFFICE)


def test_signing_in_oneself_does_not_allow_more_tries_at_others() -> None:
    account("Ada")
    account("Bo")
    guess(10)
    can_sign_in(whose="bo@example.com")

    assert not can_sign_in()


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
def test_a_visitor_s_address_is_the_one_that_our_own_proxy_added(
    settings: Settings, rf: RequestFactory, behind_proxy: bool, forwarded: str, found: str
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = rf.post("/sign-in", HTTP_X_FORWARDED_FOR=forwarded)

    assert address_of(request) == found


def test_limits_hold_while_the_cache_is_unreachable(settings: Settings) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:9/1"}}
    account("Ada")
    guess(10)

    assert not can_sign_in()
    assert can_sign_in(address=OFFICE)


def test_no_row_and_no_log_line_contains_an_address_or_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    account("Ada")
    with caplog.at_level(logging.INFO):
        guess(11)
    stored = str(list(AccessAttempt.objects.values()))

    assert not any(word in stored + caplog.text for word in ("ada@", "example.com", "guess"))


def test_a_failed_sign_in_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    account("Ada")
    with caplog.at_level(logging.INFO):
        guess(2)
    lines = [
        one.getMessage() for one in caplog.records if one.name.startswith(("accounts", "axes"))
    ]

    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[0].startswith("Sign-in failed at /sign-in: account ")


def test_old_counts_are_deleted() -> None:
    guess(1, whose="bo@example.com")
    wait(minutes=16)
    guess(1, whose="cleo@example.com")

    assert AccessAttempt.objects.count() == 1


def test_a_flood_of_sign_ins_leaves_threads_for_pages() -> None:
    account("Ada")
    taken = 0
    while PasswordBackend.waiting.acquire(blocking=False):
        taken += 1
    try:
        refused = try_sign_in("secret")
    finally:
        for _ in range(taken):
            PasswordBackend.waiting.release()

    assert taken == 4
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert "Try again in a few seconds" in refused.content.decode()
    assert not AccessAttempt.objects.exists()
    assert can_sign_in()
