from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from accounts.tests.people import course, learner, run_of
from curriculum.models import Course, Learner
from intake import tasks
from intake.events.senders import Sender
from intake.models import Event, RejectedEvent
from intake.replay import replay_events, replay_rejected
from intake.tasks import retry_rejected
from intake.tests.lms import LMS, Lms, event, kind, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def rejected() -> RejectedEvent:
    return RejectedEvent.objects.get()


def correct(**fields: Any) -> RejectedEvent:
    row = rejected()
    row.payload = json.dumps(json.loads(row.payload) | fields)
    row.save()
    return row


# Refused events


def test_a_refused_event_is_kept_once_however_often_it_comes() -> None:
    for _ in range(2):
        send(event(learner="cleo"))

    assert (rejected().code, rejected().key) == ("unknown_learner", "e1")


def test_a_corrected_event_gets_in_and_closes_its_rejection() -> None:
    send(event(learner="cleo"))
    outcome = replay_rejected(correct(learner="ada"))

    assert outcome.status == "accepted"
    assert Event.objects.get(sender="lms").learner == "ada"
    assert rejected().resolved_at is not None


def test_an_event_still_wrong_says_the_new_reason() -> None:
    send(event(learner="cleo"))
    outcome = replay_rejected(correct(learner="ada", module="m9"))

    assert outcome.code == rejected().code == "unknown_module"
    assert rejected().resolved_at is None


def test_a_correction_without_an_id_leaves_other_rejections() -> None:
    send(event(None), event(None, learner="bo"))
    first, second = RejectedEvent.objects.order_by("pk")
    replay_rejected(first)

    assert list(RejectedEvent.objects.order_by("pk")) == [first, second]


def test_a_resent_event_closes_its_rejection() -> None:
    send(event(learner="cleo"))
    send(event())

    assert rejected().resolved_at is not None


def test_the_event_of_another_sender_closes_nothing() -> None:
    send(event(learner="cleo"))
    send(event(), sender=Sender("forum"))

    assert rejected().resolved_at is None


def test_a_broken_line_is_kept_and_may_be_corrected() -> None:
    Lms().post(b'{"id": "e1",', "application/x-ndjson")
    row = rejected()
    assert replay_rejected(row).code == "not_json"

    row.payload = json.dumps(event())
    row.save()
    assert replay_rejected(row).status == "accepted"


def test_a_text_that_was_cut_cannot_be_replayed() -> None:
    send(event(data={"a": "x" * 100_000}))
    outcome = replay_rejected(rejected())

    assert outcome.reason == "It was too long to be kept whole: send it again."


def test_half_a_surrogate_is_kept_as_it_came() -> None:
    send(event(data={"a": "ä\ud800"}))

    assert json.loads(rejected().payload)["data"] == {"a": "ä\ud800"}


def test_a_backslash_before_u0000_is_no_nul() -> None:
    send(event(learner="cleo", object="C:\\u0000"))

    assert json.loads(rejected().payload)["object"] == "C:\\u0000"


# Tried again by itself


def test_what_was_missing_gets_in_once_it_is_there() -> None:
    Lms()
    send(event("e1", learner="cleo"), event("e2", course="go"), event("e3", value="x"))
    learner("Cleo")
    send(sign_up("cleo"))

    assert retry_rejected() == 1
    assert Event.objects.get(key="e1").enrollment is not None
    assert set(RejectedEvent.objects.open().values_list("key", flat=True)) == {"e2", "e3"}


def test_what_still_fails_takes_the_new_reason() -> None:
    Lms()
    send(event(learner="cleo"))
    learner("Cleo")

    assert retry_rejected() == 0
    assert rejected().code == "not_enrolled"


@pytest.mark.parametrize(("days", "taken"), [(6, 1), (8, 0)])
def test_it_is_tried_for_a_week(days: int, taken: int) -> None:
    Lms()
    send(event(module="m9"))
    Course.objects.get().modules.create(key="m9", title="M9", position=9)
    RejectedEvent.objects.update(received_at=timezone.now() - timedelta(days=days))

    assert retry_rejected() == taken


