from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.management.base import CommandError
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken

from accounts.models import User
from accounts.sign_in import second_factor
from accounts.tests.people import account
from accounts.tests.second_factors import (
    CODE,
    DOORS,
    OWN,
    SET_UP,
    code_of,
    enter,
    half_signed_in,
    is_signed_in,
    reset,
    wait,
    with_factor,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("door", DOORS)
def test_a_password_alone_opens_nothing(door: str) -> None:
    with_factor(is_staff=True, is_superuser=True)
    client = half_signed_in(door)
    pages = ("/kpi-dashboard", "/admin/", "/account/password", "/account/second-factor", "/alerts")

    assert {client.get(page).status_code for page in pages} == {302}
    assert client.get("/api/kpi/engagement/depth").status_code in (401, 403)
    assert client.get("/api/schema").status_code in (401, 403)


@pytest.mark.parametrize("door", DOORS)
def test_both_doors_ask_for_the_code_and_lead_on(door: str) -> None:
    ada, _ = with_factor(is_staff=True, is_superuser=True)
    client = half_signed_in(door)
    asked = client.get(f"{door}?next=/admin/accounts/user/")
    entered = enter(client, code_of(ada), next="/admin/accounts/user/")

    assert asked["Location"] == f"{CODE}?next=%2Fadmin%2Faccounts%2Fuser%2F"
    assert entered["Location"] == "/admin/accounts/user/"
    assert client.get("/admin/accounts/user/").status_code == 200


def test_the_code_never_leads_to_another_site() -> None:
    ada, _ = with_factor()

    assert enter(half_signed_in(), code_of(ada), next="https://evil.example")["Location"] == "/"


def test_a_code_works_once() -> None:
    ada, _ = with_factor()
    code = code_of(ada)
    enter(half_signed_in(), code)
    again = half_signed_in()

    assert "Wrong code" in enter(again, code).content.decode()
    assert not is_signed_in(again)


def test_a_recovery_code_works_once_however_it_is_typed() -> None:
    _, codes = with_factor()
    first, again = half_signed_in(), half_signed_in()
    enter(first, f" {codes[0].upper().replace('-', ' ')} ")
    enter(again, codes[0])

    assert is_signed_in(first)
    assert not is_signed_in(again)


def test_recovery_codes_are_stored_as_digests_only() -> None:
    _, codes = with_factor()
    stored = set(StaticToken.objects.values_list("token", flat=True))

    assert len(stored) == len(codes) == 10
    assert not stored & {code.replace("-", "") for code in codes}


def test_somebody_elses_code_does_not_work() -> None:
    with_factor()
    bo, codes = with_factor("Bo")
    client = half_signed_in()
    enter(client, code_of(bo))
    enter(client, codes[0])

    assert not is_signed_in(client)


def test_guessed_codes_count_with_wrong_passwords_at_both_doors() -> None:
    ada, _ = with_factor(is_staff=True)
    for _ in range(5):
        half_signed_in(password="guess")
    client = half_signed_in()
    for _ in range(5):
        enter(client, "000000")
    wait()

    assert enter(client, code_of(ada)).status_code == 429
    assert [one.post(door, {"username": ada.email, "password": "secret"}).status_code
            for one in (Client(),) for door in DOORS] == [429, 429]  # fmt: skip


def test_the_right_password_does_not_reset_guessed_codes() -> None:
    with_factor()
    for _ in range(10):
        enter(half_signed_in(), "000000")
    wait()

    assert half_signed_in().get(CODE).status_code == 302
    assert not is_signed_in(half_signed_in())


def test_after_a_wrong_code_the_page_says_how_long_to_wait() -> None:
    with_factor()
    response = enter(half_signed_in(), "000000")

    assert "Wrong code. Wait 1 second before you try again." in response.content.decode()


def test_without_the_setting_staff_need_none(client: Client) -> None:
    account("Ada", is_staff=True, is_superuser=True)

    assert half_signed_in().get("/admin/").status_code == 200


def test_each_session_sets_up_a_secret_of_its_own() -> None:
    account("Ada")
    first, second = half_signed_in(), half_signed_in()
    seen = first.get(SET_UP).context["secret"]

    assert first.get(SET_UP).context["secret"] == seen
    assert second.get(SET_UP).context["secret"] != seen


def test_a_wrong_first_code_turns_nothing_on(client: Client) -> None:
    ada = account("Ada")
    client.force_login(ada)
    client.get(SET_UP)
    client.post(SET_UP, {"code": "000000"})
    ada.refresh_from_db()

    assert not second_factor.is_set_up(ada)


def test_whoever_has_one_cannot_set_up_another_with_the_password_alone() -> None:
    with_factor()
    client = half_signed_in()

    assert client.get(SET_UP)["Location"] == "/sign-in"
    assert client.get("/account/second-factor/qr.svg").status_code == 404


def test_other_sessions_of_the_account_end_when_it_is_set_up(client: Client) -> None:
    ada = account("Ada")
    client.force_login(ada)
    second_factor.set_up(ada, second_factor.renew_device(ada), code_of(ada))

    assert not is_signed_in(client)


def test_its_owner_turns_it_off_with_a_code(client: Client) -> None:
    ada, codes = with_factor()
    client = half_signed_in()
    enter(client, codes[0])
    client.post(OWN, {"code": "wrong", "turn-off": "yes"})
    assert second_factor.is_set_up(User.objects.get(pk=ada.pk))
    wait()
    client.post(OWN, {"code": codes[1], "turn-off": "yes"})

    assert is_signed_in(half_signed_in())


def test_new_recovery_codes_replace_the_old_ones() -> None:
    _, codes = with_factor()
    client = half_signed_in()
    enter(client, codes[0])
    new = client.post(OWN, {"code": codes[1]}).context["codes"]
    by_old, by_new = half_signed_in(), half_signed_in()
    enter(by_old, codes[2])
    wait()
    enter(by_new, new[0])

    assert (is_signed_in(by_old), is_signed_in(by_new)) == (False, True)


def test_the_command_resets_it_and_ends_its_sessions() -> None:
    _, codes = with_factor()
    client = half_signed_in()
    enter(client, codes[0])

    assert "turned off" in reset("ADA@example.com")
    assert is_signed_in(half_signed_in())


def test_the_command_says_when_there_is_nothing_to_reset() -> None:
    account("Ada")
    with pytest.raises(CommandError, match="has no second factor"):
        reset("ada@example.com")
    with pytest.raises(CommandError, match="no account"):
        reset("nobody@example.com")


def test_a_superuser_resets_it_in_the_admin(ada: User, client: Client) -> None:
    bo, _ = with_factor("Bo", is_staff=True)
    data = {"action": "reset_second_factor", "_selected_action": [bo.pk]}
    client.post("/admin/accounts/user/", data)
    bo.refresh_from_db()

    assert not second_factor.is_set_up(bo)
    assert b"factor was reset" in client.get(f"/admin/accounts/user/{bo.pk}/history/").content


def test_other_staff_cannot_reset_it(client: Client) -> None:
    bo, _ = with_factor("Bo")
    cleo = account("Cleo", is_staff=True)
    cleo.user_permissions.set(Permission.objects.filter(codename__in=("view_user", "change_user")))
    client.force_login(cleo)
    data = {"action": "reset_second_factor", "_selected_action": [bo.pk]}
    client.post("/admin/accounts/user/", data)
    bo.refresh_from_db()

    assert second_factor.is_set_up(bo)


def test_the_admin_shows_no_secrets(ada: User, client: Client) -> None:
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404
