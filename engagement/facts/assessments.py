"""Graded attempts and the answers in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from core.database import bulk_upsert
from engagement.facts.learning_objects import mark_moved, resolve_objects
from engagement.models import AssessmentResult, ItemResult, LearningObject
from intake.event_batch import EventBatch
from intake.models import Event

# enrollment id, assessment id and number of the attempt
Attempt = tuple[int, int, int]
Items = list[tuple[str, float]]
# of two grades of an attempt the later wins, of two at the same moment the better
Rank = tuple[datetime, float, Items]

UPDATED = ("graded_at", "regraded_at", "score")


def grade(batch: EventBatch) -> None:
    """Store the latest grade of each attempt.

    The attempt counts where it was first graded: a regrade changes that period and no other.
    """
    objects = resolve_objects(batch.events, LearningObject.Kind.ASSESSMENT)
    grades: dict[Attempt, list[Event]] = defaultdict(list)
    for event in batch.events:
        number = event.data.get("attempt", 1)
        grades[event.enrollment_id or 0, objects.of(event).pk, number].append(event)
    stored = _stored(grades)
    changed: dict[Attempt, AssessmentResult] = {}
    regrades: dict[Attempt, Event] = {}
    for attempt, some in grades.items():
        old, latest = stored.get(attempt), max(some, key=_rank)
        first = min(event.occurred_at for event in some)
        is_later = old is None or _rank(latest) > _stored_rank(old)
        if is_later:
            regrades[attempt] = latest
        if old is None:
            changed[attempt] = _result(first, *_rank(latest)[:2])
        elif is_later or first < old.graded_at:
            last, score, _ = _rank(latest) if is_later else _stored_rank(old)
            changed[attempt] = _result(min(first, old.graded_at), last, score)
    _write(changed, regrades)
    mark_moved(objects.moved, batch.changes)
    rewritten = [
        (grades[attempt][0].course_id, one)
        for some in (stored, changed)
        for attempt, one in some.items()
        if attempt in changed
    ]
    batch.changes.changed(
        AssessmentResult.objects.filter(
            enrollment__in={attempt[0] for attempt in changed},
            assessment__in={attempt[1] for attempt in changed},
        ),
        graded_at=((course, one.graded_at) for course, one in rewritten),
        regraded_at=((course, one.regraded_at) for course, one in rewritten),
    )


def _result(first: datetime, last: datetime, score: float) -> AssessmentResult:
    regraded_at = last if last > first else None
    return AssessmentResult(graded_at=first, regraded_at=regraded_at, score=score)


def _rank(event: Event) -> Rank:
    return event.occurred_at, scaled_score(event), _items(event)


def _stored_rank(result: AssessmentResult) -> Rank:
    items = sorted((one.item, one.score) for one in result.items.all())
    return result.regraded_at or result.graded_at, result.score, items


def _items(event: Event) -> Items:
    return sorted((item["id"], float(item["score"])) for item in event.data.get("items", ()))


def _stored(attempts: Collection[Attempt]) -> dict[Attempt, AssessmentResult]:
    rows = AssessmentResult.objects.filter(
        enrollment__in={enrollment for enrollment, _, _ in attempts},
        assessment__in={assessment for _, assessment, _ in attempts},
    ).prefetch_related("items")
    found = {(row.enrollment_id, row.assessment_id, row.attempt): row for row in rows}
    return {attempt: row for attempt, row in found.items() if attempt in attempts}


def _write(results: Mapping[Attempt, AssessmentResult], regrades: Mapping[Attempt, Event]) -> None:
    """Write the results, and the items of those that got a new grade."""
    written = bulk_upsert.upsert(
        AssessmentResult,
        ("enrollment_id", "assessment_id", "attempt", *UPDATED),
        [
            (*attempt, *(getattr(results[attempt], name) for name in UPDATED))
            for attempt in sorted(results)
        ],
        conflict="enrollment_id, assessment_id, attempt",
        merge=dict.fromkeys(UPDATED, "replace"),
        returning=("enrollment_id", "assessment_id", "attempt", "id"),
    )
    events = {pk: regrades[e, a, n] for e, a, n, pk in written if (e, a, n) in regrades}
    ItemResult.objects.filter(result__in=events).delete()
    rows = [(pk, *item) for pk, event in events.items() for item in _items(event)]
    bulk_upsert.upsert(ItemResult, ("result_id", "item", "score"), rows, conflict="result_id, item")


def scaled_score(event: Event) -> float:
    """The value out of `data.max`, scaled to 0–1."""
    return (event.value or 0.0) / float(event.data.get("max", 1))
