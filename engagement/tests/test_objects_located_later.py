"""Events that only name an object count in its module, whenever that becomes known."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import DailyActivity, ModuleProgress
from intake import replay
from intake.events.senders import Sender
from intake.models import Event
from intake.tests.lms import event, purge, school, send, statuses

pytestmark = pytest.mark.django_db

DEFINER = Sender("lms", scopes=frozenset({"curriculum:write"}))
READING = event("e1", "content.viewed", object="q1")
LOCATED = event("e2", "quiz.attempted", object="q1", module="m2", learner="bo")


def days() -> list[tuple[Any, ...]]:
    rows = DailyActivity.objects.order_by("enrollment__learner__key", "module__key")
    return list(rows.values_list("enrollment__learner__key", "module__key", "interactions"))


def reached(who: str) -> list[str]:
    rows = ModuleProgress.objects.filter(planned__enrollment__learner__key=who)
    return list(rows.order_by("planned__position").values_list("planned__module__key", flat=True))


def define(kind: str = "quiz", module: str = "m1", at: str = "2026-01-02T00:00:00Z") -> None:
    content = {"modules": [{"key": module, "title": "A", "objects": [{"key": "q1", "kind": kind}]}]}
    defined = event(f"d-{kind}", "course.defined", at=at, learner=None, data=content)
    assert statuses(send(defined, sender=DEFINER)) == ["accepted"]


def test_another_event_says_later_where_the_object_is() -> None:
    school()
    send(READING)
    send(LOCATED)

    assert days() == [("ada", "m2", 1), ("bo", "m2", 1)]
    assert reached("ada") == ["m1", "m2"]


def test_an_event_of_the_same_batch_says_where_the_object_is() -> None:
    school()
    send(READING, LOCATED)

    assert days() == [("ada", "m2", 1), ("bo", "m2", 1)]


def test_a_definition_says_later_where_the_object_is() -> None:
    school()
    send(READING)
    define()

    assert days() == [("ada", "m1", 1)]
    assert reached("ada") == ["m1"]


def test_an_object_moves_with_the_events_that_only_name_it() -> None:
    school()
    send(READING, LOCATED)
    define(module="m1")

    assert days() == [("ada", "m1", 1), ("bo", "m2", 1)]


def test_an_object_of_two_modules_is_in_neither() -> None:
    school()
    send(READING, LOCATED)
    define(kind="video", module="m1")

    assert days() == [("ada", None, 1), ("bo", "m2", 1)]


def test_events_of_learners_with_purged_events_stay_where_they_are() -> None:
    school()
    send(event("e0", "note.written"), READING)
    purge({"e0"})
    send(LOCATED)

    assert days() == [("ada", None, 2), ("bo", "m2", 1)]
    assert Event.objects.get(key="e1").module_id is None


def test_a_replay_moves_events_that_arrived_before_the_definition() -> None:
    school()
    send(READING, LOCATED)
    # as they were stored before events followed their objects
    Event.objects.filter(key="e1").update(module=None)
    replay.replay_events()

    assert days() == [("ada", "m2", 1), ("bo", "m2", 1)]


def test_an_object_that_stays_costs_no_look_at_stored_events() -> None:
    school()
    send(READING, LOCATED)
    with CaptureQueriesContext(connection) as found:
        send(event("e3", "quiz.attempted", object="q1", module="m2"))

    assert not [one for one in found.captured_queries if "event.module_key" in one["sql"]]
