"""Write invitations to surveys, answers and dismissals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from core.changes import Changes
from core.database import bulk_upsert
from intake.event_batch import EventBatch
from intake.models import Event
from outcomes.facts import career, quote_consents
from outcomes.facts.survey_keys import Keys, keys_of, record_questions, waves_of
from outcomes.models import CareerOutcome, Invitation, Response

SATISFACTION, CSAT = "outcome.satisfaction", "outcome.csat"
SENT, ANSWERED, DISMISSED = "survey.sent", "survey.answered", "survey.dismissed"

# the IDs of an enrollment and a wave
ResponseKey = tuple[int, int]


def record_sent(batch: EventBatch) -> None:
    """Store when learners were invited; of two dates, the earlier one counts."""
    _invite(_earliest(batch.events), batch.changes)


def record_dismissed(batch: EventBatch) -> None:
    """Store dismissals; they do not change an answer given earlier or later."""
    moments = _earliest(batch.events)
    _invite(moments, batch.changes)
    _upsert(moments, "dismissed_at", batch.changes)


def record_answers(batch: EventBatch) -> None:
    """Store the latest answer of each enrollment in each wave."""
    _invite(_earliest(batch.events), batch.changes)
    record_questions(batch.events)
    latest = _latest_answers(batch.events)
    batch.changes.changed(_responses(latest))
    ids = _store(latest)
    quote_consents.record({ids[key]: event for key, event in latest.items()})
    career.record_answers({ids[key]: event for key, event in latest.items()}, batch.changes)
    batch.changes.changed(_responses(latest))


def _earliest(events: Sequence[Event]) -> dict[ResponseKey, datetime]:
    waves = waves_of(events)
    earliest: dict[ResponseKey, datetime] = {}
    for event in events:
        key = event.enrollment_id or 0, waves[keys_of(event)]
        earliest[key] = min(event.occurred_at, earliest.get(key, event.occurred_at))
    return earliest


def _invite(moments: Mapping[ResponseKey, datetime], changes: Changes) -> None:
    """Store invitations: a learner with any event in a wave was invited by that time."""
    _upsert(moments, "sent_at", changes)


def _upsert(moments: Mapping[ResponseKey, datetime], column: str, changes: Changes) -> None:
    """Store when something happened to invitations; of two dates, the earlier one counts."""
    rows = Invitation.objects.filter(
        enrollment__in={enrollment for enrollment, _ in moments},
        wave__in={wave for _, wave in moments},
    )
    changes.changed(rows)
    bulk_upsert.upsert(
        Invitation,
        ("wave_id", "enrollment_id", column, "attempts"),
        [(wave, enrollment, at, 0) for (enrollment, wave), at in sorted(moments.items())],
        conflict="wave_id, enrollment_id",
        merge={column: "smaller"},
    )
    changes.changed(rows)


def _latest_answers(events: Sequence[Event]) -> dict[ResponseKey, Event]:
    """The answers among these events that are not older than the stored ones.

    Of simultaneous answers the one counts whose id sorts last.
    """
    waves = waves_of(events)
    latest: dict[ResponseKey, Event] = {}
    for event in sorted(events, key=_order):
        latest[event.enrollment_id or 0, waves[keys_of(event)]] = event
    rows = _responses(latest).order_by().values_list("enrollment", "wave", *ORDER)
    stored = {(enrollment, wave): order for enrollment, wave, *order in rows}
    return {
        key: event
        for key, event in latest.items()
        if key not in stored or _order(event) >= tuple(stored[key])
    }


ORDER = ("answered_at", "event_key", "event_sender")


def _order(event: Event) -> tuple[datetime, str, str]:
    return event.occurred_at, event.key, event.sender


COLUMNS = (*ORDER, "nps", "csat", "comment", "may_quote", "language")


def _store(answers: Mapping[ResponseKey, Event]) -> dict[ResponseKey, int]:
    """Store the answers and return their IDs; an existing row keeps its ID."""
    stored = bulk_upsert.upsert(
        Response,
        ("enrollment_id", "wave_id", *COLUMNS),
        [(*key, *_columns(answers[key])) for key in sorted(answers)],
        conflict="enrollment_id, wave_id",
        merge=dict.fromkeys(COLUMNS, "replace"),
        returning=("enrollment_id", "wave_id", "id"),
    )
    return {(int(enrollment), int(wave)): int(pk) for enrollment, wave, pk in stored}


def _columns(event: Event) -> tuple[Any, ...]:
    data = event.data
    comment = (data.get("comment") or "").strip()
    return (
        *_order(event),
        data.get("nps"),
        data.get("csat"),
        comment,
        quote_consents.is_given(event),
        data.get("language") or "",
    )


def _responses(keys: Iterable[ResponseKey]) -> QuerySet[Response]:
    pairs = set(keys)
    return Response.objects.filter(
        enrollment__in={enrollment for enrollment, _ in pairs},
        wave__in={wave for _, wave in pairs},
    )


def reset_enrollments(ids: Iterable[int], changes: Changes) -> None:
    """Delete the survey facts of these enrollments before their events are replayed.

    Answers that still have an event keep their rows, and with them what staff decided about them.
    Invitations that we sent keep theirs, because the links in the e-mails refer to them.
    """
    selected = Q(enrollment__in=list(ids))
    _reset(selected, Event.objects.filter(selected, kind=ANSWERED), changes)


def _reset(selected: Q, answers: QuerySet[Event], changes: Changes) -> None:
    responses = Response.objects.filter(selected)
    changes.changed(responses)
    outcomes = CareerOutcome.objects.filter(selected)
    changes.changed(outcomes)
    outcomes.delete()
    _delete_without_event(responses, answers)
    invitations = Invitation.objects.filter(selected)
    changes.changed(invitations)
    invitations.filter(claimed_at=None).delete()
    invitations.update(sent_at=None, dismissed_at=None)


# earlier than any event, so that the first replayed answer replaces the row
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _delete_without_event(responses: QuerySet[Response], answers: QuerySet[Event]) -> None:
    answered: set[tuple[int | None, Keys]] = {
        (event.enrollment_id, keys_of(event)) for event in answers.iterator()
    }
    rows = responses.values_list("pk", "enrollment_id", "wave__survey__key", "wave__key")
    without_event = [
        pk for pk, enrollment, survey, wave in rows if (enrollment, (survey, wave)) not in answered
    ]
    Response.objects.filter(pk__in=without_event).delete()
    responses.update(answered_at=LONG_AGO, event_key="", event_sender="", nps=None, csat=None)
