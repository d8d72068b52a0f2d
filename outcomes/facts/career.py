"""What learners say came of a course at work, out of survey answers and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from core import reporting_clock
from intake.models import Event
from kpis.definitions.periods import local_day, midnight
from kpis.recompute import stale_days
from outcomes.models import CareerOutcome

IMPACT = "outcome.career-impact"
REPORTED = "career.reported"
# an impact counts up to this many days after the completion
WITHIN = 180


def report(events: Sequence[Event]) -> None:
    """Write the reports of these events' enrolments again, from all that is known of them."""
    ids = {event.enrollment_id for event in events if event.enrollment_id is not None}
    known = Event.objects.filter(enrollment__in=ids, kind=REPORTED)
    told = {
        (event.enrollment_id or 0, event.data["kind"], happened_on(event), event.occurred_at)
        for event in known
    }
    mine = CareerOutcome.objects.filter(enrollment__in=ids, response=None)
    mark_stale(mine)
    mine.delete()
    CareerOutcome.objects.bulk_create(
        [outcome(pk, kind, day, at) for pk, kind, day, at in sorted(told, key=repr)],
        batch_size=500,
    )
    mark_stale(mine)


def answer(standing: Mapping[int, Event]) -> None:
    """Write what standing answers (by the id of their response) say of careers, and no more."""
    mine = CareerOutcome.objects.filter(response__in=standing)
    mark_stale(mine)
    mine.delete()
    CareerOutcome.objects.bulk_create(
        [
            outcome(event.enrollment_id or 0, kind, _day(event, kind), event.occurred_at, pk)
            for pk, event in standing.items()
            for kind in kinds_of(event)
        ],
        batch_size=500,
    )
    mark_stale(mine)


def kinds_of(event: Event) -> list[str]:
    """The kinds that a survey answer tells: none where it was not asked."""
    told = event.data.get("career")
    if told is None:
        return []
    return sorted(set(told)) or [CareerOutcome.Kind.NONE]


def _day(event: Event, kind: str) -> date | None:
    return None if kind == CareerOutcome.Kind.NONE else happened_on(event)


def happened_on(event: Event) -> date | None:
    """The day told, else the one on which it was reported; None of nothing."""
    if event.data.get("kind") == CareerOutcome.Kind.NONE:
        return None
    told = event.data.get("happened_on") or event.data.get("career_on")
    return (
        date.fromisoformat(told)
        if told
        else local_day(event.occurred_at, reporting_clock.reporting_zone())
    )


def outcome(
    enrollment_id: int, kind: str, day: date | None, at: datetime, response_id: int | None = None
) -> CareerOutcome:
    """One row; who completed from `completed_from` to before `completed_before` was in time."""
    row = CareerOutcome(
        enrollment_id=enrollment_id,
        response_id=response_id,
        kind=kind,
        happened_on=day,
        reported_at=at,
    )
    if day is not None:
        row.completed_from = midnight(
            day - timedelta(days=WITHIN), reporting_clock.reporting_zone()
        )
        row.completed_before = midnight(day + timedelta(days=1), reporting_clock.reporting_zone())
    return row


def mark_stale(rows: QuerySet[CareerOutcome]) -> None:
    """Mark the days on which these rows count."""
    days = rows.order_by().values_list("enrollment__run__course_id", "reported_at").distinct()
    stale_days.mark_moments_stale(IMPACT, days)
