"""The order and grouping of events do not change skills and certificates."""

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
from hypothesis.strategies import DrawFn

from accounts.tests.people import moment
from curriculum.models import Enrollment, Skill
from curriculum.tests.histories import HISTORIES
from intake import replay
from intake.models import Event
from intake.tests.lms import event, purge, school, send, statuses, take_back
from outcomes.models import Certificate, SkillAssessment

pytestmark = pytest.mark.django_db

Raw = dict[str, Any]
Again = Callable[[], object]

SCORES = st.sampled_from([0.0, 0.5, 0.8, 1.0])
ACTS = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("skill.assessed"),
            "object": st.sampled_from(["sql", "html"]),
            "value": SCORES,
            "data": st.sampled_from([{}, {"stage": "pre"}, {"stage": "post"}]),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("certificate.earned"),
            "data": st.sampled_from([{}, {"number": "A-1"}, {"expires_on": "2027-01-01"}]),
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["certificate.revoked", "certificate.expired"])}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("enrollment.started"),
            "run": st.just("r1"),
            "data": st.sampled_from([{"track": "certificate"}, {"track": "audit"}]),
        }
    ),
    st.fixed_dictionaries({"kind": st.sampled_from(["enrollment.withdrawn", "enrollment.paused"])}),
)
# few moments, so that some events are simultaneous
HOURS = st.integers(1, 12)


@st.composite
def stories(draw: DrawFn) -> list[Raw]:
    acts = draw(st.lists(st.tuples(ACTS, HOURS, st.sampled_from(["ada", "bo"])), max_size=15))
    start = moment("2026-01-06")
    return [
        event(f"e{number}", at=(start + timedelta(hours=hours)).isoformat(), learner=who, **act)
        for number, (act, hours, who) in enumerate(acts)
    ]


def facts_after(
    batches: Sequence[Sequence[Raw]], *, again: Again | None = None, forgets: bool = False
) -> dict[str, Any]:
    """The facts after receiving exactly these batches; `forgets` deletes the events after each."""
    with transaction.atomic():
        school()
        Skill.objects.bulk_create(Skill(key=key, title=key) for key in ("sql", "html"))
        for batch in batches:
            assert set(statuses(send(*batch))) <= {"accepted"}
            if forgets:
                Event.objects.all().delete()
        if again:
            again()
        found = facts()
        transaction.set_rollback(True)
    return found


def facts() -> dict[str, list[Any]]:
    who = "enrollment__learner__key"
    assessed = (who, "skill__key", "stage", "assessed_at", "score", "mastery")
    held = (who, "earned_at", "number", "expires_on", "revoked_at", "reason", "expired_at")
    track = Enrollment.objects.values_list("learner__key", "certificate_track_at")
    return {
        "skills": sorted(SkillAssessment.objects.values_list(*assessed)),
        "certificates": sorted(Certificate.objects.values_list(*held), key=repr),
        "track": sorted(track),
    }


@HISTORIES
@given(stories(), st.data())
def test_shuffled_and_split_events_give_the_same_facts(story: list[Raw], data: Any) -> None:
    mixed = data.draw(st.permutations(story))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(story)), max_size=4)))
    batches = [mixed[a:b] for a, b in pairwise([0, *cuts, len(story)])]

    assert facts_after(batches) == facts_after([story])


@HISTORIES
@given(stories(), st.data())
def test_later_events_give_the_same_facts_without_the_old_ones(story: list[Raw], data: Any) -> None:
    mixed = data.draw(st.permutations(story))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(story)), max_size=2)))
    batches = [mixed[a:b] for a, b in pairwise([0, *cuts, len(story)])]

    assert facts_after(batches, forgets=True) == facts_after(batches)


def test_a_certificate_that_was_earned_later_than_its_end_arrived_is_known_without_events() -> None:
    school()
    for key, day in (("revoked", 8), ("earned", 6)):
        send(event(key, f"certificate.{key}", at=f"2026-02-{day:02}T09:00:00Z"))
        Event.objects.all().delete()
    found = Certificate.objects.get()

    assert (found.earned_at.day, found.revoked_at and found.revoked_at.day) == (6, 8)


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
    assert facts_after([story], again=partial(take_back, gone)) == facts_after([left])
