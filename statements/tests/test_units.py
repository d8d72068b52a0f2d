"""Modules are completed once the moveOn of a cmi5 unit is met."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from curriculum.erasing import erase
from curriculum.models import Course, Learner, Module
from engagement.models import ModuleProgress
from intake.events.senders import Sender
from intake.models import Event
from statements import replay
from statements.models import Mapping, Pattern, SenderDefault, Unit, UnitReport
from statements.sources.cmi5 import ABANDONED, WAIVED
from statements.tests.senders import EDX, LRS, MemoryStore, cmi5, statement, stored_events
from statements.units import EXTENSION
from statements.vocabulary import adl
from xapi.models import Activity, Agent, State

pytestmark = pytest.mark.django_db

UNIT = "https://units.example.org/u1"
REGISTRATION = "4b9175ba-367d-4b93-990f-34d4180039f1"
NINE, TEN, ELEVEN = (f"2026-01-06T{hour}:00:00+00:00" for hour in ("09", "10", "11"))


@pytest.fixture
def lrs() -> MemoryStore:
    """Return a store whose sender has an API key, and a course with the unit."""
    create_api_key(LRS.name, [ApiKey.Scope.XAPI_WRITE], creates_unknown=True)
    course = Course.objects.create(key="courses.example.org/c1", title="Statistics")
    Module.objects.create(course=course, key="units.example.org/u1", title="Means", position=1)
    return MemoryStore()


def sent(verb: str, at: str = NINE, *, session: str = "s1", **more: Any) -> dict[str, Any]:
    """Return a statement of Ada's session."""
    extensions = {f"{EXTENSION}sessionid": session} | more.pop("extensions", {})
    raw = cmi5(verb, unit=UNIT, at=at, extensions=extensions, **more)
    raw["context"]["registration"] = REGISTRATION
    return raw


LAUNCHED, COMPLETED, PASSED = (adl(verb) for verb in ("launched", "completed", "passed"))


def launch_data(move_on: str, *, who: str = "ada", **more: Any) -> None:
    """Store what the launching system demands of the unit."""
    activity, _ = Activity.objects.get_or_create(key=UNIT)
    agent, _ = Agent.objects.get_or_create(key=f"account:{EDX} {who}")
    State.objects.create(
        key="LMS.LaunchData",
        activity=activity,
        agent=agent,
        registration=REGISTRATION,
        sender="lms",
        content=json.dumps({"launchMode": "Normal", "moveOn": move_on, **more}).encode(),
        content_type="application/json",
        updated_at=timezone.now(),
    )


def completions() -> Sequence[str]:
    rows = Event.objects.filter(kind="module.completed").order_by("occurred_at")
    return [at.isoformat() for at in rows.values_list("occurred_at", flat=True)]


def test_without_launch_data_completed_completes(lrs: MemoryStore) -> None:
    lrs.take(sent(PASSED), sent(COMPLETED, TEN))

    assert completions() == [TEN]


def test_a_unit_that_must_be_passed_is_not_done_when_it_is_completed(lrs: MemoryStore) -> None:
    launch_data("Passed", masteryScore=0.8)
    lrs.take(sent(COMPLETED))
    assert completions() == []
    lrs.take(sent(PASSED, TEN, result={"score": {"scaled": 0.9}, "success": True}))

    assert completions() == [TEN]
    assert ModuleProgress.objects.get().done_at == datetime.fromisoformat(TEN)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_statements_does_not_matter(lrs: MemoryStore, order: Sequence[int]) -> None:
    launch_data("CompletedAndPassed")
    session = [sent(COMPLETED, TEN), sent(PASSED, NINE), sent(COMPLETED, ELEVEN)]
    for at in order:
        lrs.take(session[at])

    assert completions() == [TEN]


def test_a_failure_after_a_pass_changes_nothing(lrs: MemoryStore) -> None:
    launch_data("Passed")
    lrs.take(sent(PASSED))
    lrs.take(sent(adl("failed"), TEN, result={"success": False}))

    assert completions() == [NINE]


