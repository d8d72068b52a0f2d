"""Who was asked, who answered what, and who would rather not say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from core import bulk_upsert
from intake.models import Event
from kpis.recompute import stale_days
from outcomes.facts import career
from outcomes.facts.survey_keys import Keys, keys_of, learn_questions, waves_of
from outcomes.models import CareerOutcome, Invitation, Response

SATISFACTION, CSAT = "outcome.satisfaction", "outcome.csat"
SENT, ANSWERED, DISMISSED = "survey.sent", "survey.answered", "survey.dismissed"

Place = tuple[int, int]


def send(events: Sequence[Event]) -> None:
    """Note that these learners were asked; of two dates the earlier stands."""
    _invite(_earliest(events))


def dismiss(events: Sequence[Event]) -> None:
    """Note who would rather not say; an answer, before it or after, stands all the same."""
    moments = _earliest(events)
    _invite(moments)
    bulk_upsert.upsert(
        Invitation,
        ("wave_id", "enrollment_id", "dismissed_at", "attempts"),
        [(wave, enrollment, at, 0) for (enrollment, wave), at in sorted(moments.items())],
        conflict="wave_id, enrollment_id",
        merge={"dismissed_at": "smaller"},
    )


def answer(events: Sequence[Event]) -> None:
    """Write those of these answers that stand: in each wave an enrolment's latest."""
    _invite(_earliest(events))
    learn_questions(events)
    standing = _standing(events)
    before = _of_places(standing)
    mark_stale(before)
    pks = _write(standing)
    career.answer({pks[place]: event for place, event in standing.items()})
    mark_stale(_of_places(standing))


def _earliest(events: Sequence[Event]) -> dict[Place, datetime]:
    waves = waves_of(events)
    found: dict[Place, datetime] = {}
    for event in events:
        place = event.enrollment_id or 0, waves[keys_of(event)]
        found[place] = min(event.occurred_at, found.get(place, event.occurred_at))
    return found


def _invite(moments: Mapping[Place, datetime]) -> None:
    """Whoever is told of in a wave was asked in it, at the latest at these moments."""
    bulk_upsert.upsert(
        Invitation,
        ("wave_id", "enrollment_id", "sent_at", "attempts"),
        [(wave, enrollment, at, 0) for (enrollment, wave), at in sorted(moments.items())],
        conflict="wave_id, enrollment_id",
        merge={"sent_at": "smaller"},
    )


def _standing(events: Sequence[Event]) -> dict[Place, Event]:
    """The answers among these events that stand: in each wave the latest there is."""
    waves = waves_of(events)
    latest: dict[Place, Event] = {}
    for event in sorted(events, key=_order):
        latest[event.enrollment_id or 0, waves[keys_of(event)]] = event
    rows = _of_places(latest).order_by().values_list("enrollment", "wave", "answered_at")
    there = {(enrollment, wave): at for enrollment, wave, at in rows}
    found = {
        place: event
        for place, event in latest.items()
        if place not in there or event.occurred_at >= there[place]
    }
    at_once = {place for place, event in found.items() if there.get(place) == event.occurred_at}
    return found | _of_one_moment({place: found[place] for place in at_once})


def _of_one_moment(answers: Mapping[Place, Event]) -> dict[Place, Event]:
    """Of the answers given when these were, to the same, the one whose id sorts last."""
    places = {(enrollment, keys_of(one)): (enrollment, wave)
              for (enrollment, wave), one in answers.items()}  # fmt: skip
    known = Event.objects.filter(
        enrollment__in={enrollment for enrollment, _ in places},
        occurred_at__in={one.occurred_at for one in answers.values()},
        kind=ANSWERED,
    )
    found: dict[Place, Event] = {}
    for event in sorted(known.order_by() if answers else (), key=_order):
        place = places.get((event.enrollment_id or 0, keys_of(event)))
        if place and event.occurred_at == answers[place].occurred_at:
            found[place] = event
    return found


def _order(event: Event) -> tuple[datetime, str, str]:
    return event.occurred_at, event.key, event.sender


COLUMNS = ("answered_at", "nps", "csat", "comment", "may_quote", "language")


def _write(standing: Mapping[Place, Event]) -> dict[Place, int]:
    """Write the answers and return their ids; one that is there keeps its id."""
    written = bulk_upsert.upsert(
        Response,
        ("enrollment_id", "wave_id", *COLUMNS),
        [(*place, *_columns(standing[place])) for place in sorted(standing)],
        conflict="enrollment_id, wave_id",
        merge=dict.fromkeys(COLUMNS, "replace"),
        returning=("enrollment_id", "wave_id", "id"),
    )
    return {(int(enrollment), int(wave)): int(pk) for enrollment, wave, pk in written}


def _columns(event: Event) -> tuple[Any, ...]:
    data = event.data
    comment = (data.get("comment") or "").strip()
    return (
        event.occurred_at,
        data.get("nps"),
        data.get("csat"),
        comment,
        bool(comment and data.get("may_quote")),
        data.get("language") or "",
    )


def _of_places(places: Iterable[Place]) -> QuerySet[Response]:
    wanted = set(places)
    return Response.objects.filter(
        enrollment__in={enrollment for enrollment, _ in wanted},
        wave__in={wave for _, wave in wanted},
    )


def mark_stale(responses: QuerySet[Response]) -> None:
    """Mark the days on which these answers count."""
    for key, asked in ((SATISFACTION, "nps"), (CSAT, "csat")):
        rows = responses.filter(**{f"{asked}__isnull": False}).order_by()
        days = rows.values_list("enrollment__run__course_id", "answered_at").distinct()
        stale_days.mark_moments_stale(key, days)


def mark_enrollments(ids: Collection[int]) -> None:
    """Mark the days on which answers of these enrolments count."""
    mark_stale(Response.objects.filter(enrollment__in=ids))
    career.mark_stale(CareerOutcome.objects.filter(enrollment__in=ids))


def reset(course_ids: Iterable[int]) -> None:
    """Delete what events made in these courses.

    Answers that are still told of keep their rows, and so what staff said of them; invitations
    that we sent keep theirs, which the links in the learners' mail boxes name.
    """
    courses = list(course_ids)
    answers = Event.objects.filter(course__in=courses, kind=ANSWERED)
    _reset(Q(enrollment__run__course__in=courses), answers)


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete what events made of these enrollments; rows stay as in `reset`."""
    mine = Q(enrollment__in=list(ids))
    _reset(mine, Event.objects.filter(mine, kind=ANSWERED))


def _reset(mine: Q, answers: QuerySet[Event]) -> None:
    responses = Response.objects.filter(mine)
    mark_stale(responses)
    outcomes = CareerOutcome.objects.filter(mine)
    career.mark_stale(outcomes)
    outcomes.delete()
    _forget_untold(responses, answers)
    invitations = Invitation.objects.filter(mine)
    invitations.filter(claimed_at=None).delete()
    invitations.update(sent_at=None, dismissed_at=None)


# before any event, so that the first answer that is read again stands
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _forget_untold(responses: QuerySet[Response], answers: QuerySet[Event]) -> None:
    told: set[tuple[int | None, Keys]] = {
        (event.enrollment_id, keys_of(event)) for event in answers.iterator()
    }
    rows = responses.values_list("pk", "enrollment_id", "wave__survey__key", "wave__key")
    untold = [pk for pk, who, survey, wave in rows if (who, (survey, wave)) not in told]
    Response.objects.filter(pk__in=untold).delete()
    responses.update(answered_at=LONG_AGO, nps=None, csat=None)
