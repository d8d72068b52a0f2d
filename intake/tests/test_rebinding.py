from __future__ import annotations

import pytest

from accounts.tests.people import run_of
from curriculum.models import Course, Enrollment
from intake.events.senders import Sender
from intake.models import Event
from intake.replay import replay_events
from intake.tests.lms import LMS, event, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def test_a_sign_up_without_a_run_is_stored_with_the_run_found() -> None:
    assert Event.objects.get(key="enrol-ada").run_key == "r1"


def test_an_event_belongs_to_the_run_entered_last_before_it() -> None:
    made = Enrollment.objects.get(learner__key="ada").run.course
    run_of(made, "r2")
    send(sign_up(run="r2", at="2026-03-01T00:00:00Z") | {"id": "again"})
    send(event("e1", at="2026-02-01T00:00:00Z"), event("e2", at="2026-03-02T00:00:00Z"))
    runs = Event.objects.filter(kind="content.viewed").values_list("key", "enrollment__run__key")

    assert sorted(runs) == [("e1", "r1"), ("e2", "r2")]


def test_an_event_belongs_to_the_run_it_names() -> None:
    made = Enrollment.objects.get(learner__key="ada").run.course
    run_of(made, "r2")
    send(sign_up(run="r2", at="2026-03-01T00:00:00Z") | {"id": "again"})
    send(event(at="2026-03-02T00:00:00Z", run="r1"))

    assert Event.objects.get(kind="content.viewed").enrollment.run.key == "r1"  # type: ignore[union-attr]


def test_a_sign_up_for_one_of_several_runs_must_name_it() -> None:
    made = Enrollment.objects.get(learner__key="ada").run.course
    run_of(made, "r2")
    (outcome,) = send(sign_up() | {"id": "again"})

    assert (outcome.code, outcome.reason) == (
        "unknown_run",
        "run: name the run of “py” to enroll in. Its runs: r1, r2.",
    )


def bound() -> str:
    found = Event.objects.get(sender="lms").enrollment
    assert found is not None
    return found.run.key


@pytest.mark.parametrize("order", [("r2", "view"), ("view", "r2")])
def test_an_event_without_a_run_is_rebound_to_the_run_entered_last(order: tuple[str, str]) -> None:
    run_of(Course.objects.get(), "r2")
    second = sign_up(at="2026-04-07T00:00:00Z", run="r2") | {"id": "again"}
    raws = {"r2": (second, Sender("registry")), "view": (event(at="2026-05-01T00:00:00Z"), LMS)}
    for name in order:
        raw, sender = raws[name]
        assert statuses(send(raw, sender=sender)) == ["accepted"]

    assert bound() == "r2"


def test_an_event_that_names_its_run_is_not_rebound() -> None:
    run_of(Course.objects.get(), "r2")
    send(event(at="2026-05-01T00:00:00Z", run="r1"))
    send(sign_up(at="2026-04-07T00:00:00Z", run="r2") | {"id": "again"})

    assert Event.objects.filter(kind="content.viewed", enrollment__run__key="r1").exists()


def test_a_replay_rebinds_events() -> None:
    run_of(Course.objects.get(), "r2")
    first = Enrollment.objects.get(learner__key="ada")
    send(event(at="2026-05-01T00:00:00Z"))
    send(sign_up(at="2026-04-07T00:00:00Z", run="r2") | {"id": "again"}, sender=Sender("x"))
    Event.objects.filter(sender="lms").update(enrollment=first)
    replay_events()

    assert bound() == "r2"
