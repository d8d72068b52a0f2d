from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.api_authentication import ApiKeyAuthentication
from accounts.api_keys import create_api_key, digest_of, record_use
from accounts.management.commands.create_api_key import end_of
from accounts.models import ApiKey, User
from accounts.reader import Reader
from accounts.tests.people import account, course, moment

pytestmark = pytest.mark.django_db
Scope = ApiKey.Scope


def shown(secret: str, word: str = "Bearer") -> ApiKey | None:
    """Show a secret at the door; the key that is let in, None when no key was shown."""
    raw = RequestFactory().get("/", headers={"Authorization": f"{word} {secret}"})
    found = ApiKeyAuthentication().authenticate(Request(raw))
    return found[0] if found else None


def test_a_stranger_reads_nothing() -> None:
    cleo = Reader.of(AnonymousUser())

    assert not cleo.reads_kpis
    assert not cleo.may_see(course().pk)


def test_a_learner_reads_no_kpis() -> None:
    assert not Reader.of(account("Ada")).reads_kpis


def test_a_manager_sees_only_the_granted_course() -> None:
    mine, other = course("py"), course("sql")
    reader = Reader.of(account("Bo", grants=(mine,)))

    assert reader.reads_kpis
    assert list(reader.courses()) == [mine]
    assert not reader.may_see(other.pk)


def test_staff_see_every_course() -> None:
    one, other = course("py"), course("sql")
    reader = Reader.of(account("Ada", is_staff=True))

    assert set(reader.courses()) == {one, other}


def test_an_account_that_was_closed_sees_nothing() -> None:
    reader = Reader.of(account("Bo", grants=(course(),), is_active=False))

    assert not reader.reads_kpis
    assert reader.course_ids == frozenset()


def test_small_groups_are_shown_only_with_the_permission() -> None:
    bo = account("Bo", grants=(course(),))
    assert not Reader.of(bo).sees_small_groups

    bo.user_permissions.add(Permission.objects.get(codename="view_small_groups"))

    assert Reader.of(User.objects.get(pk=bo.pk)).sees_small_groups


def test_a_key_without_courses_sees_every_course() -> None:
    key, _ = create_api_key("lms", [Scope.KPIS_READ])

    assert Reader.of(key).may_see(course().pk)


def test_a_key_limited_to_a_course_sees_no_other() -> None:
    mine, other = course("py"), course("sql")
    key, _ = create_api_key("lms", [Scope.KPIS_READ], courses=[mine])

    assert list(Reader.of(key).courses()) == [mine]
    assert not Reader.of(key).may_see(other.pk)


def test_a_key_whose_only_course_is_deleted_does_not_see_the_others() -> None:
    mine, other = course("py"), course("sql")
    key, _ = create_api_key("lms", [Scope.KPIS_READ], courses=[mine])
    mine.delete()

    assert not Reader.of(key).may_see(other.pk)


def test_a_key_that_may_only_send_reads_nothing() -> None:
    key, _ = create_api_key("lms", [Scope.EVENTS_WRITE])

    assert not Reader.of(key).reads_kpis


def test_only_a_digest_of_the_secret_is_kept() -> None:
    key, secret = create_api_key("lms", [Scope.KPIS_READ])
    kept = ApiKey.objects.filter(pk=key.pk).values().get()

    assert kept["digest"] == digest_of(secret)
    assert secret not in str(kept)


def test_an_unknown_scope_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"Unknown scope kpis:burn\. Allowed: events:write"):
        create_api_key("lms", ["kpis:burn"])


def test_a_key_is_let_in_by_its_secret() -> None:
    key, secret = create_api_key("lms", [Scope.KPIS_READ])

    assert shown(secret) == key
    assert shown(secret, "bearer") == key


def test_a_wrong_secret_is_refused() -> None:
    create_api_key("lms", [Scope.KPIS_READ])

    with pytest.raises(AuthenticationFailed):
        shown("guessed")


@pytest.mark.parametrize("secret", ["", "ÿþ", "a b c"])
def test_a_secret_that_cannot_be_one_is_refused(secret: str) -> None:
    with pytest.raises(AuthenticationFailed):
        shown(secret)


