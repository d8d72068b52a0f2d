"""Graded attempts and the answers in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from core.database import bulk_upsert, given_rows, queries
from core.database.compiled_queries import CompiledQuery, Template, given_ids
from engagement.facts.learning_objects import mark_moved, resolve_objects
from engagement.models import AssessmentResult, ItemResult, LearningObject
from intake.event_batch import EventBatch
from intake.models import Event

# enrollment id, assessment id and number of the attempt
Attempt = tuple[int, int, int]
Items = list[tuple[str, float]]

UPDATED = ("graded_at", "regraded_at", "score")
ATTEMPTS = {"enrollment_id": int, "assessment_id": int, "attempt": int}
# CROSS JOIN: SQLite must begin with the attempts
STORED = """
    SELECT stored.enrollment_id, stored.assessment_id, stored.attempt,
        stored.id, stored.graded_at, stored.regraded_at, stored.score
    FROM {rows} CROSS JOIN engagement_assessmentresult stored
    WHERE stored.enrollment_id = given.enrollment_id
        AND stored.assessment_id = given.assessment_id
        AND stored.attempt = given.attempt
"""
ITEMS = CompiledQuery(
    ItemResult.objects.filter(result__in=given_ids("results"))
    .order_by()
    .values_list("result_id", "item", "score")
)
RESULTS = Template(
    AssessmentResult.objects.filter(
        enrollment__in=given_ids("enrollments"), assessment__in=given_ids("assessments")
    )
)


class Grade(NamedTuple):
    """The grade of an attempt: when it was first given, when it was changed, and the score."""

    graded_at: datetime
    regraded_at: datetime | None
    score: float

    @property
    def latest(self) -> tuple[datetime, float]:
        return self.regraded_at or self.graded_at, self.score


class Stored(NamedTuple):
    """A stored result (id)."""

    pk: int
    grade: Grade


def grade(batch: EventBatch) -> None:
    """Store the latest grade of each attempt.

    The attempt counts where it was first graded: a regrade changes that period and no other.
    """
    objects = resolve_objects(batch, LearningObject.Kind.ASSESSMENT)
    grades: dict[Attempt, list[Event]] = defaultdict(list)
    for event in batch.events:
        number = event.data.get("attempt", 1)
        grades[event.enrollment_id or 0, objects.of(event).pk, number].append(event)
    stored = _stored(grades)
    latest = {attempt: max(some, key=_rank) for attempt, some in grades.items()}
    regrades = _regrades(latest, stored)
    changed: dict[Attempt, Grade] = {}
    for attempt, some in grades.items():
        old = stored[attempt].grade if attempt in stored else None
        first = min(event.occurred_at for event in some)
        if old is None or first < old.graded_at or attempt in regrades:
            last, score, _ = _rank(latest[attempt])
            if old and attempt not in regrades:
                last, score = old.latest
            first = min(first, old.graded_at) if old else first
            changed[attempt] = Grade(first, last if last > first else None, score)
    _write(changed, regrades, stored)
    mark_moved(objects.moved, batch.changes)
    before = {attempt: stored[attempt].grade for attempt in changed.keys() & stored.keys()}
    rewritten = [
        (grades[attempt][0].course_id, one)
        for some in (before, changed)
        for attempt, one in some.items()
    ]
    batch.changes.changed(
        RESULTS.given(
            enrollments={attempt[0] for attempt in changed},
            assessments={attempt[1] for attempt in changed},
        ),
        graded_at=((course, one.graded_at) for course, one in rewritten),
        regraded_at=((course, one.regraded_at) for course, one in rewritten),
    )


def _rank(event: Event) -> tuple[datetime, float, Items]:
    """Of two grades of an attempt the later wins, of two at the same moment the better."""
    return event.occurred_at, scaled_score(event), _items(event)


def _items(event: Event) -> Items:
    return sorted((item["id"], float(item["score"])) for item in event.data.get("items", ()))


def _stored(attempts: Iterable[Attempt]) -> dict[Attempt, Stored]:
    return {
        (enrollment, assessment, attempt): Stored(
            pk, Grade(queries.moment(graded_at), given_rows.moment(regraded_at), score)
        )
        for enrollment, assessment, attempt, pk, graded_at, regraded_at, score in given_rows.select(
            STORED, ATTEMPTS, attempts
        )
    }


def _regrades(
    latest: Mapping[Attempt, Event], stored: Mapping[Attempt, Stored]
) -> dict[Attempt, Event]:
    """Return the events whose grade replaces the stored one or is the first."""
    ranks = {attempt: _rank(event) for attempt, event in latest.items()}
    equal = [one.pk for attempt, one in stored.items() if one.grade.latest == ranks[attempt][:2]]
    items: dict[int, Items] = defaultdict(list)
    for pk, item, score in ITEMS.run(results=equal) if equal else ():
        items[pk].append((item, score))
    return {
        attempt: event
        for attempt, event in latest.items()
        if (old := stored.get(attempt)) is None
        or ranks[attempt] > (*old.grade.latest, sorted(items[old.pk]))
    }


def _write(
    changed: Mapping[Attempt, Grade],
    regrades: Mapping[Attempt, Event],
    stored: Mapping[Attempt, Stored],
) -> None:
    """Write the results, and the items of those that got a new grade."""
    written = bulk_upsert.upsert(
        AssessmentResult,
        ("enrollment_id", "assessment_id", "attempt", *UPDATED),
        [(*attempt, *changed[attempt]) for attempt in sorted(changed)],
        conflict="enrollment_id, assessment_id, attempt",
        merge=dict.fromkeys(UPDATED, "replace"),
        returning=("enrollment_id", "assessment_id", "attempt", "id"),
    )
    if replaced := [stored[attempt].pk for attempt in regrades.keys() & stored.keys()]:
        ItemResult.objects.filter(result__in=replaced).delete()
    rows = [
        (pk, *item)
        for *attempt, pk in written
        if (event := regrades.get((attempt[0], attempt[1], attempt[2])))
        for item in _items(event)
    ]
    bulk_upsert.upsert(ItemResult, ("result_id", "item", "score"), rows, conflict="result_id, item")


def scaled_score(event: Event) -> float:
    """The value out of `data.max`, scaled to 0–1."""
    return (event.value or 0.0) / float(event.data.get("max", 1))
