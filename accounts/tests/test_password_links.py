from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.sign_in import password_links
from accounts.tests.people import account, course
from accounts.tests.test_sign_in_limits import can_sign_in, guess

pytestmark = pytest.mark.django_db

OLD, NEW = "secret", "a-longer-walk-home"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change_password(client: Client, *, old: str = OLD, new: str = NEW) -> Any:
    data = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/account/password", data)


def is_signed_in(client: Client) -> bool:
    return bool(client.get("/account/password").status_code == 200)


def request_link(email: str, **more: Any) -> Any:
    """Request a link, and run the queued task at once."""
    with mock.patch("accounts.sign_in.password_links.current_app.send_task") as queued:
        answer = Client().post("/account/forgotten", {"email": email}, **more)
    for call in queued.call_args_list:
        password_links.mail_link(*call.kwargs["args"])
    return answer


def mailed_link() -> str:
    words = str(mail.outbox[-1].body).split()
    return urlsplit(next(word for word in words if word.startswith("http"))).path


def set_by(link: str, client: Client | None = None, new: str = NEW) -> Any:
    client = client or Client()
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0] if form.redirect_chain else link
    return client.post(path, {"new_password1": new, "new_password2": new})


@pytest.mark.parametrize("role", ["staff", "manager", "learner"])
def test_everybody_changes_their_own_password(role: str) -> None:
    grants = (course(),) if role == "manager" else ()
    ada = account("Ada", grants=grants, is_staff=role == "staff")
    answer = change_password(signed_in(ada))
    ada.refresh_from_db()

    assert answer.headers["Location"] == "/account/password"
    assert ada.check_password(NEW)


def test_a_new_password_ends_the_other_sessions_but_not_this_one() -> None:
    ada = account("Ada")
    here, elsewhere = signed_in(ada), signed_in(ada)
    change_password(here)

    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_the_old_password_is_required() -> None:
    ada = account("Ada")
    answer = change_password(signed_in(ada), old="guess")
    ada.refresh_from_db()

    assert "old_password" in answer.context["form"].errors
    assert ada.check_password(OLD)


def test_guesses_at_the_old_password_are_counted() -> None:
    ada = account("Ada")
    client = signed_in(ada)
    for _ in range(10):
        change_password(client, old="guess")

    assert change_password(client).status_code == 429
    ada.refresh_from_db()
    assert ada.check_password(OLD)


@pytest.mark.parametrize(
    "weak", ["short", "password123", "20261127", "ada@example", "ada-lovelace"]
)
def test_a_weak_password_is_rejected(weak: str) -> None:
    ada = account("Ada")
    User.objects.update(name="Ada Lovelace")

    assert change_password(signed_in(ada), new=weak).status_code == 200


def test_an_anonymous_visitor_must_sign_in_first() -> None:
    answer = Client().get("/account/password")

    assert answer.headers["Location"] == "/sign-in?next=/account/password"


def test_a_mailed_link_sets_a_new_password() -> None:
    ada = account("Ada")
    elsewhere = signed_in(ada)
    request_link("Ada@Example.com")
    answer = set_by(mailed_link())
    ada.refresh_from_db()

    assert answer.headers["Location"] == "/sign-in"
    assert ada.check_password(NEW)
    assert mail.outbox[-1].to == ["ada@example.com"]
    assert not is_signed_in(elsewhere)


def test_a_link_works_once() -> None:
    ada = account("Ada")
    request_link("ada@example.com")
    link = mailed_link()
    set_by(link)
    set_by(link, new="another-way-home")
    ada.refresh_from_db()

    assert ada.check_password(NEW)


def test_a_link_expires(settings: Settings) -> None:
    ada = account("Ada")
    link = urlsplit(password_links.link_of(ada)).path
    settings.PASSWORD_RESET_TIMEOUT = -1

    assert "no longer works" in Client().get(link, follow=True).content.decode()


def test_an_older_link_ends_when_the_account_signs_in() -> None:
    ada = account("Ada")
    link = urlsplit(password_links.link_of(ada)).path
    User.objects.update(last_login=timezone.now() + timedelta(seconds=1))

    assert "no longer works" in Client().get(link, follow=True).content.decode()


def test_no_link_opens_a_closed_account() -> None:
    ada = account("Ada")
    link = urlsplit(password_links.link_of(ada)).path
    User.objects.update(is_active=False)
    request_link("ada@example.com")

    assert not mail.outbox
    assert "no longer works" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize("link", ["MQ/forged", "x/x", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5/a-b", "AA/a"])
def test_a_forged_link_looks_like_an_expired_one(link: str) -> None:
    answer = Client().get(f"/account/set-password/{link}", follow=True)

    assert "no longer works" in answer.content.decode()


def test_no_other_spelling_of_a_link_works() -> None:
    """The last letter of 1000 in base64 has bits that mean nothing."""
    ada = account("Ada")
    User.objects.filter(pk=ada.pk).update(id=1000)
    link = urlsplit(password_links.link_of(User.objects.get(pk=1000))).path
    page = Client().get(link.replace("/MTAwMA/", "/MTAwMB/"), follow=True)

    assert "/MTAwMA/" in link
    assert "new_password1" not in page.content.decode()


def test_the_response_is_the_same_for_every_address() -> None:
    account("Ada")
    closed = account("Bo", is_active=False)
    pages = {
        request_link(email, follow=True).content
        for email in ("ada@example.com", closed.email, "nobody@example.com")
    }

    assert len(pages) == 1
    assert [one.to for one in mail.outbox] == [["ada@example.com"]]


def test_requesting_a_link_does_not_look_the_account_up(django_assert_num_queries: Any) -> None:
    account("Ada")
    with (
        django_assert_num_queries(0),
        mock.patch("accounts.sign_in.password_links.current_app.send_task"),
    ):
        for email in ("ada@example.com", "nobody@example.com"):
            Client().post("/account/forgotten", {"email": email})


def test_a_mailbox_gets_at_most_three_mails_an_hour() -> None:
    account("Ada")
    for number in range(9):
        request_link("ada@example.com", REMOTE_ADDR=f"192.0.2.{number}")

    assert len(mail.outbox) == 3


def test_a_link_cannot_be_requested_while_the_broker_is_unreachable() -> None:
    with mock.patch("accounts.sign_in.password_links.cache.add", side_effect=ConnectionError):
        answer = Client().post("/account/forgotten", {"email": "ada@example.com"})

    assert answer.status_code == 503
    assert "E-mails cannot be sent" in answer.content.decode()


def test_the_owner_can_sign_in_by_e_mail_during_an_attack() -> None:
    account("Ada")
    for number in range(25):
        guess(1, address=f"192.0.2.{number}")
    request_link("ada@example.com")
    phone = Client()
    set_by(mailed_link(), phone, new=OLD + "-and-longer")

    assert not can_sign_in()
    answer = phone.post(
        "/sign-in", {"username": "ada@example.com", "password": OLD + "-and-longer"}
    )
    assert answer.status_code == 302


def test_the_url_of_the_form_contains_no_secret() -> None:
    link = urlsplit(password_links.link_of(account("Ada"))).path
    answer = Client().get(link)

    assert answer.headers["Location"].endswith("/set-password")
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_pages_link_to_each_other() -> None:
    for page in ("/sign-in", "/admin/login/"):
        assert "/account/forgotten" in Client().get(page).content.decode()
    assert "/account/password" in signed_in(account("Ada")).get("/my-progress").content.decode()
