from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.reader import Reader
from accounts.sign_in.vouched_addresses import is_same
from accounts.tests.identity_provider import (
    BEGIN,
    FOREIGN_KEY,
    IdentityProvider,
    reissued,
    running_provider,
    unsigned,
)
from accounts.tests.people import account, course

pytestmark = [
    pytest.mark.django_db,
    # of the provider's own code
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]

ADA = {"email": "ada@example.com", "email_verified": True, "name": "Ada"}


@pytest.fixture
def provider(settings: Settings) -> Iterator[IdentityProvider]:
    with running_provider() as one:
        settings.KPI_OIDC_ISSUER, settings.KPI_OIDC_CLIENT_ID = one.url, "kpi"
        settings.KPI_OIDC_CLIENT_SECRET = "a client secret"
        one.knows("ada-1", **ADA)
        yield one


def is_signed_in(client: Client) -> bool:
    return client.get("/account/password").status_code == 200


def reason(response: Any) -> str:
    assert response.status_code in (403, 503)
    return str(response.context["reason"])


def test_the_account_with_the_verified_address_is_signed_in(
    client: Client, provider: IdentityProvider
) -> None:
    account("Ada", grants=(course(),))
    response = provider.sign_in(client, "ada-1", query="?next=/alerts")

    assert response["Location"] == "/alerts"
    assert is_signed_in(client)


def test_the_way_there_has_state_nonce_and_pkce(client: Client, provider: IdentityProvider) -> None:
    query = parse_qs(urlsplit(client.get(BEGIN)["Location"]).query)

    assert {"state", "nonce", "code_challenge"} <= query.keys()
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]


def test_it_never_leads_to_another_site(client: Client, provider: IdentityProvider) -> None:
    account("Ada")
    response = provider.sign_in(client, "ada-1", query="?next=https://evil.example/")

    assert response["Location"] == "/"


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}])
def test_an_address_that_is_not_verified_signs_nobody_in(
    client: Client, provider: IdentityProvider, claims: dict[str, Any]
) -> None:
    account("Ada")
    provider.knows("eve-1", **ADA | claims)

    assert "has not verified your e-mail address" in reason(provider.sign_in(client, "eve-1"))
    assert not is_signed_in(client)


def test_a_closed_account_is_not_signed_in(client: Client, provider: IdentityProvider) -> None:
    account("Ada", is_active=False)

    assert reason(provider.sign_in(client, "ada-1")).startswith("This account is closed.")
    assert not is_signed_in(client)


def test_somebody_without_an_account_gets_none(client: Client, provider: IdentityProvider) -> None:
    assert reason(provider.sign_in(client, "ada-1")).startswith("ada@example.com has no account")
    assert not User.objects.exists()


def test_by_a_setting_they_become_a_manager_without_grants(
    client: Client, provider: IdentityProvider, settings: Settings
) -> None:
    settings.KPI_OIDC_ACCOUNTS = "MANAGERS"
    course()
    provider.sign_in(client, "ada-1")
    ada = User.objects.get()

    assert (ada.email, ada.name, ada.is_staff) == ("ada@example.com", "Ada", False)
    assert not ada.has_usable_password()
    assert not Reader.of(ada).reads_kpis
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("iris@example.com", "Iris@Example.com", True),
        ("é@example.com", "É@example.com", True),
        # the same in upper case, with a dotless i, a long s and the sign of kelvin
        ("iris@example.com", "ırıs@example.com", False),
        ("iris@example.com", "iriſ@example.com", False),
        ("kim@example.com", "\u212aim@example.com", False),
    ],
)
def test_an_address_that_only_looks_the_same_is_another(
    address: str, other: str, *, same: bool
) -> None:
    assert is_same(address, other) is same


def test_a_person_whose_address_changes_keeps_the_account(
    client: Client, provider: IdentityProvider
) -> None:
    ada = account("Ada")
    provider.sign_in(client, "ada-1")
    provider.knows("ada-1", **ADA | {"email": "lovelace@example.com"})
    provider.sign_in(client, "ada-1")

    assert client.session["_auth_user_id"] == str(ada.pk)


