"""Invite the demonstration's learner to a survey that they can answer on its page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from curriculum.models import Enrollment
from demo.known_password import EMAILS
from demo.status import SENDER
from intake.receiving.receive import receive
from outcomes.models import Survey, Wave

SURVEY, WAVE = "looking-back", "demonstration"
DAY = timedelta(days=1)


def send(now: datetime) -> None:
    """Invite the learner of the latest completed course, once; nobody without one."""
    completed = (
        Enrollment.objects.counted()
        .filter(learner__user__email=EMAILS["learner"], completed_at__lt=now - DAY)
        .select_related("run__course", "learner")
        .order_by("completed_at")
        .last()
    )
    if completed is None or completed.completed_at is None:
        return
    survey, _ = Survey.objects.get_or_create(key=SURVEY, defaults={"title": "Looking back"})
    Wave.objects.get_or_create(
        survey=survey,
        key=WAVE,
        defaults={
            "run": completed.run,
            "opens_at": now - DAY,
            "closes_at": now + 30 * DAY,
            "reminder_days": None,
            # so that no e-mail is sent to anybody else: addresses are made up
            "days_after_completion": 0,
            "completed_from": completed.completed_at,
            "completed_before": completed.completed_at + timedelta(microseconds=1),
        },
    )
    receive([_invitation(completed, now - DAY)], SENDER, now=now)


def _invitation(one: Enrollment, at: datetime) -> dict[str, Any]:
    return {
        "id": f"{SURVEY}-{WAVE}",
        "kind": "survey.sent",
        "occurred_at": at.isoformat(),
        "learner": one.learner.key,
        "course": one.run.course.key,
        "run": one.run.key,
        "data": {"survey": SURVEY, "wave": WAVE},
    }