def test_a_unit_without_a_criterion_is_done_when_it_is_launched(lrs: MemoryStore) -> None:
    launch_data("NotApplicable")
    lrs.take(sent(LAUNCHED), sent(adl("initialized"), TEN), sent(COMPLETED, ELEVEN))

    assert completions() == [NINE]


def test_the_launch_says_it_where_no_launch_data_are_stored(lrs: MemoryStore) -> None:
    given = {f"{EXTENSION}moveon": "CompletedOrPassed"}
    lrs.take(sent(LAUNCHED, extensions=given), sent(PASSED, TEN))

    assert completions() == [TEN]


def test_the_launch_data_of_others_do_not_count(lrs: MemoryStore) -> None:
    launch_data("Passed", who="bo")
    lrs.take(sent(COMPLETED))

    assert completions() == [NINE]


def test_launch_data_that_cannot_be_read_are_left_out(lrs: MemoryStore) -> None:
    launch_data("Passed")
    State.objects.update(content=b"{")
    lrs.take(sent(COMPLETED))

    assert completions() == [NINE]


def test_a_waived_unit_is_waived_whatever_its_move_on(lrs: MemoryStore) -> None:
    launch_data("CompletedAndPassed")
    lrs.take(sent(WAIVED))

    assert ModuleProgress.objects.get().is_waived


def test_an_abandoned_session_satisfies_nothing_more(lrs: MemoryStore) -> None:
    launch_data("Completed")
    lrs.take(sent(ABANDONED), sent(COMPLETED, TEN))
    assert completions() == []
    lrs.take(sent(COMPLETED, ELEVEN, session="s2"))

    assert completions() == [ELEVEN]


def test_abandoning_that_is_reported_late_takes_back_what_came_after_it(lrs: MemoryStore) -> None:
    lrs.take(sent(COMPLETED, TEN))
    lrs.take(sent(ABANDONED, NINE))

    assert completions() == []


def test_voiding_the_statement_that_satisfied_leaves_the_next_one(lrs: MemoryStore) -> None:
    first = sent(COMPLETED)
    lrs.take(first, sent(COMPLETED, TEN))
    assert completions() == [NINE]
    lrs.take(statement(adl("voided"), {"objectType": "StatementRef", "id": first["id"]}))

    assert completions() == [TEN]


def test_two_senders_report_one_unit(lrs: MemoryStore) -> None:
    launch_data("CompletedAndPassed")
    lrs.take(sent(PASSED, TEN, result={"success": True}))
    lrs.take(sent(COMPLETED, NINE), sender=Sender("lms"))

    assert stored_events("sender", "kind")[-1] == ("lrs", "module.completed")


def test_a_mapping_of_staff_takes_the_place_of_move_on(lrs: MemoryStore) -> None:
    lrs.take(sent(COMPLETED))
    mapping = Mapping.objects.create(verb=COMPLETED)
    replay.replay(replay.patterns_of(mapping))
    assert completions() == []
    assert not UnitReport.objects.exists()
    mapping.delete()
    replay.replay(Pattern.objects.all())

    assert completions() == [NINE]


def test_a_unit_without_a_course_follows_once_its_sender_has_one(lrs: MemoryStore) -> None:
    one = sent(COMPLETED)
    del one["context"]["contextActivities"]["grouping"]
    lrs.take(one)
    assert Pattern.objects.get().lacks == "course"
    SenderDefault.objects.create(sender=LRS.name, course_key="stats")
    replay.replay(Pattern.objects.all())

    assert completions() == [NINE]
    assert Event.objects.get(kind="module.completed").course_key == "stats"


def test_erasing_a_learner_erases_what_their_units_report(lrs: MemoryStore) -> None:
    lrs.take(sent(COMPLETED))
    erase(Learner.objects.get())

    assert not Unit.objects.exists()


def test_a_batch_takes_as_many_queries_whatever_its_size(
    lrs: MemoryStore, django_assert_max_num_queries: Any
) -> None:
    launch_data("CompletedAndPassed")
    lrs.take(sent(PASSED))
    with django_assert_max_num_queries(110):
        lrs.take(*(sent(COMPLETED, TEN, who=f"learner-{at}") for at in range(50)), sent(COMPLETED))

    # the others have no launch data
    assert len(completions()) == 51
