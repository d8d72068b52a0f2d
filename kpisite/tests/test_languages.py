from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from accounts.api_keys import create_api_key
from accounts.languages import account_at, in_language_of
from accounts.models import User
from accounts.sign_in import password_links
from accounts.tests.people import account, course

pytestmark = pytest.mark.django_db

GERMAN: Any = {"HTTP_ACCEPT_LANGUAGE": "de-CH,de;q=0.9"}


def language_of(client: Client, path: str = "/sign-in", **headers: Any) -> str:
    page = client.get(path, **headers)
    language = page.headers["Content-Language"]
    assert f'<html lang="{language}"' in page.text
    return str(language)


def choose(client: Client, language: str, page: str = "/sign-in") -> str:
    answer = client.post("/language", {"language": language, "next": page})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_a_page_is_in_the_browser_s_language(client: Client) -> None:
    assert language_of(client) == "en"
    assert language_of(client, **GERMAN) == "de"


def test_a_browser_in_an_unsupported_language_gets_the_language_of_the_site(
    client: Client, settings: Settings
) -> None:
    settings.LANGUAGE_CODE = "de"

    assert language_of(client, HTTP_ACCEPT_LANGUAGE="fr") == "de"


def test_choosing_a_language_returns_to_the_page_in_that_language(client: Client) -> None:
    back = choose(client, "de", "/sign-in?next=/alerts")

    assert back == "/sign-in?next=/alerts"
    assert language_of(client, HTTP_ACCEPT_LANGUAGE="en") == "de"


def test_choosing_a_language_never_redirects_to_another_site(client: Client) -> None:
    assert choose(client, "de", "https://example.org/") == "/"


@pytest.mark.parametrize("path", ["/sign-in", "/s/unknown", "/account/forgotten", "/nowhere"])
def test_every_page_offers_the_other_languages(client: Client, path: str) -> None:
    page = client.get(path).text

    assert 'action="/language"' in page
    assert '<button type="submit" name="language" value="de" lang="de">Deutsch</button>' in page


def test_the_choice_is_stored_with_the_account_for_other_browsers(client: Client) -> None:
    ada = account("Ada", grants=(course(),))
    client.force_login(ada)
    choose(client, "de", "/kpi-dashboard")

    other = Client()
    other.force_login(ada)

    assert language_of(other, "/kpi-dashboard", HTTP_ACCEPT_LANGUAGE="en") == "de"


def test_an_unsupported_language_is_not_stored(client: Client) -> None:
    ada = account("Ada", grants=(course(),))
    client.force_login(ada)
    choose(client, "fr", "/kpi-dashboard")

    assert User.objects.get().language == ""
    assert language_of(client, "/kpi-dashboard") == "en"


def test_the_admin_is_in_the_language_of_the_account(client: Client) -> None:
    ada = account("Ada", is_staff=True, is_superuser=True)
    User.objects.filter(pk=ada.pk).update(language="de")
    client.force_login(ada)

    page = client.get("/admin/")

    assert 'lang="de"' in page.text
    assert "Abmelden" in page.text
    assert 'name="language" value="en"' in page.text


def test_the_api_is_in_english_whatever_the_browser_requests(client: Client) -> None:
    response = client.get("/api/kpi", **GERMAN)

    # the framework's own sentence, which has a German translation
    assert "credentials were not provided" in response.text


def test_the_api_is_in_english_whatever_the_account_has_chosen(client: Client) -> None:
    ada = account("Ada", grants=(course(),))
    User.objects.filter(pk=ada.pk).update(language="de")
    client.force_login(ada)

    assert '"Method \\"POST\\" not allowed."' in client.post("/api/kpi").text


def test_the_api_s_answers_do_not_vary_by_language() -> None:
    _, secret = create_api_key("BI", ["kpis:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    first = client.get("/api/kpi", **GERMAN)

    again = client.get("/api/kpi", HTTP_IF_NONE_MATCH=first.headers["ETag"])

    assert "Accept-Language" not in first.headers["Vary"]
    assert again.status_code == 304


def test_a_cached_page_is_not_confirmed_in_another_language(client: Client) -> None:
    english = client.get("/sign-in")
    same = english.headers.get("ETag", '"none"')

    german = client.get("/sign-in", HTTP_IF_NONE_MATCH=same, **GERMAN)

    assert german.status_code == 200
    assert {"Accept-Language", "Cookie"} <= set(german.headers["Vary"].split(", "))


def test_the_language_ends_with_the_request(client: Client) -> None:
    client.get("/sign-in", **GERMAN)

    assert translation.get_language() == "en"


def test_e_mails_are_in_the_language_of_the_account_or_the_site(settings: Settings) -> None:
    settings.LANGUAGE_CODE = "de"
    ada = User(email="ada@example.com", language="en")

    with in_language_of(ada):
        assert translation.get_language() == "en"
    with in_language_of(User(email="bo@example.com")):
        assert translation.get_language() == "de"
    with in_language_of(None):
        assert translation.get_language() == "de"


def test_an_account_is_found_by_its_e_mail_address() -> None:
    ada = account("Ada")

    assert account_at("ADA@example.com ") == ada
    assert account_at("nobody@example.com") is None


def test_the_e_mail_about_a_password_is_in_the_language_of_the_account() -> None:
    ada = account("Ada")
    User.objects.filter(pk=ada.pk).update(language="de")

    password_links.mail_link("ada@example.com")

    assert '<html lang="de">' in mail.outbox[0].message().as_string()
