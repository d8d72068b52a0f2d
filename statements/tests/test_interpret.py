from __future__ import annotations

from typing import Any

import pytest

from curriculum.models import Enrollment
from engagement.models import AssessmentResult
from intake.events.senders import Sender
from intake.models import RejectedEvent
from statements.interpret import take_statements
from statements.interpreted import Stored
from statements.models import InterpretedStatement, Pattern
from statements.tests.senders import (
    EDX_COURSE,
    LRS,
    MemoryStore,
    activity,
    cmi5,
    edx,
    question,
    statement,
    stored_events,
)
from statements.vocabulary import COURSE, acrossx, adl, tincan

pytestmark = pytest.mark.django_db


@pytest.fixture
def lrs() -> MemoryStore:
    return MemoryStore()


def graded(raw: float, **more: object) -> dict[str, object]:
    return edx(
        acrossx("evaluated"),
        question(),
        result={"score": {"raw": raw, "min": 0, "max": 4}, "success": raw == 4},
        **more,
    )


def test_a_grade_of_an_unknown_learner_enrolls_them_and_counts(lrs: MemoryStore) -> None:
    lrs.take(graded(3))

    assert AssessmentResult.objects.get().score == 0.75
    assert Enrollment.objects.get().run.course.key == "edX+DemoX"
    assert Enrollment.objects.get().run.key == "2026"


def test_a_key_that_may_create_nothing_enrolls_nobody(lrs: MemoryStore) -> None:
    lrs.take(graded(3), sender=Sender("lrs"))

    assert not Enrollment.objects.exists()
    assert RejectedEvent.objects.get().code == "unknown_course"


def test_a_statement_taken_twice_counts_once(lrs: MemoryStore) -> None:
    lrs.take(graded(3))
    one = InterpretedStatement.objects.get()
    take_statements("memory", [Stored(one.stored_id, lrs[one.stored_id])], LRS)

    assert Pattern.objects.get().count == 1
    assert AssessmentResult.objects.count() == 1


def test_the_order_of_first_activities_does_not_matter(lrs: MemoryStore) -> None:
    late, early = graded(3, at="2026-01-08T12:00:00Z"), graded(1, at="2026-01-06T12:00:00Z")
    lrs.take(late)
    lrs.take(early)

    assert Enrollment.objects.get().started_at.day == 6
    assert AssessmentResult.objects.count() == 2


def test_what_is_unknown_is_counted_with_an_example_that_names_nobody(lrs: MemoryStore) -> None:
    juggled = statement(
        "https://example.org/verbs/juggled",
        activity("https://example.org/balls"),
        result={"response": "It was me, Ada Lovelace."},
    )
    lrs.take(juggled)
    pattern = Pattern.objects.unmapped().get()

    assert pattern.count == 1
    assert pattern.example["object"]["id"] == "https://example.org/balls"
    assert "ada" not in str(pattern.example).lower()


def test_a_statement_without_a_course_is_counted_as_incomplete(lrs: MemoryStore) -> None:
    lrs.take(statement(adl("answered"), activity("https://example.org/q1")))
    pattern = Pattern.objects.get()

    assert (pattern.is_mapped, pattern.incomplete, pattern.lacks) == (True, 1, "course")


def test_a_pass_stays_a_pass_whatever_comes_later(lrs: MemoryStore) -> None:
    lrs.take(
        cmi5(adl("passed"), result={"score": {"scaled": 0.9}, "success": True}),
        cmi5(adl("failed"), result={"score": {"scaled": 0.2}}, at="2026-01-06T12:05:00Z"),
    )

    assert sorted(AssessmentResult.objects.values_list("score", flat=True)) == [0.2, 0.9]


def test_a_voided_statement_leads_to_no_event(lrs: MemoryStore) -> None:
    wrong = graded(3)
    lrs.take(wrong)
    voiding = statement(adl("voided"), {"objectType": "StatementRef", "id": wrong["id"]})
    lrs.take(voiding)

    assert not AssessmentResult.objects.exists()


def test_a_statement_may_be_voided_before_it_comes(lrs: MemoryStore) -> None:
    wrong = graded(3)
    lrs.take(statement(adl("voided"), {"objectType": "StatementRef", "id": wrong["id"]}))
    lrs.take(wrong)

    assert not AssessmentResult.objects.exists()


def test_an_enrollment_of_the_sender_comes_before_the_first_activity(lrs: MemoryStore) -> None:
    lrs.take(
        edx(adl("registered"), activity(EDX_COURSE, COURSE), at="2026-01-05T12:00:00Z"), graded(2)
    )

    assert stored_events("kind") == [("enrollment.started",), ("assessment.graded",)]


def enrolled() -> list[tuple[int, bool]]:
    """On which day of January the learners enrolled, and whether they have withdrawn."""
    rows = Enrollment.objects.order_by("pk").values_list("started_at", "withdrawn_at")
    return [(start.day, end is not None) for start, end in rows]


def void(raw: dict[str, Any]) -> dict[str, Any]:
    return statement(adl("voided"), {"objectType": "StatementRef", "id": raw["id"]})


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_voided_first_activity_enrolls_nobody(lrs: MemoryStore, order: tuple[int, ...]) -> None:
    wrong, right = graded(3), graded(1, at="2026-01-08T12:00:00Z")
    for at in order:
        lrs.take((wrong, right, void(wrong))[at])

    assert enrolled() == [(8, False)]
    assert AssessmentResult.objects.get().score == 0.25
    assert not RejectedEvent.objects.exists()


def test_whose_only_activity_is_voided_is_not_enrolled(lrs: MemoryStore) -> None:
    wrong = graded(3)
    lrs.take(wrong)
    lrs.take(void(wrong))

    assert enrolled() == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_a_first_activity_that_comes_late_is_no_return(
    lrs: MemoryStore, order: tuple[int, ...]
) -> None:
    first, last = graded(1), graded(3, at="2026-02-08T12:00:00Z")
    course = activity(EDX_COURSE, COURSE)
    left = edx(tincan("unregistered"), course, at="2026-02-01T12:00:00Z")
    for at in order:
        lrs.take((first, left, last)[at])

    assert enrolled() == [(6, True)]
