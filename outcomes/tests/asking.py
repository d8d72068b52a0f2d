"""Helpers for surveys and waves that we send, and for learners with an e-mail address."""

from __future__ import annotations

from typing import Any

from accounts.tests.people import moment
from curriculum.models import Course, Enrollment, Learner
from outcomes.models import Invitation, Survey, Wave
from outcomes.tests.school import enrolled

NOW = moment("2026-03-10T09:00:00")


def wave_of(made: Course, **asks: Any) -> Wave:
    """Create a wave that opens on 1 March and closes on 1 April."""
    survey = Survey.objects.create(key="end", title="How was it?", **asks)
    return Wave.objects.create(
        survey=survey,
        key="w1",
        course=made,
        opens_at=moment("2026-03-01"),
        closes_at=moment("2026-04-01"),
    )


def with_address(*names: str) -> None:
    enrolled(*names)
    for name in names:
        Learner.objects.filter(key=name).update(email=f"{name}@example.com")


def enrollment_of(name: str) -> Enrollment:
    return Enrollment.objects.get(learner__key=name)


def invited(name: str, wave: Wave) -> Invitation:
    """Create an invitation that was sent to the learner."""
    with_address(name)
    return Invitation.objects.create(
        wave=wave, enrollment=enrollment_of(name), claimed_at=NOW, sent_at=NOW
    )
