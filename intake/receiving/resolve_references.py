"""Resolve the keys in one event to rows: its course, run, module, learner and enrollment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from intake.event_kinds import KINDS, EventSubject
from intake.events.envelope import Envelope, EventRejected
from intake.facts.enrollment_lookup import EnrollmentRef, enrollment_at
from intake.receiving.load_references import References


@dataclass(frozen=True)
class ResolvedRefs:
    """The rows that an event is about; None where the event does not say."""

    course_id: int | None = None
    run_key: str = ""
    enrollment_id: int | None = None
    module_id: int | None = None


def resolve(envelope: Envelope, references: References) -> ResolvedRefs:
    """The rows of one event; EventRejected says which reference leads nowhere."""
    about = KINDS[envelope.kind].about
    if about is EventSubject.CUSTOMER:
        return _resolve_customer(envelope, references)
    course = _course(envelope, references)
    if about is EventSubject.COURSE:
        return ResolvedRefs(course)
    learner = _learner(envelope, references)
    _check_object(envelope, references)
    module = _module(envelope, references, course)
    if about is EventSubject.SIGN_UP:
        return ResolvedRefs(course, _run_to_enter(envelope, references, course), None, module)
    enrollment = _enrollment(envelope, references, learner, course)
    return ResolvedRefs(course, "", enrollment, module)


def _resolve_customer(envelope: Envelope, references: References) -> ResolvedRefs:
    """The course where one is named; a sender who may not write to every course has to name one."""
    if envelope.learner is not None:
        _learner(envelope, references)
    if envelope.course is None and references.sender.course_ids is None:
        return ResolvedRefs()
    return ResolvedRefs(_course(envelope, references))


def _course(envelope: Envelope, references: References) -> int:
    if envelope.course is None:
        raise EventRejected("missing", "course: is needed and missing.", "course")
    course = references.courses.get(envelope.course)
    if course is None or not references.sender.may_write_to(course):
        raise EventRejected(
            "unknown_course",
            f"course: there is no course “{envelope.course}” that this sender may write to.",
            "course",
        )
    return course


def _learner(envelope: Envelope, references: References) -> int:
    if envelope.learner is None:
        raise EventRejected("missing", "learner: is needed and missing.", "learner")
    learner = references.learners.get(envelope.learner)
    if learner is None:
        raise EventRejected(
            "unknown_learner",
            "learner: nobody is known by this key; enrol them first, or let the sender's "
            "key create what is unknown.",
            "learner",
        )
    return learner


def _check_object(envelope: Envelope, references: References) -> None:
    known = references.objects.get(envelope.kind)
    if known is not None and envelope.object not in known:
        raise EventRejected(
            "unknown_object",
            f"object: nothing is known as “{envelope.object}”; define it first, or let the "
            "sender's key create what is unknown.",
            "object",
        )


def _module(envelope: Envelope, references: References, course: int) -> int | None:
    if envelope.module is None:
        return references.modules_of_objects.get((course, envelope.object or ""))
    module = references.modules[course].get(envelope.module)
    if module is None:
        raise EventRejected(
            "unknown_module",
            f"module: “{envelope.module}” is no module of course “{envelope.course}”.",
            "module",
        )
    return module


def _run_to_enter(envelope: Envelope, references: References, course: int) -> str:
    runs = references.runs[course]
    if envelope.run is None and len(runs) == 1:
        return next(iter(runs))
    if envelope.run is None or envelope.run not in runs:
        keys = ", ".join(sorted(runs)[:20]) or "none"
        raise EventRejected(
            "unknown_run",
            f"run: say which run of “{envelope.course}” is entered; there are: {keys}.",
            "run",
        )
    return envelope.run


def _enrollment(envelope: Envelope, references: References, learner: int, course: int) -> int:
    starts: Sequence[EnrollmentRef] = references.enrollments.get((learner, course), [])
    if envelope.run is not None:
        run = references.runs[course].get(envelope.run)
        starts = [start for start in starts if start.run_id == run]
    if not starts:
        where = f"run “{envelope.run}” of " if envelope.run else ""
        raise EventRejected(
            "not_enrolled",
            f"learner: is not enrolled in {where}course “{envelope.course}”.",
            "learner",
        )
    enrollment = enrollment_at(starts, envelope.occurred_at)
    if enrollment is None:
        raise EventRejected(
            "before_enrollment",
            f"occurred_at: lies before the enrollment of {starts[0].started_at.isoformat()}, by "
            f"more than the {settings.KPI_ENROLLMENT_TOLERANCE_MINUTES} minutes by which clocks "
            "may differ.",
            "occurred_at",
        )
    return enrollment.pk
