"""A learner asks to be erased, may withdraw it for a week, and is erased at night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import AccessRecord, User
from curriculum.models import Enrollment, Learner
from learners.models import ErasureRequest
from learners.own_data import erasures
from learners.tasks import mail_erasure_request
from learners.tests.studies import enrolled, school, signed_in, text_of, with_account

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def ada() -> User:
    school()
    enrolled("ada")
    return with_account()


def ask(user: User, confirmation: str = "secret") -> Any:
    path = "/my-data/erasure"
    return signed_in(user).post(path, {"confirmation": confirmation}, follow=True)


def test_a_request_is_carried_out_after_a_week(ada: User) -> None:
    asked = ask(ada)
    (one,) = ErasureRequest.objects.all()

    assert one.due_at - one.asked_at == WEEK
    assert "You can withdraw it on this page." in asked.content.decode()
    assert erasures.carry_out_due(one.due_at - timedelta(seconds=1)) == 0
    assert erasures.carry_out_due(one.due_at) == 1
    assert not User.objects.filter(pk=ada.pk).exists()
    assert Learner.objects.get().name == ""
    assert Enrollment.objects.count() == 1
    assert not ErasureRequest.objects.exists()
    assert AccessRecord.objects.filter(action="erased").count() == 1


def test_asking_twice_is_one_request_with_the_day_of_the_first(ada: User) -> None:
    learner, now = ada.learner, timezone.now()
    first = erasures.ask(learner, now)
    second = erasures.ask(learner, now + WEEK)

    assert (second.pk, second.due_at) == (first.pk, first.due_at)


def test_a_wrong_password_asks_for_nothing(ada: User) -> None:
    response = ask(ada, "guessed")

    assert response.status_code == 400
    assert "Wrong password. Nothing was asked for." in response.content.decode()
    assert not ErasureRequest.objects.exists()


def test_an_account_of_single_sign_on_confirms_by_its_address(ada: User) -> None:
    ada.set_unusable_password()
    ada.save()

    assert ask(ada, "bo@example.com").status_code == 400
    assert ask(ada, "ADA@example.com").status_code == 200
    assert ErasureRequest.objects.exists()


def test_a_withdrawn_request_is_forgotten(ada: User) -> None:
    ask(ada)
    client = signed_in(ada)
    for said in ("You withdrew your request.", "There is no request that can be withdrawn."):
        page = client.post("/my-data/erasure/withdrawal", follow=True).content.decode()
        assert said in page

    assert erasures.carry_out_due(timezone.now() + 2 * WEEK) == 0


def test_what_has_begun_cannot_be_withdrawn_and_goes_on_the_next_night(ada: User) -> None:
    now = timezone.now()
    asked = erasures.ask(ada.learner, now)
    ErasureRequest.objects.update(started_at=asked.due_at)

    assert not erasures.withdraw(ada.learner)
    assert "Your data are being erased." in text_of(signed_in(ada), "/my-data")
    assert erasures.carry_out_due(asked.due_at) == 1


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_staff": True, "is_superuser": True}])
def test_somebody_who_works_here_keeps_their_account(rights: dict[str, bool]) -> None:
    sam = with_account("sam", **rights)
    page = text_of(signed_in(sam), "/my-data")
    asked = erasures.ask(sam.learner, timezone.now())
    erasures.carry_out_due(asked.due_at)

    assert "You work here, so your account stays." in page
    assert User.objects.get().is_staff
    assert not Learner.objects.filter(user=sam.pk).exists()
    assert "your account stays" in mail.outbox[-1].body


def test_a_mail_says_how_to_withdraw_and_the_last_one_that_it_is_done(ada: User) -> None:
    User.objects.update(language="de")
    asked = erasures.ask(ada.learner, timezone.now())
    mail_erasure_request(asked.pk)
    erasures.carry_out_due(asked.due_at)
    first, last = mail.outbox

    assert (first.to, last.to) == (["ada@example.com"], ["ada@example.com"])
    assert "/my-data" in first.body
    assert "/my-data" not in last.body


def test_asking_queues_one_mail(
    ada: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    queued: list[list[int]] = []
    monkeypatch.setattr(
        erasures, "enqueue_all", lambda task, arguments, **_: queued.extend(arguments)
    )
    with django_capture_on_commit_callbacks(execute=True):
        asked = erasures.ask(ada.learner, timezone.now())
        erasures.ask(ada.learner, timezone.now())

    assert queued == [[asked.pk]]


def test_a_mail_about_a_withdrawn_request_is_not_sent(ada: User) -> None:
    asked = erasures.ask(ada.learner, timezone.now())
    erasures.withdraw(ada.learner)
    mail_erasure_request(asked.pk)

    assert mail.outbox == []


def test_a_mail_server_that_is_down_does_not_stop_the_night(
    ada: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> int:
        raise ConnectionRefusedError("ada@example.com")

    bo = with_account("bo")
    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    due = [erasures.ask(one.learner, timezone.now()) for one in (ada, bo)]

    assert erasures.carry_out_due(due[-1].due_at) == 2
    assert not User.objects.exists()
    assert "the e-mail failed" in caplog.text
    assert "ada@" not in caplog.text


def test_staff_see_open_requests_as_work(ada: User) -> None:
    ask(ada)
    client = signed_in(with_account("staff", is_staff=True, is_superuser=True))
    home, rows = (client.get(path) for path in ("/admin/", "/admin/learners/erasurerequest/"))

    assert "Learners who asked to be erased" in home.content.decode()
    assert rows.context["cl"].result_count == 1


def test_an_account_without_a_learner_has_nothing_to_erase() -> None:
    user = with_account("bo")
    Learner.objects.all().delete()

    assert ask(user).status_code == 200
    assert not ErasureRequest.objects.exists()
    assert Client().post("/my-data/erasure").status_code == 302