def test_each_has_its_turn_however_many_were_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    Lms()
    monkeypatch.setattr(tasks, "AT_ONCE", 3)
    send(event("first", learner="cleo"))
    send(*(event(f"e{at}", learner="dan") for at in range(7)))
    learner("Cleo")
    send(sign_up("cleo"))

    # eight wait, of whom three are tried at once
    assert [retry_rejected() for _ in range(3)] == [1, 0, 0]
    assert not RejectedEvent.objects.open().filter(tried_at=F("received_at")).exists()


def test_those_of_a_key_that_is_gone_hold_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    Lms()
    monkeypatch.setattr(tasks, "AT_ONCE", 1)
    send(event("gone", learner="cleo"), sender=Sender("forum"))
    send(event("e1", learner="cleo"))
    learner("Cleo")
    send(sign_up("cleo"))

    assert [retry_rejected(), retry_rejected()] == [0, 1]


def test_a_key_revoked_since_is_not_tried_for() -> None:
    lms = Lms()
    send(event(learner="cleo"))
    lms.key.revoked_at = timezone.now()
    lms.key.save()
    learner("Cleo")
    send(sign_up("cleo"), sender=LMS)

    assert retry_rejected() == 0


def test_a_key_limited_to_courses_stays_so() -> None:
    lms = Lms(courses=[course("sql")])
    lms.post(event())

    assert retry_rejected() == 0
    assert rejected().code == "unknown_course"


def test_of_two_refused_events_of_one_id_the_other_waits_for_staff() -> None:
    Lms()
    send(event(learner="cleo"))
    send(event(learner="cleo", value=1))
    learner("Cleo")
    send(sign_up("cleo"))

    assert retry_rejected() == 1
    assert RejectedEvent.objects.open().get().code == "conflict"


# Events of kinds that nobody handled


def test_an_unmapped_event_is_taken_once_its_kind_is_handled() -> None:
    received = datetime(2026, 2, 1, tzinfo=UTC)
    send(event(kind="lamp.lit"))
    Event.objects.unmapped().update(received_at=received)
    seen: list[str] = []

    def note(events: Sequence[Event]) -> None:
        seen.extend(one.key for one in events)

    with kind("lamp.lit", note):
        replay_events(Course.objects.none())
    kept = Event.objects.get(kind="lamp.lit")

    assert seen == ["e1"]
    assert (kept.is_mapped, kept.received_at) == (True, received)
    assert kept.enrollment is not None


def test_an_unmapped_event_that_leads_nowhere_is_refused_then() -> None:
    send(event(kind="lamp.lit", learner="cleo"))
    with kind("lamp.lit", lambda events: None):
        replay_events(Course.objects.none())

    assert not Event.objects.filter(kind="lamp.lit").exists()
    assert rejected().code == "unknown_learner"


# The command


def test_the_command_replays_one_course(capsys: pytest.CaptureFixture[str]) -> None:
    send(event("e1"), event("e2"))
    run_of(course("sql"))
    call_command("replay_events", "--course", "py", verbosity=0)

    # two enrolments and two views
    assert "4 events replayed." in capsys.readouterr().out


def test_the_command_refuses_a_course_that_is_not_there() -> None:
    with pytest.raises(CommandError, match=r"There is no course go\."):
        call_command("replay_events", "--course", "go")


def test_a_replay_passes_over_learners_who_are_gone() -> None:
    Learner.objects.get(key="bo").delete()

    assert replay_events() == 2
    assert not Learner.objects.filter(key="bo").exists()


def test_a_replay_enters_the_run_that_was_entered() -> None:
    run_of(Course.objects.get(), "a")
    replay_events()

    assert statuses(send(event(run="r1"))) == ["accepted"]
    assert statuses(send(event("e2", run="a"))) == ["rejected"]
