from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from accounts.tests.people import course, learner, run_of
from curriculum.models import Course, Learner
from intake import tasks
from intake.event_batch import EventBatch
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


# Rejected events


def test_a_rejected_event_is_stored_once_however_often_it_is_sent() -> None:
    for _ in range(2):
        send(event(learner="cleo"))

    assert (rejected().code, rejected().key) == ("unknown_learner", "e1")


def test_a_corrected_event_is_accepted_and_its_rejection_resolved() -> None:
    send(event(learner="cleo"))
    outcome = replay_rejected(correct(learner="ada"))

    assert outcome.status == "accepted"
    assert Event.objects.get(sender="lms").learner == "ada"
    assert rejected().resolved_at is not None


def test_an_event_rejected_again_has_the_new_reason() -> None:
    send(event(learner="cleo"))
    outcome = replay_rejected(correct(learner="ada", module="m9"))

    assert outcome.code == rejected().code == "unknown_module"
    assert rejected().resolved_at is None


def test_a_correction_without_an_id_resolves_no_other_rejection() -> None:
    send(event(None), event(None, learner="bo"))
    first, second = RejectedEvent.objects.order_by("pk")
    replay_rejected(first)

    assert list(RejectedEvent.objects.order_by("pk")) == [first, second]


def test_a_resent_event_resolves_its_rejection() -> None:
    send(event(learner="cleo"))
    send(event())

    assert rejected().resolved_at is not None


def test_the_event_of_another_sender_resolves_nothing() -> None:
    send(event(learner="cleo"))
    send(event(), sender=Sender("forum"))

    assert rejected().resolved_at is None


def test_a_broken_line_is_stored_and_can_be_corrected() -> None:
    Lms().post(b'{"id": "e1",', "application/x-ndjson")
    row = rejected()
    assert replay_rejected(row).code == "not_json"

    row.payload = json.dumps(event())
    row.save()
    assert replay_rejected(row).status == "accepted"


def test_a_truncated_event_cannot_be_replayed() -> None:
    send(event(data={"a": "x" * 100_000}))
    outcome = replay_rejected(rejected())

    assert outcome.reason == "The event was too long to be stored completely; send it again."


def test_half_a_surrogate_pair_is_stored_as_sent() -> None:
    send(event(data={"a": "ä\ud800"}))

    assert json.loads(rejected().payload)["data"] == {"a": "ä\ud800"}


def test_an_escaped_backslash_before_u0000_is_not_a_nul() -> None:
    send(event(learner="cleo", object="C:\\u0000"))

    assert json.loads(rejected().payload)["object"] == "C:\\u0000"


# Automatic retries


def test_an_event_is_accepted_once_its_missing_row_exists() -> None:
    Lms()
    send(event("e1", learner="cleo"), event("e2", course="go"), event("e3", value="x"))
    learner("Cleo")
    send(sign_up("cleo"))

    assert retry_rejected() == 1
    assert Event.objects.get(key="e1").enrollment is not None
    assert set(RejectedEvent.objects.open().values_list("key", flat=True)) == {"e2", "e3"}


def test_an_event_that_fails_again_has_the_new_reason() -> None:
    Lms()
    send(event(learner="cleo"))
    learner("Cleo")

    assert retry_rejected() == 0
    assert rejected().code == "not_enrolled"


@pytest.mark.parametrize(("days", "taken"), [(6, 1), (8, 0)])
def test_rejected_events_are_retried_for_a_week(days: int, taken: int) -> None:
    Lms()
    send(event(module="m9"))
    Course.objects.get().modules.create(key="m9", title="M9", position=9)
    RejectedEvent.objects.update(received_at=timezone.now() - timedelta(days=days))

    assert retry_rejected() == taken


def test_every_rejected_event_is_retried_eventually(monkeypatch: pytest.MonkeyPatch) -> None:
    Lms()
    monkeypatch.setattr(tasks, "MAX_RETRIED", 3)
    send(event("first", learner="cleo"))
    send(*(event(f"e{at}", learner="dan") for at in range(7)))
    learner("Cleo")
    send(sign_up("cleo"))

    # eight are open, and three are retried at a time
    assert [retry_rejected() for _ in range(3)] == [1, 0, 0]
    assert not RejectedEvent.objects.open().filter(tried_at=F("received_at")).exists()


def test_events_of_a_deleted_key_do_not_delay_others(monkeypatch: pytest.MonkeyPatch) -> None:
    Lms()
    monkeypatch.setattr(tasks, "MAX_RETRIED", 1)
    send(event("gone", learner="cleo"), sender=Sender("forum"))
    send(event("e1", learner="cleo"))
    learner("Cleo")
    send(sign_up("cleo"))

    assert [retry_rejected(), retry_rejected()] == [0, 1]


def test_events_of_a_revoked_key_are_not_retried() -> None:
    lms = Lms()
    send(event(learner="cleo"))
    lms.key.revoked_at = timezone.now()
    lms.key.save()
    learner("Cleo")
    send(sign_up("cleo"), sender=LMS)

    assert retry_rejected() == 0


def test_a_retry_respects_the_courses_of_the_key() -> None:
    lms = Lms(courses=[course("sql")])
    lms.post(event())

    assert retry_rejected() == 0
    assert rejected().code == "unknown_course"


def test_of_two_rejected_events_with_one_id_the_other_stays_open() -> None:
    Lms()
    send(event(learner="cleo"))
    send(event(learner="cleo", value=1))
    learner("Cleo")
    send(sign_up("cleo"))

    assert retry_rejected() == 1
    assert RejectedEvent.objects.open().get().code == "conflict"


# Unmapped events


def test_an_unmapped_event_is_received_once_its_kind_is_handled() -> None:
    received = datetime(2026, 2, 1, tzinfo=UTC)
    send(event(kind="lamp.lit"))
    Event.objects.unmapped().update(received_at=received)
    seen: list[str] = []

    def note(batch: EventBatch) -> None:
        seen.extend(one.key for one in batch.events)

    with kind("lamp.lit", note):
        replay_events(Course.objects.none())
    kept = Event.objects.get(kind="lamp.lit")

    assert seen == ["e1"]
    assert (kept.is_mapped, kept.received_at) == (True, received)
    assert kept.enrollment is not None


def test_an_unmapped_event_with_unknown_references_is_rejected_then() -> None:
    send(event(kind="lamp.lit", learner="cleo"))
    with kind("lamp.lit", lambda batch: None):
        replay_events(Course.objects.none())

    assert not Event.objects.filter(kind="lamp.lit").exists()
    assert rejected().code == "unknown_learner"


# The command


def test_the_command_replays_one_course(capsys: pytest.CaptureFixture[str]) -> None:
    send(event("e1"), event("e2"))
    run_of(course("sql"))
    call_command("replay_events", "--course", "py", verbosity=0)

    # two enrollments and two views
    assert "Events replayed: 4." in capsys.readouterr().out


def test_the_command_rejects_an_unknown_course() -> None:
    with pytest.raises(CommandError, match=r"Unknown course: go\."):
        call_command("replay_events", "--course", "go")


def test_a_replay_skips_deleted_learners() -> None:
    Learner.objects.get(key="bo").delete()

    assert replay_events() == 2
    assert not Learner.objects.filter(key="bo").exists()


def test_a_replay_enrolls_in_the_same_run() -> None:
    run_of(Course.objects.get(), "a")
    replay_events()

    assert statuses(send(event(run="r1"))) == ["accepted"]
    assert statuses(send(event("e2", run="a"))) == ["rejected"]
