"""Record what happens to our own surveys as events, like the events of any other sender."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from intake.events.senders import Sender
from intake.receiving.receive import receive
from outcomes.models import Invitation

MAIL = Sender("survey mail")  # not translated: a name in stored events
PAGE = Sender("survey page")  # not translated: a name in stored events


class EventNotAccepted(Exception):  # noqa: N818 - it describes the event
    """One of our own events was rejected."""


def record_sent(invitation: Invitation, now: datetime) -> None:
    _record(MAIL, f"sent-{invitation.pk}", "survey.sent", invitation, {}, now)


def record_answered(invitation: Invitation, data: Mapping[str, Any], now: datetime) -> None:
    """EventNotAccepted if the event is rejected."""
    _record(PAGE, f"answer-{uuid4()}", "survey.answered", invitation, data, now)


def record_dismissed(invitation: Invitation, now: datetime) -> None:
    """EventNotAccepted if the event is rejected."""
    _record(PAGE, f"dismissal-{uuid4()}", "survey.dismissed", invitation, {}, now)


def _record(
    sender: Sender,
    key: str,
    kind: str,
    invitation: Invitation,
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    wave, enrollment = invitation.wave, invitation.enrollment
    event = {
        "id": key,
        "kind": kind,
        "occurred_at": now.isoformat(),
        "learner": enrollment.learner.key,
        "course": enrollment.run.course.key,
        "run": enrollment.run.key,
        "data": {"survey": wave.survey.key, "wave": wave.key, **data},
    }
    # storing a rejected event would keep the learner's words although nobody can correct it
    (outcome,) = receive([event], sender, now=now, keeps_rejected=False)
    if outcome.is_rejected:
        raise EventNotAccepted(kind, invitation.pk, outcome.code, outcome.field)