def test_the_same_subject_at_another_provider_is_somebody_else(
    client: Client, provider: IdentityProvider, settings: Settings
) -> None:
    ada = account("Ada")
    provider.sign_in(Client(), "ada-1")
    with running_provider() as other:
        settings.KPI_OIDC_ISSUER = other.url
        other.knows("ada-1", **ADA | {"email": "eve@example.com"})
        assert "has no account here" in reason(other.sign_in(client, "ada-1"))
        assert not is_signed_in(client)
        # her address is verified there, too
        other.knows("7", **ADA)
        other.sign_in(client, "7")

    assert client.session["_auth_user_id"] == str(ada.pk)


def test_whoever_gets_the_address_later_does_not_get_the_account(
    client: Client, provider: IdentityProvider
) -> None:
    account("Ada")
    provider.sign_in(client, "ada-1")
    provider.knows("eve-1", **ADA)

    assert "belongs to somebody else" in reason(provider.sign_in(Client(), "eve-1"))


@pytest.mark.parametrize("tamper", [reissued, unsigned], ids=["another key", "no signature"])
def test_a_token_that_the_provider_did_not_sign_is_rejected(
    client: Client, provider: IdentityProvider, tamper: Callable[[str], str]
) -> None:
    account("Ada")
    provider.tamper = tamper

    assert "answer is not valid" in reason(provider.sign_in(client, "ada-1"))
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"exp": 1_000_000_000},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_signed_token_for_another_purpose_is_rejected(
    client: Client,
    provider: IdentityProvider,
    claims: dict[str, Any],
) -> None:
    account("Ada")
    provider.publishes = [FOREIGN_KEY]
    provider.tamper = lambda token: reissued(token, **claims)

    assert "answer is not valid" in reason(provider.sign_in(client, "ada-1"))
    assert not is_signed_in(client)


@pytest.mark.parametrize("answer", [{"state": "forged"}, {"code": "forged"}])
def test_a_forged_way_back_is_rejected(
    client: Client, provider: IdentityProvider, answer: dict[str, str]
) -> None:
    account("Ada")

    assert "could not be completed" in reason(provider.sign_in(client, "ada-1", **answer))
    assert not is_signed_in(client)


def test_another_browser_cannot_finish_the_sign_in(provider: IdentityProvider) -> None:
    account("Ada")
    back = provider.sign_in(Client(), "ada-1")

    assert "could not be completed" in reason(Client().get(back.wsgi_request.get_full_path()))


def test_the_way_back_works_once(client: Client, provider: IdentityProvider) -> None:
    account("Ada")
    url = provider.sign_in(client, "ada-1").wsgi_request.get_full_path()

    assert "could not be completed" in reason(client.get(url))


def test_whoever_cancels_there_reads_so_here(client: Client, provider: IdentityProvider) -> None:
    response = provider.sign_in(client, "ada-1", form={"action": "deny"})

    assert reason(response) == "You canceled the sign-in."


def test_a_provider_that_rotated_its_key_still_signs_in(client: Client, settings: Settings) -> None:
    account("Ada")
    settings.KPI_OIDC_CLIENT_ID, settings.KPI_OIDC_CLIENT_SECRET = "kpi", "a client secret"
    port = 0
    for _ in range(2):
        with running_provider(port) as provider:
            settings.KPI_OIDC_ISSUER = provider.url
            port = urlsplit(provider.url).port or 0
            provider.knows("ada-1", **ADA)
            provider.sign_in(client, "ada-1")

            assert is_signed_in(client)
            client.post("/sign-out")


def test_a_provider_that_is_away_is_a_plain_sentence(client: Client, settings: Settings) -> None:
    settings.KPI_OIDC_CLIENT_ID = "kpi"
    settings.KPI_OIDC_NAME = "Academy login"
    with running_provider() as provider:
        settings.KPI_OIDC_ISSUER = provider.url
    logging.disable(logging.CRITICAL)
    response = client.get(BEGIN)
    logging.disable(logging.NOTSET)

    assert response.status_code == 503
    assert (
        reason(response) == "Academy login is not available right now. Try again in a few minutes."
    )


def test_another_issuer_behind_the_address_is_rejected(
    client: Client, provider: IdentityProvider, settings: Settings
) -> None:
    settings.KPI_OIDC_ISSUER = provider.url.replace("localhost", "127.0.0.1")
    provider.issuer = provider.url

    assert "could not be completed" in reason(client.get(BEGIN))


