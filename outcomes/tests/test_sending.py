"""Invitations and reminders, sent to a real mail server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.tests.people import account
from core.tests.mail_box import MailBox, mail_box, settings_for
from curriculum.models import Course, Learner
from intake.models import Event
from outcomes.models import Invitation, Survey, Wave
from outcomes.surveys.audience import unreachable
from outcomes.surveys.sending import send_due, send_wave
from outcomes.tests.asking import NOW, enrollment_of, wave_of, with_address
from outcomes.tests.school import did, enrolled, school

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_box() as found:
        yield found


def test_every_learner_with_an_address_is_invited_once(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada", "bo")

    assert (send_due(NOW), send_due(NOW + timedelta(minutes=10))) == (2, 0)
    assert sorted(box.recipients) == ["ada@example.com", "bo@example.com"]


def test_the_email_has_text_html_and_a_link(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada")
    send_due(NOW)
    mail = box.mails[0]

    assert mail["Subject"] == "How was it? – Course py"
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
    assert "until 31 March 2026" in box.text_of()
    assert "ada" not in box.link()


def test_the_email_is_in_the_language_of_the_site(
    python: Course, box: MailBox, settings: Settings
) -> None:
    settings.LANGUAGE_CODE = "de"
    wave_of(python)
    with_address("ada")
    send_due(NOW)
    send_due(NOW + WEEK)

    assert "Es dauert nur eine Minute" in box.text_of()
    assert box.mails[1]["Subject"] == "Erinnerung: How was it? – Course py"


def test_learners_without_an_address_are_counted_but_not_invited(
    python: Course, box: MailBox
) -> None:
    wave = wave_of(python)
    enrolled("cleo")

    assert (send_due(NOW), unreachable(wave, NOW).count()) == (0, 1)
    assert not Invitation.objects.exists()


def test_the_address_of_the_account_is_used_if_there_is_no_other(
    python: Course, box: MailBox
) -> None:
    wave_of(python)
    enrolled("bo")
    Learner.objects.filter(key="bo").update(user=account("Bo"))
    send_due(NOW)

    assert box.recipients == ["bo@example.com"]


def test_learners_who_left_and_staff_are_not_invited(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada", "bo")
    did("ada", "enrollment.withdrawn", "2026-02-01")
    Learner.objects.filter(key="bo").update(kind=Learner.Kind.STAFF)

    assert send_due(NOW) == 0


@pytest.mark.parametrize("day", ["2026-02-28", "2026-04-02"])
def test_a_wave_that_is_not_open_sends_nothing(python: Course, box: MailBox, day: str) -> None:
    wave = wave_of(python)
    with_address("ada")
    shift = {"2026-02-28": timedelta(days=-10), "2026-04-02": timedelta(days=23)}[day]

    assert send_due(NOW + shift) == 0
    assert not wave.is_open(NOW + shift)


def test_an_inactive_survey_sends_nothing(python: Course, box: MailBox) -> None:
    wave_of(python, is_active=False)
    with_address("ada")

    assert send_due(NOW) == 0


def test_a_wave_of_an_external_system_is_not_sent(python: Course, box: MailBox) -> None:
    with_address("ada", "bo")
    did("ada", "survey.sent", "2026-03-02", data={"survey": "s", "wave": "w"})

    assert send_due(NOW) == 0


def test_sending_is_recorded_as_an_event(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada")
    send_due(NOW)

    assert Event.objects.get(kind="survey.sent").data == {"survey": "end", "wave": "w1"}
    assert Invitation.objects.get().sent_at == NOW


def test_a_claimed_invitation_is_not_sent_by_others(python: Course, box: MailBox) -> None:
    claimed(wave_of(python), NOW)

    assert send_due(NOW + timedelta(minutes=10)) == 0
    assert box.mails == []


def test_the_claim_of_a_killed_worker_expires(python: Course, box: MailBox) -> None:
    claimed(wave_of(python), NOW)

    assert send_due(NOW + timedelta(hours=3)) == 1


def claimed(wave: Wave, at: datetime) -> None:
    """A worker has claimed the invitation of Ada."""
    with_address("ada")
    Invitation.objects.create(wave=wave, enrollment=enrollment_of("ada"), claimed_at=at)


def test_an_email_sent_twice_has_the_same_message_id(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada")
    send_due(NOW)
    # killed after the server accepted the e-mail and before this was recorded
    Invitation.objects.update(sent_at=None)
    Event.objects.filter(kind="survey.sent").forget()
    send_due(NOW + timedelta(hours=3))

    assert len(box.mails) == 2
    assert len({mail["Message-ID"] for mail in box.mails}) == 1


def test_a_rejected_address_does_not_delay_others(
    python: Course, box: MailBox, caplog: pytest.LogCaptureFixture
) -> None:
    wave_of(python)
    with_address("ada", "bo")
    box.refuses = {"ada@example.com"}
    with caplog.at_level(logging.WARNING):
        rounds = [send_due(NOW) for _ in range(7)]

    assert rounds == [1, 0, 0, 0, 0, 0, 0]
    assert Invitation.objects.get(enrollment__learner__key="ada").attempts == 5
    assert "example.com" not in caplog.text


def test_without_a_mail_server_nothing_is_lost(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada")
    with settings_for(port=1), pytest.raises(OSError, match="refused"):
        send_due(NOW)

    assert send_due(NOW) == 1


def test_learners_who_do_not_answer_are_reminded_once(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada")
    counts = [send_due(NOW + timedelta(days=days)) for days in (0, 6, 7, 8, 20)]

    assert counts == [1, 0, 1, 0, 0]
    assert box.mails[1]["Subject"] == "Reminder: How was it? – Course py"


def test_learners_who_answered_or_dismissed_are_not_reminded(python: Course, box: MailBox) -> None:
    wave_of(python)
    with_address("ada", "bo")
    send_due(NOW)
    data = {"survey": "end", "wave": "w1"}
    did("ada", "survey.answered", "2026-03-11", data={**data, "nps": 9})
    did("bo", "survey.dismissed", "2026-03-11", data=data)

    assert send_due(NOW + WEEK) == 0


def test_a_wave_without_reminder_days_reminds_nobody(python: Course, box: MailBox) -> None:
    wave_of(python)
    Wave.objects.update(reminder_days=None)
    with_address("ada")
    send_due(NOW)

    assert send_due(NOW + WEEK) == 0


def test_a_run_sends_at_most_its_limit(python: Course, box: MailBox) -> None:
    wave = wave_of(python)
    with_address("ada", "bo", "cleo")

    assert [send_wave(wave, NOW, limit=2) for _ in range(3)] == [2, 1, 0]


def test_from_the_mail_to_the_answer(python: Course, box: MailBox, client: Client) -> None:
    wave_of(python)
    Wave.objects.update(opens_at=NOW, closes_at=NOW + timedelta(days=20_000))
    with_address("ada")
    send_due(NOW)
    answer = client.post(box.link(), {"nps": "9", "csat": "5"})

    assert answer.status_code == 303
    assert Event.objects.get(kind="survey.answered").data["nps"] == 9


def test_a_survey_s_own_course_narrows_its_waves(python: Course, box: MailBox) -> None:
    wave = wave_of(python)
    Wave.objects.filter(pk=wave.pk).update(course=None)
    with_address("ada")
    other = school("sql")
    Survey.objects.filter(pk=wave.survey_id).update(course=other)

    assert send_due(NOW) == 0
