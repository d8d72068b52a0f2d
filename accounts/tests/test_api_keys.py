from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.api_authentication import ApiKeyAuthentication
from accounts.api_keys import create_api_key, digest_of
from accounts.management.commands.create_api_key import expiry
from accounts.models import ApiKey
from accounts.tests.people import course, moment

pytestmark = pytest.mark.django_db
Scope = ApiKey.Scope


def authenticate(secret: str, word: str = "Bearer") -> ApiKey | None:
    """Return the authenticated key; None without a bearer token."""
    raw = RequestFactory().get("/", headers={"Authorization": f"{word} {secret}"})
    found = ApiKeyAuthentication().authenticate(Request(raw))
    return found[0] if found else None


def test_only_a_digest_of_the_secret_is_stored() -> None:
    key, secret = create_api_key("lms", [Scope.KPIS_READ])
    stored = ApiKey.objects.filter(pk=key.pk).values().get()

    assert stored["digest"] == digest_of(secret)
    assert secret not in str(stored)


def test_an_unknown_scope_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match=r"Unknown scope kpis:burn\. Allowed: events:write"):
        create_api_key("lms", ["kpis:burn"])


def test_a_key_authenticates_with_its_secret() -> None:
    key, secret = create_api_key("lms", [Scope.KPIS_READ])

    assert authenticate(secret) == key
    assert authenticate(secret, "bearer") == key


def test_a_wrong_secret_is_rejected() -> None:
    create_api_key("lms", [Scope.KPIS_READ])

    with pytest.raises(AuthenticationFailed):
        authenticate("guessed")


@pytest.mark.parametrize("secret", ["", "ÿþ", "a b c"])
def test_a_malformed_secret_is_rejected(secret: str) -> None:
    with pytest.raises(AuthenticationFailed):
        authenticate(secret)


def test_a_revoked_key_is_rejected() -> None:
    key, secret = create_api_key("lms", [Scope.KPIS_READ])
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())

    with pytest.raises(AuthenticationFailed):
        authenticate(secret)


def test_an_expired_key_is_rejected_with_the_reason(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    ended = moment("2026-11-01T12:00")
    _, secret = create_api_key("lms", [Scope.KPIS_READ], expires_at=ended)
    answer = client.get("/api/kpi", headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 401
    assert answer.json()["detail"] == "This API key expired on 2026-11-01 at 12:00 UTC."
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "API key rejected: lms is not valid" in caplog.text


def test_a_key_that_expires_later_is_accepted() -> None:
    later = timezone.now() + timedelta(minutes=1)
    key, secret = create_api_key("lms", [Scope.KPIS_READ], expires_at=later)

    assert authenticate(secret) == key


def test_a_rejected_key_is_one_warning_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AuthenticationFailed):
        authenticate("guess")

    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "guess" not in caplog.text


@pytest.mark.parametrize(
    ("given", "end"),
    [("2026-12-31", "2027-01-01"), ("2026-11-27", "2026-11-28"), ("30d", "2026-12-28")],
)
def test_a_key_works_through_its_last_day(given: str, end: str) -> None:
    assert expiry(given, date(2026, 11, 27)) == moment(end)


@pytest.mark.parametrize(
    "given", ["soon", "2026-13-01", "2026-11-26", "-1d", "99999d", "9999-12-31"]
)
def test_an_invalid_or_past_expiry_is_an_error(given: str) -> None:
    with pytest.raises(CommandError, match=f"--expires {given} is"):
        expiry(given, date(2026, 11, 27))


def test_the_command_sets_an_expiry() -> None:
    run_command("lms", "--scope", "kpis:read", "--expires", "2099-12-31")

    assert ApiKey.objects.get().expires_at == moment("2100-01-01")


def test_another_authorization_scheme_is_ignored() -> None:
    assert authenticate("YWRhOnNlY3JldA==", "Basic") is None


def run_command(*arguments: str) -> str:
    out = StringIO()
    call_command("create_api_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_only_the_secret() -> None:
    out = run_command("lms", "--scope", "events:write", "--scope", "kpis:read")
    key = ApiKey.objects.get(name="lms")

    assert digest_of(out.removesuffix("\n")) == key.digest
    assert key.scopes == ["events:write", "kpis:read"]
    assert not key.creates_unknown


def test_the_command_limits_a_key_to_courses() -> None:
    run_command("lms", "--scope", "kpis:read", "--course", course("py").key)

    assert [one.key for one in ApiKey.objects.get().courses.all()] == ["py"]


def test_the_command_lets_a_sender_create_unknown_records() -> None:
    run_command("lms", "--scope", "events:write", "--create-unknown")

    assert ApiKey.objects.get().creates_unknown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lms", "--scope", "kpis:read"], "An API key named lms already exists"),
        (["new", "--scope", "kpis:burn"], "Unknown scope kpis:burn"),
        (["new", "--scope", "kpis:read", "--course", "no"], "Unknown course: no"),
        (["n" * 101, "--scope", "kpis:read"], "at most 100 characters"),
        ([" ", "--scope", "kpis:read"], "cannot be blank"),
    ],
)
def test_the_command_rejects_with_an_explanation(arguments: list[str], sentence: str) -> None:
    create_api_key("lms", [Scope.KPIS_READ])

    with pytest.raises(CommandError, match=sentence):
        run_command(*arguments)
    assert ApiKey.objects.count() == 1
