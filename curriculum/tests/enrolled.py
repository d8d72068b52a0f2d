"""Enroll a learner in a course of two modules, and show the due dates."""

from __future__ import annotations

from datetime import datetime

from accounts.tests.people import course, learner, moment, run_of
from curriculum.enrolling import SignUp, enroll
from curriculum.models import CourseRun, Enrollment

JAN_5 = moment("2026-01-05")


def enrolled(
    name: str = "Ada", *, run: CourseRun | None = None, at: datetime = JAN_5
) -> Enrollment:
    """Enroll in a course of two one-week modules and 28 days, due after 1.5 × 28 = 42 days."""
    run = run or run_of(course(modules=2))
    return enroll([SignUp(learner_id=learner(name).pk, run_id=run.pk, enrolled_at=at)])[0]


def due(enrollment: Enrollment) -> str:
    enrollment.refresh_from_db()
    return f"{enrollment.due_at:%m-%d}" if enrollment.due_at else "open"


def plan(enrollment: Enrollment) -> list[str]:
    return [
        f"{line.module.key} {line.due_at:%m-%d}" if line.due_at else f"{line.module.key} open"
        for line in enrollment.plan.select_related("module")
    ]
