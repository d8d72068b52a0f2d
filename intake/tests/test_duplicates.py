from __future__ import annotations

from typing import Any

import pytest

from intake.events.senders import Sender
from intake.models import Event, RejectedEvent
from intake.tests.lms import event, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def test_the_same_event_again_is_a_duplicate() -> None:
    send(event())

    assert statuses(send(event())) == ["duplicate"]


def test_the_same_id_with_other_content_is_a_conflict() -> None:
    send(event(value=80))
    (outcome,) = send(event(value=95))

    assert (outcome.status, outcome.code, outcome.field) == ("conflict", "conflict", "value")
    assert outcome.reason.startswith("value: the stored event has 80.0, this one has")
    assert Event.objects.get(sender="lms").value == 80
    assert RejectedEvent.objects.open().get().code == "conflict"


@pytest.mark.parametrize(
    ("now", "field"),
    [
        ({"at": "2026-01-07T09:00:00Z"}, "occurred_at"),
        ({"learner": "bo"}, "learner"),
        ({"module": "m1"}, "module"),
        ({"value": 0}, "value"),
        ({"data": {"lamp": "off"}}, "data.lamp"),
    ],
)
def test_a_conflict_names_the_field_that_differs(now: dict[str, Any], field: str) -> None:
    lamp = {"kind": "lamp.lit", "data": {"lamp": "on"}}
    send(event(**lamp))
    (outcome,) = send(event(**lamp | now))

    assert (outcome.status, outcome.field) == ("conflict", field)


def test_the_same_time_in_another_zone_is_a_duplicate() -> None:
    send(event(at="2026-01-06T09:00:00Z", data={}))

    assert statuses(send(event(at="2026-01-06T10:00:00+01:00"))) == ["duplicate"]


def test_a_sign_up_without_a_run_sent_again_is_a_duplicate() -> None:
    assert statuses(send(sign_up(), sender=Sender("registry"))) == ["duplicate"]


def test_ids_are_unique_per_kind() -> None:
    outcomes = send(event("1"), event("1", kind="lamp.lit"))

    assert statuses(outcomes) == ["accepted", "accepted"]


def test_ids_are_unique_per_sender() -> None:
    lms, other = send(event()), send(event(), sender=Sender("forum"))

    assert statuses(lms) == statuses(other) == ["accepted"]


def test_an_event_twice_in_a_batch_is_stored_once() -> None:
    outcomes = send(event(value=1), event(value=1), event(value=2))

    assert statuses(outcomes) == ["accepted", "duplicate", "conflict"]
    assert Event.objects.get(sender="lms").value == 1
    assert RejectedEvent.objects.open().count() == 1


def test_a_second_event_with_a_rejected_id_is_checked_by_itself() -> None:
    assert statuses(send(event(learner="cleo"), event())) == ["rejected", "accepted"]


def test_a_batch_may_contain_few_versions_of_one_event() -> None:
    outcomes = send(*(event(value=at) for at in range(12)))

    assert statuses(outcomes) == ["accepted", *["conflict"] * 9, *["rejected"] * 2]
    assert outcomes[11].code == "same_id"


def test_the_same_rejected_event_twice_is_stored_once_with_its_reason() -> None:
    send(event(learner="cleo"), event(learner="cleo"))

    assert RejectedEvent.objects.get().code == "unknown_learner"
