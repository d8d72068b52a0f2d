from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError

from accounts.tests.people import course, run_of
from curriculum.models import Enrollment, Learner
from intake.api import views
from intake.event_batch import EventBatch
from intake.models import Event, RejectedEvent
from intake.receiving.receive import receive
from intake.tests.lms import CREATOR, Lms, event, kind, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def mine() -> list[str]:
    return sorted(Event.objects.filter(sender="lms").values_list("key", flat=True))


def test_an_event_is_stored_as_its_sender_wrote_it() -> None:
    send(event(module="m1", object="page", value=3))
    kept = Event.objects.get(sender="lms")

    assert (kept.learner, kept.course_key, kept.module_key) == ("ada", "py", "m1")
    assert (kept.object, kept.value, kept.data) == ("page", 3.0, {})
    assert kept.enrollment == Enrollment.objects.get(learner__key="ada")


def test_an_enrollment_may_follow_its_events_in_a_batch() -> None:
    Learner.objects.create(key="dan")
    outcomes = send(event("e1", learner="dan"), sign_up("dan"))

    assert statuses(outcomes) == ["accepted", "accepted"]


def test_an_event_of_an_unknown_kind_is_stored_as_unmapped() -> None:
    assert statuses(send(event(kind="lamp.lit", course="nowhere"))) == ["accepted"]
    assert Event.objects.unmapped().get().kind == "lamp.lit"


def breaks_on(*keys: str) -> Any:
    def handler(batch: EventBatch) -> None:
        Learner.objects.create(key=f"made-with-{len(batch.events)}")
        if bad := {one.key for one in batch.events} & set(keys):
            raise IntegrityError(f"no {bad}")

    return handler


def test_an_event_whose_handler_fails_does_not_affect_others() -> None:
    batch = [event(f"e{at}", kind="test.broken") for at in range(5)]
    with kind("test.broken", breaks_on("e3")):
        outcomes = send(*batch, event("e9"))

    assert statuses(outcomes) == [*["accepted"] * 3, "rejected", "accepted", "accepted"]
    assert outcomes[3].code == "failed"
    assert mine() == ["e0", "e1", "e2", "e4", "e9"]


def test_the_writes_of_a_failed_handler_are_rolled_back() -> None:
    with kind("test.broken", breaks_on("e1")):
        send(event("e1", kind="test.broken"))

    assert not Learner.objects.filter(key="made-with-1").exists()
    assert RejectedEvent.objects.get().code == "failed"


def test_a_rejection_is_resolved_once_its_handler_is_fixed() -> None:
    with kind("test.broken", breaks_on("e1")):
        send(event("e1", kind="test.broken"))
    with kind("test.broken", breaks_on()):
        send(event("e1", kind="test.broken"))

    assert RejectedEvent.objects.get().resolved_at is not None


def test_a_batch_is_retried_if_the_database_was_busy() -> None:
    calls: list[int] = []

    def busy_once(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("deadlock detected")
        return receive(*args, **more)

    with patch.object(views, "receive", busy_once):
        answer = Lms().post(event())

    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize(
    ("error", "seconds", "sentence"),
    [
        (OperationalError("database is locked"), "2", "The database is busy"),
        (OperationalError("database or disk is full"), "60", "The database's disk is full"),
        (InterfaceError("connection already closed"), "5", "The database cannot be reached"),
    ],
)
def test_a_database_outage_is_answered_with_the_reason_and_retry_after(
    error: Exception, seconds: str, sentence: str
) -> None:
    with patch.object(views, "receive", side_effect=error):
        answer = Lms().post(event())

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == seconds
    assert answer.json()["code"] == "try_again"
    assert answer.json()["detail"].startswith(sentence)


def test_a_deadlock_in_a_handler_fails_the_batch() -> None:
    def deadlock(batch: EventBatch) -> None:
        raise OperationalError("deadlock detected")

    with kind("test.locked", deadlock), pytest.raises(OperationalError):
        send(event("e1", kind="test.locked"), event("e2"))
    assert mine() == []


def test_the_number_of_queries_does_not_depend_on_the_batch_size(
    django_assert_max_num_queries: Any,
) -> None:
    batch = [event(f"e{at}", module="m1") for at in range(200)]
    with django_assert_max_num_queries(40):
        assert statuses(send(*batch)) == ["accepted"] * 200


def test_one_batch_may_contain_two_courses() -> None:
    run_of(course("sql"))
    outcomes = send(sign_up(course="sql") | {"id": "s"}, event("e1"), event("e2", course="sql"))

    assert statuses(outcomes) == ["accepted"] * 3


def test_different_spellings_of_an_address_are_one_learner() -> None:
    spelled = ("Ada@Example.com", "ada@example.com", " ada@example.com ")
    raws = [sign_up(key) for key in spelled]
    assert statuses(send(*raws, sender=CREATOR)) == ["accepted"] * 3

    assert Enrollment.objects.filter(learner__key="ada@example.com").count() == 1


def test_a_learner_key_of_spaces_is_rejected() -> None:
    (outcome,) = send(event(learner="  "))

    assert (outcome.code, outcome.field) == ("invalid", "learner")


@pytest.mark.parametrize(("at", "status"), [("23:55:00", "accepted"), ("23:54:59", "rejected")])
def test_an_event_shortly_before_the_sign_up_is_accepted(at: str, status: str) -> None:
    assert statuses(send(event(at=f"2026-01-04T{at}Z"))) == [status]
