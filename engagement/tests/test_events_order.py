"""The same events give the same facts: shuffled, split, repeated or replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from accounts.tests.people import moment, run_of
from core.changes import gathered
from curriculum.models import Course, Enrollment
from curriculum.tests.histories import HISTORIES
from engagement.models import DailyActivity, ModuleProgress, WeekPresence
from engagement.tests.tables import facts
from intake import replay
from intake.facts.rebuild_facts import rebuild_enrollments
from intake.models import Event, ImportRun
from intake.tests.lms import event, purge, school, send, statuses, take_back

pytestmark = pytest.mark.django_db

Raw = dict[str, Any]
Again = Callable[[], object]

# few minutes, so that many things happen at the same moment
MINUTES = st.one_of(st.integers(0, 60 * 24 * 60), st.integers(0, 8).map(lambda day: day * 1440))
RUNS = {"run": st.sampled_from([None, None, "r1"])}
TRACKS = st.sampled_from([{}, {"track": "certificate"}, {"track": "audit"}])
PLACES = {"module": st.sampled_from(["m1", "m2"])}
SHARES = st.floats(0, 1)
SPANS = st.tuples(st.floats(0, 300), st.floats(0, 300)).map(sorted)
SEGMENTS = st.lists(SPANS, min_size=1, max_size=3)
ITEMS = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from(["q1", "q2"]), "score": SHARES}),
    max_size=2,
    unique_by=lambda item: item["id"],
)


def of(kind: str, **fields: SearchStrategy[Any]) -> SearchStrategy[Raw]:
    return st.fixed_dictionaries({"kind": st.just(kind), **RUNS, **fields})


def video(kind: str, **fields: SearchStrategy[Any]) -> SearchStrategy[Raw]:
    """A video of 200 seconds, whose length only some events report."""
    return of(kind, object=st.just("v"), module=st.just("m1"), **fields)


LENGTH = st.sampled_from([{}, {"duration": 200}, {"duration": 250}])
GRADES = st.fixed_dictionaries({"attempt": st.integers(1, 2), "items": ITEMS})
ACTS: SearchStrategy[Raw] = st.one_of(
    of("content.viewed", **PLACES),
    of("discussion.posted"),
    of("module.completed", **PLACES),
    of("module.waived", **PLACES),
    of("enrollment.started", run=st.sampled_from(["r1", "r2"]), data=TRACKS),
    of("enrollment.paused"),
    of("enrollment.resumed"),
    of("enrollment.withdrawn"),
    of("course.completed"),
    of("quiz.attempted", object=st.just("z"), module=st.just("m2")),
    of("assessment.graded", object=st.just("x"), value=SHARES, data=GRADES),
    of("assessment.graded", object=st.just("x"), value=SHARES, data=GRADES, **PLACES),
    video("video.watched", data=SEGMENTS.map(lambda spans: {"segments": spans})),
    video("video.played", value=st.floats(0, 300), data=LENGTH),
    video("video.paused", value=st.floats(0, 300), data=LENGTH),
)


@st.composite
def stories(draw: DrawFn) -> list[Raw]:
    """What Ada and Bo do in two months, each event with its own id."""
    acts = draw(st.lists(st.tuples(ACTS, MINUTES, st.sampled_from(["ada", "bo"])), max_size=25))
    return [
        event(f"e{number}", at=_at(minutes), learner=who, **act)
        for number, (act, minutes, who) in enumerate(acts)
    ]


def names_only_an_object(one: Raw) -> bool:
    return "object" in one and "module" not in one


def _at(minutes: int) -> str:
    return (moment("2026-01-05") + timedelta(minutes=minutes)).isoformat()


def facts_after(
    batches: Sequence[Sequence[Raw]], *, again: Again | None = None, forgets: bool = False
) -> dict[str, Any]:
    """The facts of a new course after these batches; `forgets` deletes the events after each."""
    with transaction.atomic():
        run_of(school(), "r2")
        for batch in batches:
            assert set(statuses(send(*batch))) <= {"accepted", "duplicate"}
            if forgets:
                Event.objects.all().delete()
        if again:
            again()
        found = facts()
        transaction.set_rollback(True)
    return found


@HISTORIES
@given(stories(), st.data())
def test_shuffled_and_split_events_give_the_same_facts(story: list[Raw], data: Any) -> None:
    mixed = data.draw(st.permutations(story))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(story)), max_size=4)))
    edges = [0, *cuts, len(story)]
    batches = [mixed[a:b] for a, b in pairwise(edges)]

    assert facts_after([*batches, *batches[:2]]) == facts_after([story])


@HISTORIES
@given(stories(), st.data())
def test_later_events_give_the_same_facts_without_the_old_ones(story: list[Raw], data: Any) -> None:
    # a late sign-up for another run and a late module of an object move stored events only
    story = [
        one
        for one in story
        if (one["kind"], one.get("run")) != ("enrollment.started", "r2")
        and not names_only_an_object(one)
    ]
    mixed = data.draw(st.permutations(story))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(story)), max_size=2)))
    batches = [mixed[a:b] for a, b in pairwise([0, *cuts, len(story)])]

    assert facts_after(batches, forgets=True) == facts_after(batches)


@HISTORIES
@given(stories())
def test_replayed_events_give_the_same_facts(story: list[Raw]) -> None:
    assert facts_after([story], again=replay.replay_events) == facts_after([story])


@HISTORIES
@given(stories(), st.data())
def test_a_replay_keeps_the_facts_of_purged_events(story: list[Raw], data: Any) -> None:
    gone = data.draw(st.sets(st.sampled_from([one["id"] for one in story] or ["e0"])))

    def purge_replay_and_resend() -> None:
        purge(gone)
        replay.replay_events()
        assert set(statuses(send(*story))) <= {"duplicate"}

    assert facts_after([story], again=purge_replay_and_resend) == facts_after([story])


@HISTORIES
@given(stories(), st.data())
def test_events_after_a_purge_give_the_same_facts(story: list[Raw], data: Any) -> None:
    # a sign-up for another run, a late pause and a late module look at the events before them
    story = [
        one
        for one in story
        if one.get("run") != "r2"
        and one["kind"] != "enrollment.paused"
        and not names_only_an_object(one)
    ]
    cut = data.draw(st.integers(0, len(story)))

    def purge_receive_and_replay() -> None:
        purge({one["id"] for one in story[:cut]})
        assert set(statuses(send(*story[cut:]))) <= {"accepted"}
        replay.replay_events()

    assert facts_after([story[:cut]], again=purge_receive_and_replay) == facts_after([story])


@HISTORIES
@given(stories())
def test_rebuilding_single_learners_gives_the_same_facts(story: list[Raw]) -> None:
    assert facts_after([story], again=rebuild_ada) == facts_after([story])


def rebuild_ada() -> None:
    ids = Enrollment.objects.filter(learner__key="ada").values_list("pk", flat=True)
    with gathered() as changes:
        rebuild_enrollments(ids, now=timezone.now(), changes=changes)


@HISTORIES
@given(stories(), st.data())
def test_deleted_events_leave_no_facts_after_a_rebuild(story: list[Raw], data: Any) -> None:
    # an object keeps a length and a module once they were reported
    ids = [
        one["id"]
        for one in story
        if "duration" not in one.get("data", {})
        and one["kind"] != "enrollment.started"
        and not {"object", "module"} <= one.keys()
    ]
    gone = data.draw(st.sets(st.sampled_from(ids or ["e0"])))

    left = [one for one in story if one["id"] not in gone]
    was, should = facts_after([story], again=partial(take_back, gone)), facts_after([left])
    assert {name: was[name] for name in was if name != "LearningObject"} == {
        name: should[name] for name in should if name != "LearningObject"
    }


STORY = [
    event("e1", module="m1"),
    event("e2", "video.watched", object="v", module="m1", data={"segments": [[0, 9.7]]}),
    event("e3", "quiz.attempted", object="z", module="m2"),
    event("e4", "assessment.graded", object="x", value=0.1, data={"max": 0.3}),
    event("e5", "module.completed", module="m1"),
]


def rows() -> dict[str, Any]:
    """All rows of facts and events."""
    return facts() | {"Event": list(Event.objects.order_by("pk").values())}


def test_the_same_batch_twice_changes_no_table() -> None:
    school()
    send(*STORY)
    before = rows()

    assert set(statuses(send(*STORY))) == {"duplicate"}
    assert rows() == before


def test_a_replay_keeps_imported_facts() -> None:
    school()
    send(*STORY)
    imported(Event.objects.get(key="e1").enrollment_id)
    before = rows()
    replay.replay_events()

    assert rows() == before
    assert DailyActivity.objects.filter(import_run__isnull=False).count() == 1
    assert ModuleProgress.objects.filter(import_run__isnull=False).count() == 1


def imported(enrollment_id: int | None) -> None:
    """Add a day of clicks and a module's progress from an import to Ada's facts."""
    run = ImportRun.objects.create(kind="oulad", source="a.zip", digest="0" * 64)
    day = DailyActivity.objects.get(module__key="m1")
    day.pk, day.import_run, day.interactions = None, run, 70
    day.save()
    ModuleProgress.objects.filter(planned__module__key="m2").update(import_run=run)


def test_a_failed_replay_leaves_the_old_facts() -> None:
    school()
    send(*STORY)
    before = rows()
    with (
        patch.object(replay, "dispatch", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
        transaction.atomic(),
    ):
        replay.replay_events()

    assert rows() == before


def test_a_replay_without_facts_creates_them() -> None:
    school()
    send(*STORY)
    before = rows()
    for model in (DailyActivity, WeekPresence, ModuleProgress):
        model.objects.all().delete()
    replay.replay_events()

    assert rows() == before


def test_a_replay_leaves_other_courses_alone() -> None:
    school()
    send(*STORY)
    before = rows()
    replay.replay_events(Course.objects.none())

    assert rows() == before