def test_the_test_provider_is_believed_where_nothing_is_wrong(
    client: Client, provider: IdentityProvider
) -> None:
    account("Ada")
    provider.publishes = [FOREIGN_KEY]
    provider.tamper = reissued
    provider.sign_in(client, "ada-1")

    assert is_signed_in(client)


GROUPS = {"kpi-analysts": ["analyst"], "kpi-ops": ["operator"]}


@pytest.fixture
def mapped(settings: Settings) -> None:
    settings.KPI_OIDC_GROUPS = GROUPS
    for name in ("analyst", "operator", "own"):
        Group.objects.get_or_create(name=name)


def ada_after(provider: IdentityProvider, *groups: str) -> User:
    provider.knows("ada-1", **ADA, groups=list(groups), is_superuser=True, is_staff=True)
    provider.sign_in(Client(), "ada-1")
    return User.objects.get(email="ada@example.com")


def groups_of(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def test_without_the_setting_no_claim_gives_rights(provider: IdentityProvider) -> None:
    Group.objects.get_or_create(name="analyst")
    account("Ada")
    ada = ada_after(provider, "kpi-analysts", "analyst", "staff", "superuser")

    assert (ada.is_staff, ada.is_superuser, groups_of(ada)) == (False, False, [])


@pytest.mark.usefixtures("mapped")
def test_a_mapped_claim_gives_the_group_and_never_more(provider: IdentityProvider) -> None:
    account("Ada")
    ada = ada_after(provider, "kpi-analysts", "own")

    assert (ada.is_staff, ada.is_superuser, groups_of(ada)) == (True, False, ["analyst"])


@pytest.mark.usefixtures("mapped")
def test_a_claim_that_ends_takes_its_group_away(provider: IdentityProvider) -> None:
    account("Ada")
    ada_after(provider, "kpi-analysts")
    ada = ada_after(provider)

    assert (ada.is_staff, groups_of(ada)) == (False, [])


@pytest.mark.usefixtures("mapped")
def test_a_group_that_staff_gave_stays(provider: IdentityProvider) -> None:
    account("Ada", is_staff=True).groups.add(Group.objects.get(name="own"))
    ada_after(provider, "kpi-ops")
    ada = ada_after(provider)

    assert (ada.is_staff, groups_of(ada)) == (True, ["own"])


def test_signing_out_offers_to_sign_out_there(client: Client, provider: IdentityProvider) -> None:
    account("Ada")
    provider.sign_in(client, "ada-1")
    page = client.post("/sign-out", follow=True)

    assert not is_signed_in(client)
    assert f"{provider.url}/oauth2/end_session?id_token_hint=" in page.content.decode()


def test_staff_still_need_their_own_second_factor(
    client: Client, provider: IdentityProvider, settings: Settings
) -> None:
    settings.KPI_STAFF_SECOND_FACTOR = "REQUIRED"
    account("Ada", is_staff=True)
    provider.sign_in(client, "ada-1")

    assert not is_signed_in(client)


def test_unless_the_provider_asks_for_one(
    client: Client, provider: IdentityProvider, settings: Settings
) -> None:
    settings.KPI_STAFF_SECOND_FACTOR = "REQUIRED"
    settings.KPI_OIDC_SECOND_FACTOR = True
    account("Ada", is_staff=True)
    provider.sign_in(client, "ada-1")

    assert is_signed_in(client)


def test_an_address_in_the_user_info_alone_is_found(
    client: Client, provider: IdentityProvider
) -> None:
    account("Ada")
    provider.publishes = [FOREIGN_KEY]
    provider.leaves_out = ("email", "email_verified")
    provider.tamper = reissued
    provider.sign_in(client, "ada-1")

    assert is_signed_in(client)


def test_it_is_off_without_an_issuer(client: Client) -> None:
    assert client.get(BEGIN).status_code == 404
    assert "single-sign-on" not in client.get("/sign-in").content.decode()


@pytest.mark.parametrize("door", ["/sign-in", "/admin/login/"])
def test_both_doors_show_the_button(
    client: Client, provider: IdentityProvider, settings: Settings, door: str
) -> None:
    settings.KPI_OIDC_NAME = "Academy login"

    assert "Sign in with Academy login" in client.get(f"{door}?next=/admin/").content.decode()
