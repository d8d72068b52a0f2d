"""Ada enrolls on 5 January; her events are replaced and retracted."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.people import course, learner
from curriculum.models import Enrollment
from intake.events.senders import Sender
from intake.models import Event, RejectedEvent
from intake.tasks import retry_rejected
from intake.tests.lms import Lms, event, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db
REGISTRY = Sender("registry")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def replace(**fields: Any) -> dict[str, Any]:
    return event(**fields) | {"correction": "replace"}


def retract(key: str = "e1", kind: str = "content.viewed") -> dict[str, Any]:
    return {"id": key, "kind": kind, "correction": "retract"}


def ada() -> Enrollment:
    return Enrollment.objects.get(learner__key="ada")


def test_a_replacement_replaces_the_stored_event() -> None:
    send(event(value=80))

    assert statuses(send(replace(value=95))) == ["replaced"]
    assert Event.objects.get(sender="lms").value == 95


def test_a_replacement_sent_again_is_a_duplicate() -> None:
    send(event(value=80), replace(value=95))

    assert statuses(send(replace(value=95))) == ["duplicate"]


def test_a_replacement_of_an_event_never_sent_is_accepted() -> None:
    assert statuses(send(replace(value=95))) == ["accepted"]


def test_a_rejected_replacement_leaves_the_stored_event() -> None:
    send(event(value=80))
    (outcome,) = send(replace(value=95, module="m9"))

    assert outcome.code == "unknown_module"
    assert Event.objects.get(sender="lms").value == 80


def test_a_conflict_is_resolved_when_sent_as_a_replacement() -> None:
    send(event(value=80))
    send(event(value=95))
    send(replace(value=95))

    assert not RejectedEvent.objects.open().exists()


def test_a_completion_can_be_replaced_and_retracted_in_one_batch() -> None:
    done = {"kind": "course.completed"}
    outcomes = send(event(**done), replace(at="2026-02-01T00:00:00Z", **done))

    assert statuses(outcomes) == ["accepted", "replaced"]
    assert f"{ada().completed_at:%d.%m.}" == "01.02."
    assert statuses(send(retract(kind="course.completed"))) == ["retracted"]
    assert ada().completed_at is None


def test_replacing_a_sign_up_by_another_day_moves_the_enrollment() -> None:
    send(sign_up(at="2026-03-01T00:00:00Z") | {"correction": "replace"}, sender=REGISTRY)

    assert f"{ada().started_at:%d.%m.}" == "01.03."


def test_a_retracted_event_can_be_sent_again() -> None:
    send(event())

    assert statuses(send(retract())) == ["retracted"]
    assert not Event.objects.filter(sender="lms").exists()
    assert statuses(send(retract(), event())) == ["retracted", "accepted"]


def test_a_sender_retracts_only_its_own_events() -> None:
    send(event())
    send(retract(), sender=Sender("forum"))

    assert Event.objects.filter(sender="lms").exists()


def test_a_key_limited_to_courses_cannot_change_events_of_others() -> None:
    send(event())
    limited = Sender("lms", course_ids=frozenset({course("sql").pk}))
    outcomes = send(retract(), sender=limited) + send(replace(value=1), sender=limited)

    assert [one.code for one in outcomes] == ["unknown_course", "unknown_course"]
    assert Event.objects.filter(sender="lms").exists()


def test_rejected_events_are_retracted_too() -> None:
    send(event(learner="cleo"))
    send(retract())

    assert not RejectedEvent.objects.open().exists()


def test_an_enrollment_is_deleted_with_its_sign_up_and_its_events_are_rejected() -> None:
    Lms()
    send(event())
    send(retract("enrol-ada", "enrollment.started"), sender=REGISTRY)

    assert not Enrollment.objects.filter(learner__key="ada").exists()
    assert RejectedEvent.objects.open().get().code == "not_enrolled"
    send(sign_up(), sender=REGISTRY)
    assert retry_rejected() == 1
    assert Event.objects.get(sender="lms").enrollment == ada()


def test_an_enrollment_with_two_sign_ups_stays_when_one_is_retracted() -> None:
    send(sign_up())
    send(retract("enrol-ada", "enrollment.started"))

    assert f"{ada().started_at:%d.%m.}" == "05.01."


def test_a_sign_up_replaced_with_another_learner_moves_there() -> None:
    learner("Cleo")
    send(sign_up() | {"learner": "cleo", "correction": "replace"}, sender=REGISTRY)

    assert sorted(Enrollment.objects.values_list("learner__key", flat=True)) == ["bo", "cleo"]


def test_a_retraction_names_kind_and_id() -> None:
    (outcome,) = send({"correction": "retract", "id": "e1"})

    assert (outcome.code, outcome.field) == ("missing", "kind")


def test_the_answer_counts_each_outcome() -> None:
    lms = Lms()
    answer = lms.post([event(), event("e2"), event("e2", value=3), retract("e1")])
    body = answer.json()

    assert answer.status_code == 200
    assert (body["accepted"], body["conflict"], body["retracted"]) == (2, 1, 1)
    assert body["events"][2]["code"] == "conflict"


def test_a_batch_of_conflicts_alone_is_422() -> None:
    lms = Lms()
    lms.post(event(value=1))

    assert lms.post(event(value=2)).status_code == 422
