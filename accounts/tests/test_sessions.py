from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from accounts.models import Session, User
from accounts.tests.people import account

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that moves only when the test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, **how_long: float) -> None:
        self.now += timedelta(**how_long).total_seconds()


@pytest.fixture
def clock() -> Any:
    clock = Clock()
    with mock.patch("time.time", clock):
        yield clock


def signed_in(*, is_staff: bool = False) -> Client:
    client = Client()
    client.force_login(account("Ada", is_staff=is_staff))
    return client


def is_signed_in(client: Client, **headers: str) -> bool:
    return bool(client.get("/account/password", headers=headers).status_code == 200)


@pytest.mark.parametrize(("is_staff", "hours"), [(False, 72), (True, 8)])
def test_a_session_ends_after_inactivity(clock: Clock, is_staff: bool, hours: int) -> None:
    ada = signed_in(is_staff=is_staff)
    clock.advance(hours=hours, seconds=-1)
    assert is_signed_in(ada)
    clock.advance(hours=hours, seconds=1)

    assert not is_signed_in(ada)
    assert not Session.objects.exists()


@pytest.mark.parametrize(("is_staff", "days"), [(False, 14), (True, 3)])
def test_a_session_ends_some_days_after_the_sign_in(
    clock: Clock, is_staff: bool, days: int
) -> None:
    ada = signed_in(is_staff=is_staff)
    for _ in range(days * 4):
        assert is_signed_in(ada)
        clock.advance(hours=6)
    clock.advance(seconds=1)

    assert not is_signed_in(ada)


def test_a_page_refreshed_by_a_script_is_no_activity(clock: Clock) -> None:
    ada = signed_in(is_staff=True)
    for _ in range(9):
        clock.advance(hours=1)
        is_signed_in(ada, **{"Live-Read": "1"})

    assert not is_signed_in(ada)


def test_activity_in_one_session_does_not_extend_another(clock: Clock) -> None:
    ada = signed_in(is_staff=True)
    thief = Client()
    thief.force_login(User.objects.get())
    clock.advance(hours=7)
    is_signed_in(ada)
    clock.advance(hours=2)
    is_signed_in(ada)
    thief.cookies["active"] = ada.cookies["active"].value

    assert not is_signed_in(thief)


def test_a_changed_password_keeps_the_session_going(clock: Clock) -> None:
    ada = signed_in()
    clock.advance(hours=71)
    new = "a-longer-walk-home"
    ada.post(
        "/account/password",
        {"old_password": "secret", "new_password1": new, "new_password2": new},
    )
    clock.advance(hours=71)

    assert is_signed_in(ada)


def test_reading_a_page_writes_no_session(clock: Clock) -> None:
    ada = signed_in()
    clock.advance(hours=1)
    with mock.patch("django.contrib.sessions.backends.db.SessionStore.save") as saved:
        assert is_signed_in(ada)

    assert not saved.called
