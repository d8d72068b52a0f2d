"""The order and grouping of answers do not change facts, and neither does a replay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from accounts.tests.people import moment
from curriculum.tests.histories import HISTORIES
from intake import replay
from intake.models import Event
from intake.tests.lms import event, purge, school, send, statuses, take_back
from outcomes.models import CareerOutcome, Invitation, Response, Survey

pytestmark = pytest.mark.django_db

Raw = dict[str, Any]
Again = Callable[[], object]

WAVES = {"survey": st.just("s"), "wave": st.sampled_from(["w1", "w2"])}
IMPACTS = ["placement", "promotion", "project"]
SAID = st.one_of(
    st.fixed_dictionaries({"nps": st.integers(0, 10)}),
    st.fixed_dictionaries({"csat": st.integers(1, 5), "comment": st.sampled_from(["", "Fine"])}),
    st.fixed_dictionaries({"career": st.lists(st.sampled_from(IMPACTS), max_size=2)}),
)


def of(kind: str, data: SearchStrategy[Raw]) -> SearchStrategy[Raw]:
    return st.fixed_dictionaries({"kind": st.just(kind), "data": data})


ASKED = st.fixed_dictionaries(WAVES)
ACTS: SearchStrategy[Raw] = st.one_of(
    of("survey.sent", ASKED),
    of("survey.dismissed", ASKED),
    of("survey.answered", st.tuples(ASKED, SAID).map(lambda both: {**both[0], **both[1]})),
    of("career.reported", st.fixed_dictionaries({"kind": st.sampled_from([*IMPACTS, "none"])})),
    of("course.completed", st.just({})),
)


@st.composite
def stories(draw: DrawFn) -> list[Raw]:
    """The answers of Ada and Bo in ten days, often simultaneous."""
    acts = draw(st.lists(st.tuples(ACTS, st.integers(0, 10), st.sampled_from(["ada", "bo"]))))
    return [
        event(f"e{number}", at=_at(days), learner=who, **act)
        for number, (act, days, who) in enumerate(acts)
    ]


def _at(days: int) -> str:
    return (moment("2026-01-05") + timedelta(days=days)).isoformat()


WHO = ("enrollment__learner__key",)
PLACE = (*WHO, "wave__survey__key", "wave__key")
COLUMNS = {
    Survey: ("key", "asks_nps", "asks_csat", "asks_career", "asks_comment"),
    Invitation: (*PLACE, "sent_at", "dismissed_at", "claimed_at"),
    Response: (*PLACE, "answered_at", "nps", "csat", "comment", "may_quote", "language"),
    CareerOutcome: (*WHO, "response__wave__key", "kind", "happened_on", "reported_at"),
}


def facts() -> dict[str, Any]:
    return {
        model.__name__: sorted(model._default_manager.values_list(*columns), key=repr)
        for model, columns in COLUMNS.items()
    }


def facts_after(
    batches: Sequence[Sequence[Raw]], *, again: Again | None = None, forgets: bool = False
) -> dict[str, Any]:
    """The facts after receiving exactly these batches; `forgets` deletes the events after each."""
    with transaction.atomic():
        school()
        for batch in batches:
            assert set(statuses(send(*batch))) <= {"accepted"}
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

    assert facts_after(batches) == facts_after([story])


@HISTORIES
@given(stories(), st.data())
def test_later_events_give_the_same_facts_without_the_old_ones(story: list[Raw], data: Any) -> None:
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
def test_deleted_events_leave_no_trace_after_a_rebuild(story: list[Raw], data: Any) -> None:
    gone = data.draw(st.sets(st.sampled_from([one["id"] for one in story] or ["e0"])))

    left = [one for one in story if one["id"] not in gone]
    was, should = facts_after([story], again=partial(take_back, gone)), facts_after([left])
    # a survey that an event has named stays
    del was["Survey"], should["Survey"]
    assert was == should


def answer(key: str, **data: Any) -> Raw:
    answered = {"survey": "s", "wave": "w1", **data}
    return event(key, "survey.answered", at="2026-01-20T12:00:00Z", data=answered)


@pytest.mark.parametrize("order", [("e1", "e2"), ("e2", "e1")])
def test_of_simultaneous_answers_the_same_one_counts_without_old_events(
    order: tuple[str, str],
) -> None:
    school()
    scores = {"e1": 1, "e2": 2}
    for key in order:
        send(answer(key, nps=scores[key]))
        Event.objects.all().delete()

    assert Response.objects.get().nps == 2


def test_earlier_reports_stay_without_their_events() -> None:
    school()
    for key, day in (("e1", 3), ("e2", 4), ("e3", 4)):
        at = f"2026-02-{day:02}T09:00:00Z"
        send(event(key, "career.reported", at=at, data={"kind": "project"}))
        Event.objects.all().delete()

    assert sorted(one.reported_at.day for one in CareerOutcome.objects.all()) == [3, 4]


def test_a_replay_keeps_the_row_of_an_answer_with_an_event() -> None:
    school()
    send(answer("e1", nps=9, comment="Splendid"))
    before = Response.objects.get()
    replay.replay_events()

    assert Response.objects.get().pk == before.pk


def test_a_replay_deletes_an_answer_without_an_event() -> None:
    school()
    send(answer("e1", nps=9))
    told_one = Response.objects.get()
    other = Response.objects.create(
        enrollment_id=told_one.enrollment_id,
        wave=told_one.wave.survey.waves.create(key="w9"),
        answered_at=told_one.answered_at,
        nps=1,
    )
    replay.replay_events()

    assert not Response.objects.filter(pk=other.pk).exists()
    assert Response.objects.get().nps == 9


def test_a_replay_keeps_invitations_that_we_sent() -> None:
    made = school()
    survey = Survey.objects.create(key="s", title="S")
    wave = survey.waves.create(key="w1")
    ours = Invitation.objects.create(
        wave=wave,
        enrollment=made.runs.get().enrollments.get(learner__key="ada"),
        claimed_at=moment("2026-01-19"),
    )
    send(event("e1", "survey.sent", at="2026-01-19T00:00:00Z", data={"survey": "s", "wave": "w1"}))
    replay.replay_events()
    found = Invitation.objects.get()

    assert (found.pk, found.sent_at) == (ours.pk, moment("2026-01-19"))
