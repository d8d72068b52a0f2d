"""Resolve the keys in events to rows: course, run, module, learner and enrollment.

Rows are loaded for a whole batch at once; unknown ones are created where the sender may do so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext

from core.database import queries
from core.external_keys import ids_by_key
from curriculum.models import Course, CourseRun, Learner, Module, StructureVersion
from curriculum.structure import versions
from intake.event_kinds import KINDS, EventSubject
from intake.events.envelope import Envelope
from intake.events.rejections import EventRejected, missing
from intake.events.senders import Sender
from intake.facts import module_binding
from intake.facts.enrollment_lookup import EnrollmentRef, enrollment_at, enrollment_starts


class References:
    """The rows that a batch refers to, as ids by key; runs and modules by course id and key.

    With `creates`, unknown ones are created where the sender may do so.
    """

    def __init__(self, envelopes: Sequence[Envelope], sender: Sender, *, creates: bool) -> None:
        self.sender = sender
        self.creates = creates
        self.creates_unknown = creates and sender.creates_unknown
        self.courses = self._load_courses(envelopes)
        self.learners = self._load_learners(envelopes)
        self.runs = self._load_runs(envelopes)
        self.modules = self._load_modules(envelopes)
        self.modules_of_objects = self._load_modules_of_objects(envelopes)
        self.objects = self._load_objects(envelopes)
        self.enrollments = self._load_enrollments(envelopes)

    def _load_courses(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        courses = ids_by_key(Course, (one.course for one in envelopes if one.course))
        allowed = {
            one.course
            for one in envelopes
            if self.creates and one.course and self.sender.may_create_course_of(one)
        }
        if new := allowed - courses.keys():
            Course.objects.bulk_create(
                [Course(key=key, title=key) for key in sorted(new)], ignore_conflicts=True
            )
            courses |= ids_by_key(Course, new)
        return courses

    def _load_learners(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        keys = {one.learner for one in envelopes if one.learner}
        learners = ids_by_key(Learner, keys)
        if self.creates_unknown and (new := keys - learners.keys()):
            Learner.objects.create_missing(new)
            learners |= ids_by_key(Learner, new)
        return learners

    def _load_runs(self, envelopes: Sequence[Envelope]) -> dict[int, dict[str, int]]:
        if not any(KINDS[one.kind].about is EventSubject.SIGN_UP or one.run for one in envelopes):
            return {}
        runs = self._ids_by_course(CourseRun)
        if not self.creates_unknown:
            return runs
        # a sign-up for a course without runs creates a run with the course's key
        wanted = {
            (self.courses[one.course], one.run or one.course)
            for one in envelopes
            if KINDS[one.kind].about is EventSubject.SIGN_UP and one.course in self.courses
            if one.run or not runs[self.courses[one.course]]
        }
        new = [(course, key) for course, key in sorted(wanted) if key not in runs[course]]
        CourseRun.objects.bulk_create(
            [CourseRun(course_id=course, key=key) for course, key in new], ignore_conflicts=True
        )
        return self._ids_by_course(CourseRun) if new else runs

    def _load_modules(self, envelopes: Sequence[Envelope]) -> dict[int, dict[str, int]]:
        wanted = {
            (self.courses[one.course], one.module)
            for one in envelopes
            if one.module and one.course in self.courses
        }
        modules = self._ids_by_course(Module) if wanted else {}
        new = [(course, key) for course, key in sorted(wanted) if key not in modules[course]]
        return self._create_modules(new) if new and self.creates_unknown else modules

    def _create_modules(self, new: Sequence[tuple[int, str]]) -> dict[int, dict[str, int]]:
        courses = Course.objects.filter(pk__in={course for course, _ in new}).order_by("pk")
        # two senders that append a module at the same time would use the same position
        list(courses.select_for_update().values_list("pk"))
        last = dict(courses.values_list("pk").annotate(last=Max("modules__position")))
        existing = self._ids_by_course(Module)
        for course, key in new:
            if key in existing[course]:
                continue
            last[course] = (last[course] or 0) + 1
            # not required until staff change that, so that no plan changes
            Module.objects.create(
                course_id=course, key=key, title=key, position=last[course], is_required=False
            )
        versions.record(last, source=StructureVersion.Source.EVENT)
        return self._ids_by_course(Module)

    def _ids_by_course(self, model: type[CourseRun | Module]) -> dict[int, dict[str, int]]:
        table = model._meta.db_table
        # safe: only names of our own models
        statement = f'SELECT course_id, key, id FROM "{table}" WHERE course_id IN %s ORDER BY id'  # noqa: S608
        found: dict[int, dict[str, int]] = {pk: {} for pk in self.courses.values()}
        for course, key, pk in queries.select(statement, self.courses.values()):
            found[course][key] = pk
        return found

    def _load_modules_of_objects(self, envelopes: Sequence[Envelope]) -> dict[tuple[int, str], int]:
        without_module = {
            (self.courses[one.course], one.object)
            for one in envelopes
            if one.object and not one.module and one.course in self.courses
        }
        return module_binding.modules_of(without_module)

    def _load_objects(self, envelopes: Sequence[Envelope]) -> dict[str, set[str]]:
        """Return the existing object keys by kind, for kinds that require existing objects."""
        named: dict[str, set[str]] = defaultdict(set)
        for one in envelopes:
            if one.object:
                named[one.kind].add(one.object)
        return {
            name: find(keys, self.creates_unknown)
            for name, keys in named.items()
            if (find := KINDS[name].find_objects)
        }

    def _load_enrollments(
        self, envelopes: Sequence[Envelope]
    ) -> dict[tuple[int, int], list[EnrollmentRef]]:
        if all(KINDS[one.kind].about is not EventSubject.ENROLLMENT for one in envelopes):
            return {}
        return enrollment_starts(set(self.learners.values()))


class ResolvedRefs(NamedTuple):
    """The rows that an event refers to; None where it does not name one."""

    course_id: int | None = None
    run_key: str = ""
    enrollment_id: int | None = None
    module_id: int | None = None


def resolve(envelope: Envelope, references: References) -> ResolvedRefs:
    """Find the rows that an event refers to; raises EventRejected if one does not exist."""
    about = KINDS[envelope.kind].about
    if about is EventSubject.CUSTOMER:
        if envelope.learner is not None:
            _learner(envelope, references)
        # a sender that is limited to some courses must name one
        if envelope.course is None and references.sender.course_ids is None:
            return ResolvedRefs()
        return ResolvedRefs(_course(envelope, references))
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


def _course(envelope: Envelope, references: References) -> int:
    if envelope.course is None:
        raise missing("course")
    course = references.courses.get(envelope.course)
    if course is None or not references.sender.may_write_to(course):
        reason = gettext("course: unknown course “%(course)s”, or no permission to write to it.")
        raise EventRejected("unknown_course", reason % {"course": envelope.course}, "course")
    return course


def _learner(envelope: Envelope, references: References) -> int:
    if envelope.learner is None:
        raise missing("learner")
    learner = references.learners.get(envelope.learner)
    if learner is None:
        raise EventRejected(
            "unknown_learner",
            gettext("learner: unknown learner."),
            "learner",
            advice=gettext(
                "Enroll the learner first, or use an API key that may create unknown learners."
            ),
        )
    return learner


def _check_object(envelope: Envelope, references: References) -> None:
    known = references.objects.get(envelope.kind)
    if known is not None and envelope.object not in known:
        raise EventRejected(
            "unknown_object",
            gettext("object: unknown object “%(object)s”.") % {"object": envelope.object},
            "object",
            advice=gettext("Define it first, or use an API key that may create unknown objects."),
        )


def _module(envelope: Envelope, references: References, course: int) -> int | None:
    if envelope.module is None:
        return references.modules_of_objects.get((course, envelope.object or ""))
    module = references.modules[course].get(envelope.module)
    if module is None:
        reason = gettext("module: course “%(course)s” has no module “%(module)s”.") % {
            "course": envelope.course,
            "module": envelope.module,
        }
        raise EventRejected("unknown_module", reason, "module")
    return module


def _run_to_enter(envelope: Envelope, references: References, course: int) -> str:
    runs = references.runs[course]
    if envelope.run is None and len(runs) == 1:
        return next(iter(runs))
    if envelope.run is None or envelope.run not in runs:
        reason = gettext("run: name the run of “%(course)s” to enroll in. Its runs: %(runs)s.") % {
            "course": envelope.course,
            "runs": ", ".join(sorted(runs)[:20]) or gettext("none"),
        }
        raise EventRejected("unknown_run", reason, "run")
    return envelope.run


def _enrollment(envelope: Envelope, references: References, learner: int, course: int) -> int:
    starts: Sequence[EnrollmentRef] = references.enrollments.get((learner, course), [])
    if envelope.run is not None:
        run = references.runs[course].get(envelope.run)
        starts = [start for start in starts if start.run_id == run]
    if not starts:
        raise EventRejected("not_enrolled", _not_enrolled(envelope), "learner")
    enrollment = enrollment_at(starts, envelope.occurred_at)
    if enrollment is None:
        reason = gettext(
            "occurred_at: more than %(minutes)s minutes before the enrollment on %(enrollment)s."
        ) % {
            "minutes": settings.KPI_ENROLLMENT_TOLERANCE_MINUTES,
            "enrollment": starts[0].started_at.isoformat(),
        }
        raise EventRejected("before_enrollment", reason, "occurred_at")
    return enrollment.pk


def _not_enrolled(envelope: Envelope) -> str:
    reason = gettext("learner: not enrolled in course “%(course)s”.")
    if envelope.run is not None:
        reason = gettext("learner: not enrolled in run “%(run)s” of course “%(course)s”.")
    return reason % {"course": envelope.course, "run": envelope.run}
