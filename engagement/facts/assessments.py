"""Graded attempts and the answers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from curriculum import bulk
from engagement.facts import marking
from engagement.facts.objects import objects_of
from engagement.models import AssessmentResult, ItemResult, LearningObject
from intake.models import Event

Attempt = tuple[int, int, int]
# of two grades of one attempt the later stands, of two at one moment the better
Rank = tuple[datetime, float]


def grade(events: Sequence[Event]) -> None:
    """Keep the grade of each attempt; where one is graded again, the later stands."""
    objects = objects_of(events, LearningObject.Kind.ASSESSMENT)
    latest: dict[Attempt, Event] = {}
    for event in sorted(events, key=_rank):
        number = event.data.get("attempt", 1)
        latest[event.enrollment_id or 0, objects.of(event).pk, number] = event
    before = _before(latest)
    new = {
        attempt: event
        for attempt, event in latest.items()
        if attempt not in before or _rank(event) > before[attempt]
    }
    _write(new)
    course = {attempt: event.course_id or 0 for attempt, event in new.items()}
    marking.mark(
        [(course[attempt], at) for attempt, (at, _) in before.items() if attempt in new]
        + [(event.course_id or 0, event.occurred_at) for event in new.values()]
    )


def _rank(event: Event) -> Rank:
    return event.occurred_at, score_of(event)


def _before(attempts: Mapping[Attempt, Event]) -> dict[Attempt, Rank]:
    rows = AssessmentResult.objects.filter(
        enrollment__in={enrollment for enrollment, _, _ in attempts},
        assessment__in={assessment for _, assessment, _ in attempts},
    ).values_list("enrollment_id", "assessment_id", "attempt", "graded_at", "score")
    found = {(pk, assessment, number): (at, score) for pk, assessment, number, at, score in rows}
    return {attempt: rank for attempt, rank in found.items() if attempt in attempts}


def _write(attempts: Mapping[Attempt, Event]) -> None:
    rows = [
        (*attempt, event.occurred_at, score_of(event))
        for attempt, event in sorted(attempts.items(), key=lambda one: one[0])
    ]
    written = bulk.upsert(
        AssessmentResult,
        ("enrollment_id", "assessment_id", "attempt", "graded_at", "score"),
        rows,
        conflict="enrollment_id, assessment_id, attempt",
        merge={"graded_at": "replace", "score": "replace"},
        returning=("enrollment_id", "assessment_id", "attempt", "id"),
    )
    _write_items({pk: attempts[e, a, n] for e, a, n, pk in written})


def _write_items(events: Mapping[int, Event]) -> None:
    ItemResult.objects.filter(result__in=events).delete()
    rows = [
        (pk, item["id"], item["score"])
        for pk, event in events.items()
        for item in event.data.get("items", ())
    ]
    bulk.upsert(ItemResult, ("result_id", "item", "score"), rows, conflict="result_id, item")


def score_of(event: Event) -> float:
    """The scaled score, 0–1: the value out of `data.max`."""
    return (event.value or 0.0) / float(event.data.get("max", 1))
