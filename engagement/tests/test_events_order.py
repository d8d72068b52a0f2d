"""The same events give the same facts, however they come: shuffled, split, twice or replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from accounts.tests.people import moment, run_of
from curriculum.models import Course, Enrollment
from curriculum.tests.histories import HISTORIES
from engagement.models import DailyActivity, ModuleProgress, WeekPresence
from engagement.tests.tables import facts
from intake import replay
from intake.facts.rebuild_facts import rebuild_enrollments
from intake.models import Event, ImportRun
from intake.tests.lms import event, school, send, statuses, take_back

pytestmark = pytest.mark.django_db

Raw = dict[str, Any]
Again = Callable[[], object]

# many things happen at one moment
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
    """A video of 200 seconds, of which some events know the length."""
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
    """What Ada and Bo do in two months, each thing with an id of its own."""
    acts = draw(st.lists(st.tuples(ACTS, MINUTES, st.sampled_from(["ada", "bo"])), max_size=25))
    return [
        event(f"e{number}", at=_at(minutes), learner=who, **act)
        for number, (act, minutes, who) in enumerate(acts)
    ]


def _at(minutes: int) -> str:
    return (moment("2026-01-05") + timedelta(minutes=minutes)).isoformat()


def told(batches: Sequence[Sequence[Raw]], *, again: Again | None = None) -> dict[str, Any]:
    """The facts of a school to which just these batches were told."""
    with transaction.atomic():
        run_of(school(), "r2")
        for batch in batches:
            assert set(statuses(send(*batch))) <= {"accepted", "duplicate"}
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

    assert told([*batches, *batches[:2]]) == told([story])


@HISTORIES
@given(stories())
def test_replayed_events_give_the_same_facts(story: list[Raw]) -> None:
    assert told([story], again=replay.replay_events) == told([story])


@HISTORIES
@given(stories())
def test_single_learners_rebuilt_have_the_same_facts(story: list[Raw]) -> None:
    assert told([story], again=rebuild_ada) == told([story])


def rebuild_ada() -> None:
    rebuild_enrollments(Enrollment.objects.filter(learner__key="ada").values_list("pk", flat=True))


@HISTORIES
@given(stories(), st.data())
def test_what_is_deleted_and_rebuilt_was_never_there(story: list[Raw], data: Any) -> None:
    # a video keeps the length that was said of it once
    ids = [
        one["id"]
        for one in story
        if "duration" not in one.get("data", {}) and one["kind"] != "enrollment.started"
    ]
    gone = data.draw(st.sets(st.sampled_from(ids or ["e0"])))

    left = [one for one in story if one["id"] not in gone]
    was, should = told([story], again=partial(take_back, gone)), told([left])
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
    """Every table of facts, and the events themselves."""
    return facts() | {"Event": list(Event.objects.order_by("pk").values())}


def test_the_same_batch_twice_changes_no_table() -> None:
    school()
    send(*STORY)
    before = rows()

    assert set(statuses(send(*STORY))) == {"duplicate"}
    assert rows() == before


def test_imported_facts_stay_through_a_replay() -> None:
    school()
    send(*STORY)
    imported(Event.objects.get(key="e1").enrollment_id)
    before = rows()
    replay.replay_events()

    assert rows() == before
    assert DailyActivity.objects.filter(import_run__isnull=False).count() == 1
    assert ModuleProgress.objects.filter(import_run__isnull=False).count() == 1


def imported(enrollment_id: int | None) -> None:
    """Beside Ada's events stand a day's clicks and a module of an import."""
    run = ImportRun.objects.create(kind="oulad", source="a.zip", digest="0" * 64)
    day = DailyActivity.objects.get(module__key="m1")
    day.pk, day.import_run, day.interactions = None, run, 70
    day.save()
    ModuleProgress.objects.filter(planned__module__key="m2").update(import_run=run)


def test_a_replay_that_dies_leaves_the_old_facts() -> None:
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


def test_a_replay_without_facts_makes_them() -> None:
    school()
    send(*STORY)
    before = rows()
    for model in (DailyActivity, WeekPresence, ModuleProgress):
        model.objects.all().delete()
    replay.replay_events()

    assert rows() == before


def test_a_replay_leaves_the_facts_of_other_courses() -> None:
    school()
    send(*STORY)
    before = rows()
    replay.replay_events(Course.objects.none())

    assert rows() == before
