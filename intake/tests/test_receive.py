from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError

from curriculum.models import Course, Enrollment, Learner
from curriculum.tests.people import course, run_of
from intake import api, rebinding
from intake.models import Event, RejectedEvent
from intake.receive import receive
from intake.replay import replay_events
from intake.senders import Sender
from intake.tests.door import CREATOR, LMS, Lms, event, kind, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def mine() -> list[str]:
    return sorted(Event.objects.filter(sender="lms").values_list("key", flat=True))


def test_an_event_is_kept_as_its_sender_wrote_it() -> None:
    send(event(module="m1", object="page", value=3))
    kept = Event.objects.get(sender="lms")

    assert (kept.learner, kept.course_key, kept.module_key) == ("ada", "py", "m1")
    assert (kept.object, kept.value, kept.data) == ("page", 3.0, {})
    assert kept.enrollment == Enrollment.objects.get(learner__key="ada")


def test_the_same_event_again_is_a_duplicate() -> None:
    send(event())

    assert statuses(send(event())) == ["duplicate"]


def test_the_same_id_with_other_content_is_a_conflict() -> None:
    send(event(value=80))
    (outcome,) = send(event(value=95))

    assert (outcome.status, outcome.code, outcome.field) == ("conflict", "conflict", "value")
    assert outcome.reason.startswith("value: the event of this kind and id said 80.0 and now says")
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


def test_the_same_moment_in_another_zone_is_the_same_content() -> None:
    send(event(at="2026-01-06T09:00:00Z", data={}))

    assert statuses(send(event(at="2026-01-06T10:00:00+01:00"))) == ["duplicate"]


def test_a_sign_up_that_leaves_the_run_to_us_is_the_same_again() -> None:
    assert statuses(send(sign_up(), sender=Sender("registry"))) == ["duplicate"]


def test_an_id_is_its_kind_s_own() -> None:
    outcomes = send(event("1"), event("1", kind="lamp.lit"))

    assert statuses(outcomes) == ["accepted", "accepted"]


def test_an_id_is_the_sender_s_own() -> None:
    lms, other = send(event()), send(event(), sender=Sender("forum"))

    assert statuses(lms) == statuses(other) == ["accepted"]


def test_an_id_twice_in_a_batch_is_taken_once() -> None:
    outcomes = send(event(value=1), event(value=1), event(value=2))

    assert statuses(outcomes) == ["accepted", "duplicate", "conflict"]
    assert Event.objects.get(sender="lms").value == 1
    assert RejectedEvent.objects.open().count() == 1


def test_a_second_event_of_an_id_that_was_refused_stands_for_itself() -> None:
    assert statuses(send(event(learner="cleo"), event())) == ["rejected", "accepted"]


def test_a_batch_says_few_different_things_of_one_id() -> None:
    outcomes = send(*(event(value=at) for at in range(12)))

    assert statuses(outcomes) == ["accepted", *["conflict"] * 9, *["rejected"] * 2]
    assert outcomes[11].code == "same_id"


def test_the_same_refused_event_twice_is_kept_once_with_its_reason() -> None:
    send(event(learner="cleo"), event(learner="cleo"))

    assert RejectedEvent.objects.get().code == "unknown_learner"


def test_an_enrolment_may_stand_after_what_it_allows() -> None:
    Learner.objects.create(key="dan")
    outcomes = send(event("e1", learner="dan"), sign_up("dan"))

    assert statuses(outcomes) == ["accepted", "accepted"]


def test_an_unknown_kind_is_kept_as_unmapped() -> None:
    assert statuses(send(event(kind="lamp.lit", course="nowhere"))) == ["accepted"]
    assert Event.objects.unmapped().get().kind == "lamp.lit"


def test_an_enrolment_without_a_run_remembers_which_it_found() -> None:
    assert Event.objects.get(key="enrol-ada").run_key == "r1"


def test_an_event_counts_for_the_run_entered_last_before_it() -> None:
    made = Enrollment.objects.get(learner__key="ada").run.course
    run_of(made, "r2")
    send(sign_up(run="r2", at="2026-03-01T00:00:00Z") | {"id": "again"})
    send(event("e1", at="2026-02-01T00:00:00Z"), event("e2", at="2026-03-02T00:00:00Z"))
    runs = Event.objects.filter(kind="content.viewed").values_list("key", "enrollment__run__key")

    assert sorted(runs) == [("e1", "r1"), ("e2", "r2")]


def test_an_event_counts_for_the_run_it_names() -> None:
    made = Enrollment.objects.get(learner__key="ada").run.course
    run_of(made, "r2")
    send(sign_up(run="r2", at="2026-03-01T00:00:00Z") | {"id": "again"})
    send(event(at="2026-03-02T00:00:00Z", run="r1"))

    assert Event.objects.get(kind="content.viewed").enrollment.run.key == "r1"  # type: ignore[union-attr]


def test_who_enters_one_of_several_runs_says_which() -> None:
    made = Enrollment.objects.get(learner__key="ada").run.course
    run_of(made, "r2")
    (outcome,) = send(sign_up() | {"id": "again"})

    assert (outcome.code, outcome.reason) == (
        "unknown_run",
        "run: say which run of “py” is entered; there are: r1, r2.",
    )


# Handlers that fail


