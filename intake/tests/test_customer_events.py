"""Events without a course or a learner, and kinds that two apps handle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from curriculum.models import Course
from intake import event_kinds, replay
from intake.event_batch import EventBatch
from intake.event_kinds import KINDS, EventSubject, handles
from intake.events.senders import Sender
from intake.models import Event
from intake.tests.lms import LMS, event, kind, school, send, statuses

pytestmark = pytest.mark.django_db

Taken = list[tuple[str, ...]]


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


@pytest.fixture
def lamps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Taken]:
    """Declare a kind about customers; collect the calls of its handler and resets."""
    taken: Taken = []

    def lit(batch: EventBatch) -> None:
        taken.append(tuple(one.key for one in batch.events))

    handles("lamp.lit", about=EventSubject.CUSTOMER)(lit)
    monkeypatch.setattr(
        replay, "COURSE_RESETS", [lambda ids, changes: taken.append(("reset", *map(str, ids)))]
    )
    monkeypatch.setattr(
        replay, "RESETS_WITHOUT_COURSE", [lambda changes: taken.append(("reset loose",))]
    )
    yield taken
    del KINDS["lamp.lit"]


def lamp(key: str, **more: object) -> dict[str, object]:
    return event(key, "lamp.lit", learner=more.get("learner"), course=more.get("course"))


def test_neither_a_course_nor_a_learner_is_needed(lamps: Taken) -> None:
    assert (
        statuses(send(lamp("e1"), lamp("e2", course="py"), lamp("e3", learner="ada")))
        == ["accepted"] * 3
    )
    assert list(Event.objects.filter(kind="lamp.lit").values_list("course__key", flat=True)) == [
        None,
        "py",
        None,
    ]


def test_a_course_or_learner_that_is_named_must_exist(lamps: Taken) -> None:
    outcomes = send(lamp("e1", course="go"), lamp("e2", learner="cleo"))

    assert [one.code for one in outcomes] == ["unknown_course", "unknown_learner"]


def test_a_sender_limited_to_courses_must_name_one(lamps: Taken) -> None:
    mine = Sender("lms", course_ids=frozenset(Course.objects.values_list("pk", flat=True)))

    assert statuses(send(lamp("e1"), lamp("e2", course="py"), sender=mine)) == [
        "rejected",
        "accepted",
    ]


def test_events_without_a_course_are_replayed_after_the_courses(lamps: Taken) -> None:
    send(lamp("e1"), lamp("e2", course="py"))
    lamps.clear()
    replay.replay_events()
    course = str(Course.objects.get().pk)

    assert lamps == [("reset", course), ("e2",), ("reset loose",), ("e1",)]


def test_a_replay_of_courses_leaves_the_events_without_one(lamps: Taken) -> None:
    send(lamp("e1"), lamp("e2", course="py"))
    lamps.clear()
    replay.replay_events(Course.objects.all())

    assert ("e1",) not in lamps
    assert ("reset loose",) not in lamps


def test_an_app_can_listen_to_the_events_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setitem(event_kinds.LISTENERS, "lamp.lit", [])
    event_kinds.on_event("lamp.lit")(lambda batch: heard.append(f"also {batch.events[0].key}"))
    with kind("lamp.lit", lambda batch: heard.append(batch.events[0].key)):
        send(event(kind="lamp.lit"))

    assert heard == ["e1", "also e1"]


def test_an_event_is_not_stored_if_a_listener_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(batch: EventBatch) -> None:
        raise ValueError("no")

    monkeypatch.setitem(event_kinds.LISTENERS, "lamp.lit", [fail])
    with kind("lamp.lit", lambda batch: None):
        (outcome,) = send(event(kind="lamp.lit"), sender=LMS)

    assert outcome.code == "failed"
    assert not Event.objects.filter(kind="lamp.lit").exists()
