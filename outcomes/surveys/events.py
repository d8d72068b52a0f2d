"""What happens to our own surveys comes in by the one door, as the events of any sender."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from intake.events.senders import Sender
from intake.receiving.receive import receive
from outcomes.models import Invitation

MAIL, PAGE = Sender("survey mail"), Sender("survey page")


class EventNotAccepted(Exception):  # noqa: N818 - said of an event
    """The door refused an event of ours."""


def record_sent(invitation: Invitation, now: datetime) -> None:
    _tell(MAIL, f"sent-{invitation.pk}", "survey.sent", invitation, {}, now)


def record_answered(invitation: Invitation, said: Mapping[str, Any], now: datetime) -> None:
    """NotTaken when the door refuses it."""
    _tell(PAGE, f"answer-{uuid4()}", "survey.answered", invitation, said, now)


def record_dismissed(invitation: Invitation, now: datetime) -> None:
    """NotTaken when the door refuses it."""
    _tell(PAGE, f"dismissal-{uuid4()}", "survey.dismissed", invitation, {}, now)


def _tell(
    sender: Sender,
    key: str,
    kind: str,
    invitation: Invitation,
    said: Mapping[str, Any],
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
        "data": {"survey": wave.survey.key, "wave": wave.key, **said},
    }
    # a refused one would be kept with the learner's words, for nobody to correct
    (outcome,) = receive([event], sender, now=now, keeps_rejected=False)
    if outcome.is_rejected:
        raise EventNotAccepted(
            f"{kind} of invitation {invitation.pk}: {outcome.code}, {outcome.field}"
        )
