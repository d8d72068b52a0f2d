"""Write the career outcomes that learners report, in survey answers or without a survey."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from core import reporting_clock
from core.changes import Changes
from intake.event_batch import EventBatch
from intake.models import Event
from kpis.definitions.periods import local_day, midnight
from outcomes.models import CareerOutcome

IMPACT = "outcome.career-impact"
# an impact counts until this many days after the completion
MAX_DAYS_AFTER_COMPLETION = 180


def record_reports(batch: EventBatch) -> None:
    """Store these reports; equal ones count once."""
    reports = {
        (event.enrollment_id or 0, event.data["kind"], happened_on(event), event.occurred_at)
        for event in batch.events
    }
    ids = {pk for pk, _, _, _ in reports}
    rows = CareerOutcome.objects.filter(enrollment__in=ids, response=None).order_by()
    reports -= set(rows.values_list("enrollment_id", "kind", "happened_on", "reported_at"))
    CareerOutcome.objects.bulk_create(
        [outcome(pk, kind, day, at) for pk, kind, day, at in sorted(reports, key=repr)],
        batch_size=500,
    )
    batch.changes.changed(
        rows, reported_at=((event.course_id, event.occurred_at) for event in batch.events)
    )


def record_answers(answers: Mapping[int, Event], changes: Changes) -> None:
    """Replace the career outcomes of these survey answers, given by the ID of their response."""
    existing = CareerOutcome.objects.filter(response__in=answers)
    changes.changed(existing)
    existing.delete()
    CareerOutcome.objects.bulk_create(
        [
            outcome(
                event.enrollment_id or 0,
                kind,
                None if kind == CareerOutcome.Kind.NONE else happened_on(event),
                event.occurred_at,
                pk,
            )
            for pk, event in answers.items()
            for kind in kinds_of(event)
        ],
        batch_size=500,
    )
    changes.changed(existing)


def kinds_of(event: Event) -> list[str]:
    """The kinds in a survey answer: an empty list if the question was not asked."""
    career = event.data.get("career")
    if career is None:
        return []
    return sorted(set(career)) or [CareerOutcome.Kind.NONE]


def happened_on(event: Event) -> date | None:
    """The reported day, or the day of the report; None if there was no impact."""
    if event.data.get("kind") == CareerOutcome.Kind.NONE:
        return None
    if day := event.data.get("happened_on") or event.data.get("career_on"):
        return date.fromisoformat(day)
    return local_day(event.occurred_at, reporting_clock.reporting_zone())


def outcome(
    enrollment_id: int, kind: str, day: date | None, at: datetime, response_id: int | None = None
) -> CareerOutcome:
    """Build a row with the range of completion dates for which the impact is in time."""
    row = CareerOutcome(
        enrollment_id=enrollment_id,
        response_id=response_id,
        kind=kind,
        happened_on=day,
        reported_at=at,
    )
    if day is not None:
        row.completed_from = midnight(
            day - timedelta(days=MAX_DAYS_AFTER_COMPLETION), reporting_clock.reporting_zone()
        )
        row.completed_before = midnight(day + timedelta(days=1), reporting_clock.reporting_zone())
    return row
