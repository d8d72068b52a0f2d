"""Accounts, learners and courses for tests: Ada and Bo are enrolled, Cleo is a stranger."""

from __future__ import annotations

from datetime import UTC, datetime

from accounts.models import CourseGrant, RunGrant, User
from curriculum.models import Course, CourseRun, Learner, Module


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def account(
    name: str,
    *,
    grants: tuple[Course, ...] = (),
    runs: tuple[CourseRun, ...] = (),
    **fields: bool,
) -> User:
    """Create an account with the password "secret"."""
    user = User.objects.create_user(f"{name.lower()}@example.com", "secret", name=name, **fields)
    CourseGrant.objects.bulk_create(CourseGrant(user=user, course=course) for course in grants)
    RunGrant.objects.bulk_create(RunGrant(user=user, run=run) for run in runs)
    return user


def learner(name: str) -> Learner:
    return Learner.objects.create(key=name.lower(), name=name)


def course(key: str = "py", *, modules: int = 0, nominal_days: int = 28) -> Course:
    """Create a course with modules m1, m2, … of one week and 60 minutes each."""
    made = Course.objects.create(key=key, title=f"Course {key}", nominal_days=nominal_days)
    Module.objects.bulk_create(
        Module(
            course=made,
            key=f"m{at}",
            title=f"Module {at}",
            position=at,
            planned_days=7,
            effort_minutes=60,
        )
        for at in range(1, modules + 1)
    )
    return made


def run_of(made: Course, key: str = "r1") -> CourseRun:
    return CourseRun.objects.create(course=made, key=key)
