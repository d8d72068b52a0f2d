from __future__ import annotations

import pytest
from django.test import Client

from accounts.tests.people import account, course

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, **more: str) -> str:
    """Post the form and return the redirect; "" when the form is shown again."""
    data = {"username": email, "password": "secret", **more}
    return client.post("/sign-in", data).headers.get("Location", "")


def test_an_anonymous_visitor_must_sign_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/sign-in?next=/"


def test_signing_in_ignores_the_case_of_the_address(client: Client) -> None:
    account("Ada")

    assert sign_in(client, "Ada@Example.COM") == "/"


def test_a_wrong_password_shows_an_error(client: Client) -> None:
    account("Ada")
    answer = client.post("/sign-in", {"username": "ada@example.com", "password": "guess"})

    assert "Wrong e-mail address or password" in answer.content.decode()


def test_signing_in_redirects_to_the_requested_page(client: Client) -> None:
    account("Ada")

    assert sign_in(client, "ada@example.com", next="/kpi-dashboard?tab=2") == (
        "/kpi-dashboard?tab=2"
    )


def test_signing_in_never_redirects_to_another_site(client: Client) -> None:
    account("Ada")

    assert sign_in(client, "ada@example.com", next="https://evil.example/") == "/"


def test_a_signed_in_visitor_skips_the_sign_in_page(client: Client) -> None:
    client.force_login(account("Ada"))

    assert client.get("/sign-in?next=/r").headers["Location"] == "/r"
    assert client.get("/sign-in?next=/sign-in").headers["Location"] == "/"


def test_a_closed_account_cannot_sign_in(client: Client) -> None:
    account("Bo", is_active=False)

    assert sign_in(client, "bo@example.com") == ""


@pytest.mark.parametrize("role", ["staff", "manager"])
def test_readers_of_kpis_land_on_the_dashboard(client: Client, role: str) -> None:
    ada = account("Ada", is_staff=True)
    bo = account("Bo", grants=(course(),))
    client.force_login(ada if role == "staff" else bo)

    assert client.get("/").headers["Location"] == "/kpi-dashboard"


def test_a_learner_lands_on_the_own_progress(client: Client) -> None:
    client.force_login(account("Ada"))

    assert client.get("/").headers["Location"] == "/my-progress"


def test_signing_out_ends_the_session(client: Client) -> None:
    client.force_login(account("Ada"))

    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/").headers["Location"] == "/sign-in?next=/"


def test_a_link_cannot_sign_a_visitor_out(client: Client) -> None:
    client.force_login(account("Ada"))

    assert client.get("/sign-out").status_code == 405


def test_who_is_signed_in_is_told_that_the_administration_is_for_staff(client: Client) -> None:
    client.force_login(account("Ada"))
    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403
    assert "The administration is for staff." in answer.content.decode()
