"""The one place that records whose data somebody has read."""

from __future__ import annotations

from accounts import audit
from accounts.models import AccessRecord, ApiKey, User
from curriculum.models import Course, Enrollment
from support.models import Standing

Action = AccessRecord.Action


def note_list(
    by: User | ApiKey, count: int, *, course: Course | None, is_export: bool = False
) -> None:
    action = Action.EXPORTED if is_export else Action.VIEWED
    audit.record(by, action, about=Standing, count=count, course=course)


def note_one(by: User, enrollment: Enrollment) -> None:
    course = enrollment.run.course
    audit.record(by, Action.VIEWED, about=Enrollment, row=enrollment.pk, course=course)