def breaks_on(*keys: str) -> Any:
    def handler(events: Sequence[Event]) -> None:
        Learner.objects.create(key=f"made-with-{len(events)}")
        if bad := {one.key for one in events} & set(keys):
            raise IntegrityError(f"no {bad}")

    return handler


def test_a_handler_that_fails_on_one_event_takes_no_neighbour_down() -> None:
    batch = [event(f"e{at}", kind="test.broken") for at in range(5)]
    with kind("test.broken", breaks_on("e3")):
        outcomes = send(*batch, event("e9"))

    assert statuses(outcomes) == [*["accepted"] * 3, "rejected", "accepted", "accepted"]
    assert outcomes[3].code == "failed"
    assert mine() == ["e0", "e1", "e2", "e4", "e9"]


def test_what_a_failed_handler_wrote_is_undone() -> None:
    with kind("test.broken", breaks_on("e1")):
        send(event("e1", kind="test.broken"))

    assert not Learner.objects.filter(key="made-with-1").exists()
    assert RejectedEvent.objects.get().code == "failed"


def test_an_event_that_a_mended_handler_takes_settles_its_rejection() -> None:
    with kind("test.broken", breaks_on("e1")):
        send(event("e1", kind="test.broken"))
    with kind("test.broken", breaks_on()):
        send(event("e1", kind="test.broken"))

    assert RejectedEvent.objects.get().resolved_at is not None


# A database that gives way


def test_a_batch_that_met_another_writer_is_taken_again() -> None:
    calls: list[int] = []

    def busy_once(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("deadlock detected")
        return receive(*args, **more)

    with patch.object(api, "receive", busy_once):
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
def test_a_database_that_cannot_write_says_why_and_when_to_come_again(
    error: Exception, seconds: str, sentence: str
) -> None:
    with patch.object(api, "receive", side_effect=error):
        answer = Lms().post(event())

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == seconds
    assert answer.json()["code"] == "try_again"
    assert answer.json()["detail"].startswith(sentence)


def test_a_handler_s_deadlock_is_the_batch_s() -> None:
    def deadlock(events: Sequence[Event]) -> None:
        raise OperationalError("deadlock detected")

    with kind("test.locked", deadlock), pytest.raises(OperationalError):
        send(event("e1", kind="test.locked"), event("e2"))
    assert mine() == []


def test_a_batch_takes_the_same_few_queries_however_large(
    django_assert_max_num_queries: Any,
) -> None:
    batch = [event(f"e{at}", module="m1") for at in range(200)]
    with django_assert_max_num_queries(40):
        assert statuses(send(*batch)) == ["accepted"] * 200


def test_two_courses_may_come_in_one_batch() -> None:
    run_of(course("sql"))
    outcomes = send(sign_up(course="sql") | {"id": "s"}, event("e1"), event("e2", course="sql"))

    assert statuses(outcomes) == ["accepted"] * 3


# One person


def test_the_spellings_of_an_address_are_one_learner() -> None:
    spelled = ("Ada@Example.com", "ada@example.com", " ada@example.com ")
    raws = [sign_up(key) for key in spelled]
    assert statuses(send(*raws, sender=CREATOR)) == ["accepted"] * 3

    assert Enrollment.objects.filter(learner__key="ada@example.com").count() == 1


def test_a_learner_of_spaces_is_none() -> None:
    (outcome,) = send(event(learner="  "))

    assert (outcome.code, outcome.field) == ("invalid", "learner")


# Clocks that differ


@pytest.mark.parametrize(("at", "status"), [("23:55:00", "accepted"), ("23:54:59", "rejected")])
def test_an_event_just_before_the_sign_up_is_taken(at: str, status: str) -> None:
    assert statuses(send(event(at=f"2026-01-04T{at}Z"))) == [status]


# Events that do not say their run


def bound() -> str:
    found = Event.objects.get(sender="lms").enrollment
    assert found is not None
    return found.run.key


@pytest.mark.parametrize("order", [("r2", "view"), ("view", "r2")])
def test_an_event_without_a_run_belongs_to_the_one_entered_last(order: tuple[str, str]) -> None:
    run_of(Course.objects.get(), "r2")
    second = sign_up(at="2026-04-07T00:00:00Z", run="r2") | {"id": "again"}
    raws = {"r2": (second, Sender("registry")), "view": (event(at="2026-05-01T00:00:00Z"), LMS)}
    for name in order:
        raw, sender = raws[name]
        assert statuses(send(raw, sender=sender)) == ["accepted"]

    assert bound() == "r2"


def test_an_event_that_says_its_run_stays_there() -> None:
    run_of(Course.objects.get(), "r2")
    send(event(at="2026-05-01T00:00:00Z", run="r1"))
    send(sign_up(at="2026-04-07T00:00:00Z", run="r2") | {"id": "again"})

    assert Event.objects.filter(kind="content.viewed", enrollment__run__key="r1").exists()


def test_a_replay_binds_what_was_bound_to_another_run_once() -> None:
    run_of(Course.objects.get(), "r2")
    with rebinding.held():
        send(event(at="2026-05-01T00:00:00Z"))
        send(sign_up(at="2026-04-07T00:00:00Z", run="r2") | {"id": "again"}, sender=Sender("x"))
    replay_events()

    assert bound() == "r2"
