"""Referral links: what is remembered, for whom, and where they lead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.tests.people import account, learner
from business.models import Referral, ReferralCode, RememberedCode
from business.referral_codes import code_of
from business.tests.shop import enrolled, school
from business.views import with_code
from curriculum.models import Learner

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> str:
    """Ada's code."""
    return code_of(learner("Ada")).code


def cleo() -> User:
    """Cleo, a learner with an account."""
    user = account("Cleo")
    Learner.objects.create(key="cleo", user=user)
    return user


def remembered() -> list[tuple[str, str]]:
    return list(RememberedCode.objects.values_list("learner__key", "code"))


def test_a_link_redirects_to_the_sign_up_page(ada: str, settings: Settings) -> None:
    settings.KPI_SIGN_UP_URL = "https://learn.example.org/join?from=kpi"
    answer = Client().get(f"/r/{ada.lower()}")

    assert answer.status_code == 302
    assert answer["Location"] == f"https://learn.example.org/join?from=kpi&referral_code={ada}"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://a.example/join", "https://a.example/join?referral_code=K7MQ3XRT"),
        ("https://a.example/join#top", "https://a.example/join?referral_code=K7MQ3XRT#top"),
        ("https://a.example/join?ref=", "https://a.example/join?ref=K7MQ3XRT"),
        ("https://a.example/by/", "https://a.example/by/K7MQ3XRT"),
    ],
)
def test_the_code_is_added_to_the_address(address: str, found: str) -> None:
    assert with_code(address, "K7MQ3XRT") == found


def test_without_a_sign_up_page_a_page_explains_that_the_code_is_remembered(ada: str) -> None:
    answer = Client().get(f"/r/{ada}")

    assert answer.status_code == 200
    assert f"We will remember its code, <strong>{ada}</strong>" in answer.content.decode()


def test_the_browser_remembers_the_code_for_90_days(ada: str) -> None:
    cookie = Client().get(f"/r/{ada}").cookies["referral"]

    assert cookie["max-age"] == 90 * 24 * 3600
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert remembered() == []


def test_an_unknown_code_is_not_remembered() -> None:
    client = Client()
    client.force_login(cleo())
    answer = client.get("/r/NOBODYS")

    assert answer.status_code == 404
    assert "Unknown referral code" in answer.content.decode()
    assert "referral" not in answer.cookies
    assert remembered() == []


def test_the_code_is_remembered_once_for_a_signed_in_learner(ada: str) -> None:
    client = Client()
    client.force_login(cleo())
    for _ in range(2):
        client.get(f"/r/{ada}")

    assert remembered() == [("cleo", ada)]


def test_signing_in_stores_the_browsers_code_for_the_learner(ada: str) -> None:
    cleo()
    client = Client()
    client.get(f"/r/{ada}")
    client.post("/sign-in", {"username": "cleo@example.com", "password": "secret"})

    assert remembered() == [("cleo", ada)]


def test_a_forged_cookie_is_ignored(ada: str) -> None:
    cleo()
    client = Client()
    client.cookies["referral"] = f"{ada}:forged"
    client.post("/sign-in", {"username": "cleo@example.com", "password": "secret"})

    assert remembered() == []


def test_no_code_is_remembered_for_staff(ada: str) -> None:
    client = Client()
    client.force_login(account("Dan", is_staff=True))
    client.get(f"/r/{ada}")

    assert remembered() == []


def test_from_a_link_to_a_referral(ada: str) -> None:
    school("py")
    client = Client()
    client.force_login(cleo())
    client.get(f"/r/{ada}")
    RememberedCode.objects.update(remembered_at=timezone.now() - timedelta(days=2))
    enrolled("cleo", at=timezone.now().isoformat())

    assert Referral.objects.get().enrollment is not None


def test_learners_see_their_own_link() -> None:
    client = Client()
    client.force_login(cleo())
    page = client.get("/r").content.decode()
    code = ReferralCode.objects.get().code

    assert f"http://testserver/r/{code}" in page


def test_accounts_that_are_no_learners_have_no_link() -> None:
    client = Client()
    client.force_login(account("Dan"))

    assert "This account does not belong to a learner" in client.get("/r").content.decode()
    assert not ReferralCode.objects.exists()


def test_a_link_does_not_accept_posts(ada: str) -> None:
    assert Client().post(f"/r/{ada}").status_code == 405