def test_a_revoked_key_is_refused() -> None:
    key, secret = create_api_key("lms", [Scope.KPIS_READ])
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())

    with pytest.raises(AuthenticationFailed):
        shown(secret)


def test_an_expired_key_is_refused_with_the_reason(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    ended = moment("2026-11-01T12:00")
    _, secret = create_api_key("lms", [Scope.KPIS_READ], expires_at=ended)
    answer = client.get("/api/kpi", headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 401
    assert answer.json()["detail"] == "This API key expired on 2026-11-01 at 12:00 UTC."
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "API key rejected: lms is not valid" in caplog.text


def test_a_key_that_ends_later_is_let_in() -> None:
    later = timezone.now() + timedelta(minutes=1)
    key, secret = create_api_key("lms", [Scope.KPIS_READ], expires_at=later)

    assert shown(secret) == key


def test_a_refused_key_is_one_warning_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AuthenticationFailed):
        shown("guess")

    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "guess" not in caplog.text


@pytest.mark.parametrize(
    ("given", "end"),
    [("2026-12-31", "2027-01-01"), ("2026-11-27", "2026-11-28"), ("30d", "2026-12-28")],
)
def test_a_key_is_good_through_its_last_day(given: str, end: str) -> None:
    assert end_of(given, date(2026, 11, 27)) == moment(end)


@pytest.mark.parametrize(
    "given", ["soon", "2026-13-01", "2026-11-26", "-1d", "99999d", "9999-12-31"]
)
def test_a_day_that_is_none_or_over_is_told(given: str) -> None:
    with pytest.raises(CommandError, match=f"--expires {given} is"):
        end_of(given, date(2026, 11, 27))


def test_the_command_gives_a_key_an_end() -> None:
    made_by_command("lms", "--scope", "kpis:read", "--expires", "2099-12-31")

    assert ApiKey.objects.get().expires_at == moment("2100-01-01")


def test_another_kind_of_authorization_is_left_to_others() -> None:
    assert shown("YWRhOnNlY3JldA==", "Basic") is None


def test_the_use_of_a_key_is_noted() -> None:
    key, secret = create_api_key("lms", [Scope.KPIS_READ])
    shown(secret)
    key.refresh_from_db()

    assert key.last_used_at is not None


def test_a_second_use_within_the_minute_writes_nothing() -> None:
    key, _ = create_api_key("lms", [Scope.KPIS_READ])
    just_now = timezone.now() - timedelta(seconds=30)
    key.last_used_at = just_now
    key.save()
    record_use(key)
    key.refresh_from_db()

    assert key.last_used_at == just_now


def made_by_command(*arguments: str) -> str:
    out = StringIO()
    call_command("create_api_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_secret_alone() -> None:
    out = made_by_command("lms", "--scope", "events:write", "--scope", "kpis:read")
    key = ApiKey.objects.get(name="lms")

    assert digest_of(out.removesuffix("\n")) == key.digest
    assert key.scopes == ["events:write", "kpis:read"]
    assert not key.creates_unknown


def test_the_command_limits_a_key_to_courses() -> None:
    made_by_command("lms", "--scope", "kpis:read", "--course", course("py").key)

    assert [one.key for one in ApiKey.objects.get().courses.all()] == ["py"]


def test_the_command_lets_a_sender_create_what_is_unknown() -> None:
    made_by_command("lms", "--scope", "events:write", "--create-unknown")

    assert ApiKey.objects.get().creates_unknown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lms", "--scope", "kpis:read"], "There is an API key lms already"),
        (["new", "--scope", "kpis:burn"], "Unknown scope kpis:burn"),
        (["new", "--scope", "kpis:read", "--course", "no"], "no course with the key no"),
        (["n" * 101, "--scope", "kpis:read"], "at most 100 characters"),
        ([" ", "--scope", "kpis:read"], "cannot be blank"),
    ],
)
def test_the_command_refuses_with_a_sentence(arguments: list[str], sentence: str) -> None:
    create_api_key("lms", [Scope.KPIS_READ])

    with pytest.raises(CommandError, match=sentence):
        made_by_command(*arguments)
    assert ApiKey.objects.count() == 1
