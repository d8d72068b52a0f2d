from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key, digest_of
from accounts.models import ApiKey, ApiKeyUse, FormerSecret
from accounts.tests.admin_pages import page, shown_messages, staff
from accounts.tests.people import course

pytestmark = pytest.mark.django_db
COUNTS = ("TOTAL", "INITIAL")


def add_key(client: Client, **more: object) -> HttpResponse:
    data = {"name": "lms", "scopes": ["events:write", "kpis:read"], **more}
    return client.post("/admin/accounts/apikey/add/", data)  # type: ignore[return-value]


@pytest.mark.usefixtures("ada")
def test_the_secret_of_a_new_key_is_shown_once(client: Client) -> None:
    message = shown_messages(add_key(client))
    key = ApiKey.objects.get()
    secret = message.split(" is ")[1].split()[0]

    assert digest_of(secret) == key.digest
    assert "messages" not in client.cookies
    assert key.scopes == ["events:write", "kpis:read"]
    assert secret in client.get("/admin/accounts/apikey/").content.decode()
    assert secret not in client.get("/admin/accounts/apikey/").content.decode()
    assert secret not in page(client, f"accounts/apikey/{key.pk}/change/")


@pytest.mark.usefixtures("ada")
def test_a_key_is_limited_to_the_chosen_courses(client: Client) -> None:
    add_key(client, is_limited="on", courses=[course("py").pk])
    key = ApiKey.objects.get()

    assert key.is_limited
    assert [one.key for one in key.courses.all()] == ["py"]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("limited", [True, False])
def test_the_limit_and_the_courses_must_agree(client: Client, limited: bool) -> None:
    more: dict[str, object] = {"is_limited": "on"} if limited else {"courses": [course().pk]}
    add_key(client, **more)

    assert not ApiKey.objects.exists()


@pytest.mark.usefixtures("ada")
def test_an_edited_key_keeps_its_name_and_secret(client: Client) -> None:
    key, secret = create_api_key("lms", ["events:write"])
    inlines = [f"{one}-{count}_FORMS" for one in ("former_secrets", "use") for count in COUNTS]
    data = {"name": "other", "scopes": ["kpis:read"], **dict.fromkeys(inlines, "0")}
    client.post(f"/admin/accounts/apikey/{key.pk}/change/", data)
    key.refresh_from_db()

    assert (key.name, key.scopes, key.digest) == ("lms", ["kpis:read"], digest_of(secret))


@pytest.mark.usefixtures("ada")
def test_a_key_is_revoked_from_the_list(client: Client) -> None:
    key, _ = create_api_key("lms", ["events:write"])
    chosen = {"action": "revoke", "_selected_action": key.pk}
    asked = client.post("/admin/accounts/apikey/", chosen).content.decode()
    assert "These keys stop working at once" in asked
    assert ApiKey.objects.get().may("events:write")

    client.post("/admin/accounts/apikey/", chosen | {"confirmed": "yes"})
    assert not ApiKey.objects.get().may("events:write")
    assert "Revoked." in page(client, f"accounts/apikey/{key.pk}/history/")


def rotate(client: Client, key: ApiKey, **data: str) -> HttpResponse:
    path = f"/admin/accounts/apikey/{key.pk}/rotate/"
    return client.post(path, {"confirmed": "yes", **data})  # type: ignore[return-value]


@pytest.mark.usefixtures("ada")
def test_a_key_is_rotated_on_its_page(client: Client) -> None:
    key, old = create_api_key("lms", ["events:write"])
    assert f"/admin/accounts/apikey/{key.pk}/rotate/" in page(
        client, f"accounts/apikey/{key.pk}/change/"
    )
    assert "stops working" in page(client, f"accounts/apikey/{key.pk}/rotate/")
    secret = shown_messages(rotate(client, key, overlap="1")).split(" is ")[1].split()[0]
    former = FormerSecret.objects.get()

    assert digest_of(secret) == ApiKey.objects.get().digest
    assert former.digest == digest_of(old)
    assert former.works_until - former.replaced_at == timedelta(days=1)
    assert "Rotated." in page(client, f"accounts/apikey/{key.pk}/history/")


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("data", [{}, {"overlap": "8"}, {"overlap": "1", "expires_at_0": "soon"}])
def test_an_invalid_rotation_changes_nothing(client: Client, data: dict[str, str]) -> None:
    key, secret = create_api_key("lms", ["events:write"])

    assert "errorlist" in rotate(client, key, **data).content.decode()
    assert ApiKey.objects.get().digest == digest_of(secret)


def test_a_key_that_may_do_more_is_not_rotated(client: Client) -> None:
    staff(client, "view_apikey", "change_apikey")
    key, secret = create_api_key("lms", ["kpis:small-groups"])

    assert rotate(client, key, overlap="1").status_code == 403
    assert client.get(f"/admin/accounts/apikey/{key.pk}/rotate/").status_code == 403
    assert ApiKey.objects.get().digest == digest_of(secret)


@pytest.mark.usefixtures("ada")
def test_the_list_shows_the_requests(client: Client) -> None:
    key, _ = create_api_key("lms", ["events:write"])
    today = timezone.localdate()
    ApiKeyUse.objects.create(key=key, day=today, requests=1_234)
    ApiKeyUse.objects.create(key=key, day=today - timedelta(days=30), requests=1_000_000)
    shown = page(client, "accounts/apikey/")

    assert "1,234" in shown
    assert "1,001,234" in shown


@pytest.mark.usefixtures("ada")
def test_a_key_gets_a_limit_of_its_own(client: Client) -> None:
    add_key(client, requests_per_minute="7")

    assert (ApiKey.objects.get().requests_per_minute, ApiKey.objects.get().batches_per_minute) == (
        7,
        None,
    )


@pytest.mark.usefixtures("ada")
def test_a_key_is_given_an_expiry(client: Client) -> None:
    day = timezone.localdate() + timedelta(days=30)
    add_key(client, expires_at_0=f"{day}", expires_at_1="12:00")

    assert timezone.localtime(ApiKey.objects.get().expires_at).date() == day
    assert "0 days" in page(client, "accounts/apikey/")


@pytest.mark.usefixtures("ada")
def test_a_key_cannot_expire_in_the_past(client: Client) -> None:
    answer = add_key(client, expires_at_0="2026-01-01", expires_at_1="12:00")

    assert "Enter a time in the future. To end a key now, revoke it." in answer.content.decode()
    assert not ApiKey.objects.exists()
