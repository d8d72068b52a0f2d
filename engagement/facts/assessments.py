"""Graded attempts and the answers in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from core import bulk_upsert
from engagement.facts import batch_work
from engagement.facts.learning_objects import objects_of
from engagement.models import AssessmentResult, ItemResult, LearningObject
from intake.models import Event

Attempt = tuple[int, int, int]
Items = list[tuple[str, float]]
# of two grades of one attempt the later stands, of two at one moment the better
Rank = tuple[datetime, float, Items]


def grade(events: Sequence[Event]) -> None:
    """Keep the grade of each attempt; where one is graded again, the later stands.

    It counts where the attempt was graded first: a regrade changes that period and no other.
    """
    objects = objects_of(events, LearningObject.Kind.ASSESSMENT)
    grades: dict[Attempt, list[Event]] = defaultdict(list)
    for event in events:
        number = event.data.get("attempt", 1)
        grades[event.enrollment_id or 0, objects.of(event).pk, number].append(event)
    before = _before(grades)
    rows: dict[Attempt, AssessmentResult] = {}
    new: dict[Attempt, Event] = {}
    for attempt, some in grades.items():
        there, latest = before.get(attempt), max(some, key=_rank)
        is_new = there is None or _rank(latest) > _rank_of(there)
        first = min(event.occurred_at for event in some)
        if is_new:
            new[attempt] = latest
        if there is None:
            rows[attempt] = _row(first, *_rank(latest)[:2])
        elif is_new or first < there.graded_at:
            best = _rank(latest) if is_new else _rank_of(there)
            rows[attempt] = _row(min(first, there.graded_at), *best[:2])
    _write(rows, new)
    batch_work.mark_stale(
        (grades[attempt][0].course_id or 0, one.graded_at)
        for some in (before, rows)
        for attempt, one in some.items()
        if attempt in rows
    )


def _row(first: datetime, last: datetime, score: float) -> AssessmentResult:
    regraded = last if last > first else None
    return AssessmentResult(graded_at=first, regraded_at=regraded, score=score)


def _rank(event: Event) -> Rank:
    return event.occurred_at, score_of(event), _items(event)


def _rank_of(there: AssessmentResult) -> Rank:
    items = sorted((one.item, one.score) for one in there.items.all())
    return there.regraded_at or there.graded_at, there.score, items


def _items(event: Event) -> Items:
    return sorted((item["id"], float(item["score"])) for item in event.data.get("items", ()))


def _before(attempts: Collection[Attempt]) -> dict[Attempt, AssessmentResult]:
    rows = AssessmentResult.objects.filter(
        enrollment__in={enrollment for enrollment, _, _ in attempts},
        assessment__in={assessment for _, assessment, _ in attempts},
    ).prefetch_related("items")
    found = {(row.enrollment_id, row.assessment_id, row.attempt): row for row in rows}
    return {attempt: row for attempt, row in found.items() if attempt in attempts}


WRITTEN = ("graded_at", "regraded_at", "score")


def _write(rows: Mapping[Attempt, AssessmentResult], new: Mapping[Attempt, Event]) -> None:
    written = bulk_upsert.upsert(
        AssessmentResult,
        ("enrollment_id", "assessment_id", "attempt", *WRITTEN),
        [
            (*attempt, *(getattr(rows[attempt], name) for name in WRITTEN))
            for attempt in sorted(rows)
        ],
        conflict="enrollment_id, assessment_id, attempt",
        merge=dict.fromkeys(WRITTEN, "replace"),
        returning=("enrollment_id", "assessment_id", "attempt", "id"),
    )
    _write_items({pk: new[e, a, n] for e, a, n, pk in written if (e, a, n) in new})


def _write_items(events: Mapping[int, Event]) -> None:
    ItemResult.objects.filter(result__in=events).delete()
    rows = [(pk, *item) for pk, event in events.items() for item in _items(event)]
    bulk_upsert.upsert(ItemResult, ("result_id", "item", "score"), rows, conflict="result_id, item")


def score_of(event: Event) -> float:
    """The scaled score, 0–1: the value out of `data.max`."""
    return (event.value or 0.0) / float(event.data.get("max", 1))
