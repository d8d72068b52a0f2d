"""A key gets a new secret while the old one still works."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key, digest_of, rotate_api_key
from accounts.models import ApiKey, FormerSecret
from accounts.tests.people import course

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def rotated(key: ApiKey, *, overlap: timedelta = WEEK, **more: Any) -> str:
    return rotate_api_key(
        key, overlap=overlap, **{"expires_at": None, "now": timezone.now()} | more
    )


def status(client: Client, secret: str) -> tuple[int, str]:
    answer = client.get("/api/courses", headers={"Authorization": f"Bearer {secret}"})
    return answer.status_code, answer.json().get("detail", "") if answer.status_code != 200 else ""


def test_both_secrets_work_during_the_overlap(client: Client) -> None:
    key, old = create_api_key("bi", ["kpis:read"], courses=[course("py")])
    new = rotated(key)

    assert status(client, old) == status(client, new) == (200, "")
    assert old != new


def test_the_old_secret_ends_with_a_sentence(client: Client) -> None:
    key, old = create_api_key("bi", ["kpis:read"])
    new = rotated(key)
    FormerSecret.objects.update(works_until="2026-11-02T12:00Z")

    assert status(client, new)[0] == 200
    code, sentence = status(client, old)
    assert code == 401
    assert sentence.startswith(
        "This API key was replaced and stopped working on 2026-11-02 at 12:0"
    )
    assert sentence.endswith("Use the new one.")


def test_a_key_rotated_twice_has_three_secrets(client: Client) -> None:
    key, first = create_api_key("bi", ["kpis:read"])
    second, third = rotated(key), rotated(key)

    assert {status(client, one)[0] for one in (first, second, third)} == {200}


def test_event_ids_stay_unique_across_a_rotation(client: Client) -> None:
    key, old = create_api_key("lms", ["events:write"], creates_unknown=True)
    new = rotated(key)
    event = {
        "id": "1",
        "kind": "enrollment.started",
        "occurred_at": "2026-03-02T09:00:00Z",
        "learner": "ada",
        "course": "py",
        "run": "r1",
    }
    answers = [
        client.post(
            "/api/events",
            [event],
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        ).json()
        for secret in (old, new)
    ]

    assert (answers[0]["accepted"], answers[1]["duplicate"]) == (1, 1)


def test_revoking_the_key_ends_every_secret(client: Client) -> None:
    key, old = create_api_key("bi", ["kpis:read"])
    new = rotated(key)
    ApiKey.objects.update(revoked_at="2026-11-02T12:00Z")
    sentence = "This API key was revoked on 2026-11-02 at 12:00 UTC."

    assert status(client, old) == status(client, new) == (401, sentence)


def test_taking_a_scope_takes_it_from_the_old_secret_too(client: Client) -> None:
    key, old = create_api_key("bi", ["kpis:read"])
    rotated(key)
    ApiKey.objects.update(scopes=["events:write"])

    assert status(client, old)[0] == 403


def test_the_old_secret_works_no_longer_than_it_would_have(client: Client) -> None:
    soon = timezone.now() + timedelta(hours=1)
    key, _ = create_api_key("bi", ["kpis:read"], expires_at=soon)
    rotated(key, expires_at=soon + WEEK)

    assert FormerSecret.objects.get().works_until == soon


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"revoked_at": "2026-11-02T12:00Z"}, "The key was revoked. Create a new one."),
        ({"expires_at": "2026-11-02T12:00Z"}, "Choose a later expiry"),
    ],
)
def test_a_key_that_has_ended_is_not_rotated(fields: dict[str, str], sentence: str) -> None:
    _, secret = create_api_key("bi", ["kpis:read"])
    ApiKey.objects.update(**fields)

    with pytest.raises(CommandError, match=sentence):
        call_command("rotate_api_key", "bi")
    assert ApiKey.objects.get().digest == digest_of(secret)
    assert not FormerSecret.objects.exists()


def test_the_command_prints_only_the_new_secret(client: Client) -> None:
    _, old = create_api_key("bi", ["kpis:read"])
    out = StringIO()
    call_command("rotate_api_key", "bi", overlap="12h", expires="90d", stdout=out)
    former = FormerSecret.objects.get()

    assert digest_of(out.getvalue().removesuffix("\n")) == ApiKey.objects.get().digest
    assert former.digest == digest_of(old)
    assert former.works_until - former.replaced_at == timedelta(hours=12)
    assert ApiKey.objects.get().expires_at is not None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody"], "There is no API key named nobody"),
        (["bi", "--overlap", "soon"], "--overlap soon is invalid"),
        (["bi", "--overlap", "-1d"], "--overlap -1d is invalid"),
        (["bi", "--expires", "2020-01-01"], "--expires 2020-01-01 is in the past"),
    ],
)
def test_the_command_rejects_with_an_explanation(arguments: list[str], sentence: str) -> None:
    create_api_key("bi", ["kpis:read"])
    split = [f"{arguments[1]}={arguments[2]}"] if arguments[1:] else []

    with pytest.raises(CommandError, match=sentence):
        call_command("rotate_api_key", arguments[0], *split)
    assert not FormerSecret.objects.exists()
