"""What learners do, as events: one event of each kind that KPIs count, in both courses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from intake.events.senders import Sender
from intake.receiving.receive import receive

LMS = Sender("lms", creates_unknown=True)
COURSES = ("py", "db")
WAVE = {"survey": "end", "wave": "w1"}
numbers = count(1)

Event = dict[str, Any]


def life(who: str, begins: date) -> Iterator[Event]:
    """Return everything a learner does from the day on."""

    def event_of(kind: str, where: str, day: int, **more: Any) -> Event:
        at = f"{begins + timedelta(days=day)}T12:00:00Z"
        event = {"id": str(next(numbers)), "kind": kind, "occurred_at": at, "learner": who}
        return {**event, "course": where, **more}

    for where in COURSES:
        yield event_of("enrollment.started", where, 0, data={"track": "certificate"})
        yield event_of("skill.assessed", where, 1, object="sql", value=0.2, data={"stage": "pre"})
        played = {"segments": [[0, 60]], "duration": 240}
        yield event_of("video.watched", where, 2, module="m1", object="intro", data=played)
        yield event_of("quiz.attempted", where, 3, module="m1", object="q1")
        yield event_of("assessment.graded", where, 4, module="m2", object="exam", value=0.8)
        yield event_of("module.completed", where, 5, module="m1")
        yield event_of("skill.assessed", where, 27, object="sql", value=0.9)
        yield event_of("course.completed", where, 28)
        yield event_of("certificate.earned", where, 29)
        said = {**WAVE, "nps": 9, "csat": 4, "career": ["project"]}
        yield event_of("survey.answered", where, 30, data=said)
        yield event_of("payment.received", where, 31, data={"amount": 250, "currency": "USD"})
        yield event_of("invitation.sent", where, 32, data={"invitee": f"{who}@example.com"})
    held = {"subscription": f"{who}-holds"}
    yield event_of("subscription.started", "py", -31, data=held)
    yield event_of("subscription.cancelled", "py", 33, data=held)


def take(*events: Event, now: datetime) -> None:
    assert {one.status for one in receive(events, LMS, now=now)} == {"accepted"}
