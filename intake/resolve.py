"""What an event's references mean: keys of learner, course, run and module become rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max

from curriculum.keys import ids_by_key
from curriculum.models import Course, CourseRun, EnrollmentMoment, Learner, Module
from intake.envelope import Envelope, Refused
from intake.registry import KINDS, PLACES, About


@dataclass(frozen=True)
class Sender:
    """Who sends: event ids are unique within `name`; `course_ids` None allows every course."""

    name: str
    creates_unknown: bool = False
    course_ids: frozenset[int] | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def makes(self) -> bool:
        """True when some row may be made on the fly."""
        defining = {kind.scope for kind in KINDS.values()} - {""}
        return self.creates_unknown or not defining.isdisjoint(self.scopes)

    def may_make(self, envelope: Envelope) -> bool:
        """True when the course of this event may be made on the fly."""
        scope = KINDS[envelope.kind].scope
        defines = bool(scope) and scope in self.scopes
        return self.course_ids is None and (self.creates_unknown or defines)


@dataclass(frozen=True)
class Found:
    """The rows that an event is about; None where the event does not say."""

    course_id: int | None = None
    run_key: str = ""
    enrollment_id: int | None = None
    module_id: int | None = None


@dataclass(frozen=True)
class Entered:
    """A sign-up, as far as it matters here."""

    pk: int
    run_id: int
    at: datetime


def sign_ups(**which: Any) -> Iterator[tuple[tuple[int, int], Entered]]:
    """Sign-ups by learner and course (ids), the earliest first; `which` are lookups on moments."""
    rows = EnrollmentMoment.objects.filter(what=EnrollmentMoment.What.STARTED, **which)
    for learner, course, pk, run, at in rows.order_by("at", "enrollment__run__key").values_list(
        "enrollment__learner_id",
        "enrollment__run__course_id",
        "enrollment_id",
        "enrollment__run_id",
        "at",
    ):
        yield (learner, course), Entered(pk, run, at)


class References:
    """The rows that a batch refers to, loaded set by set; unknown ones made if allowed."""

    def __init__(self, envelopes: Sequence[Envelope], sender: Sender) -> None:
        self.sender = sender
        self.courses = self._load_courses(envelopes)
        self.learners = self._load_learners(envelopes)
        self.runs = self._load_runs(envelopes)
        self.modules = self._load_modules(envelopes)
        self.places = self._load_places(envelopes)
        self.objects = self._load_objects(envelopes)
        self.enrollments = self._load_enrollments(envelopes)

    def find(self, envelope: Envelope) -> Found:
        """The rows of one event; Refused says which reference leads nowhere."""
        about = KINDS[envelope.kind].about
        if about is About.CUSTOMER:
            return self._find_customer(envelope)
        course = self._course(envelope)
        if about is About.COURSE:
            return Found(course)
        learner = self._learner(envelope)
        self._check_object(envelope)
        module = self._module(envelope, course)
        if about is About.SIGN_UP:
            return Found(course, self._run_to_enter(envelope, course), None, module)
        return Found(course, "", self._enrollment(envelope, learner, course), module)

    def _find_customer(self, envelope: Envelope) -> Found:
        """The course where one is told; a sender who may not write everywhere has to."""
        if envelope.learner is not None:
            self._learner(envelope)
        is_told = envelope.course is not None or self.sender.course_ids is not None
        return Found(self._course(envelope) if is_told else None)

    def _load_courses(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        keys = {one.course for one in envelopes if one.course}
        found = self._courses(keys)
        makeable = {one.course for one in envelopes if one.course and self.sender.may_make(one)}
        if new := makeable - set(found):
            Course.objects.bulk_create(
                [Course(key=key, title=key) for key in sorted(new)], ignore_conflicts=True
            )
            found |= self._courses(new)
        return found

    def _courses(self, keys: set[str]) -> dict[str, int]:
        return ids_by_key(Course, keys)

    def _load_learners(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        keys = {one.learner for one in envelopes if one.learner}
        found = self._learners(keys)
        if self.sender.creates_unknown and (new := keys - set(found)):
            Learner.objects.bulk_create(
                [Learner(key=key) for key in sorted(new)], ignore_conflicts=True
            )
            found |= self._learners(new)
        return found

    def _learners(self, keys: set[str]) -> dict[str, int]:
        return ids_by_key(Learner, keys)

    def _load_runs(self, envelopes: Sequence[Envelope]) -> dict[int, dict[str, int]]:
        runs = self._by_course(CourseRun)
        if not self.sender.creates_unknown:
            return runs
        # who enters a course without runs enters one named like the course
        wanted = {
            (self.courses[one.course], one.run or one.course)
            for one in envelopes
            if KINDS[one.kind].about is About.SIGN_UP and one.course in self.courses
            if one.run or not runs[self.courses[one.course]]
        }
        new = [(course, key) for course, key in sorted(wanted) if key not in runs[course]]
        CourseRun.objects.bulk_create(
            [CourseRun(course_id=course, key=key) for course, key in new], ignore_conflicts=True
        )
        return self._by_course(CourseRun) if new else runs

    def _load_modules(self, envelopes: Sequence[Envelope]) -> dict[int, dict[str, int]]:
        modules = self._by_course(Module)
        if not self.sender.creates_unknown:
            return modules
        wanted = {
            (self.courses[one.course], one.module)
            for one in envelopes
            if one.module and one.course in self.courses
        }
        new = [(course, key) for course, key in sorted(wanted) if key not in modules[course]]
        return self._make_modules(new) if new else modules

    def _make_modules(self, new: Sequence[tuple[int, str]]) -> dict[int, dict[str, int]]:
        courses = Course.objects.filter(pk__in={course for course, _ in new}).order_by("pk")
        # two senders who append a module at once would give both the same place
        list(courses.select_for_update().values_list("pk"))
        last = dict(courses.values_list("pk").annotate(last=Max("modules__position")))
        there = self._by_course(Module)
        for course, key in new:
            if key in there[course]:
                continue
            last[course] = (last[course] or 0) + 1
            # nobody planned it: it counts in no plan until staff say so
            Module.objects.create(
                course_id=course, key=key, title=key, position=last[course], is_required=False
            )
        return self._by_course(Module)

    def _by_course(self, model: type[CourseRun | Module]) -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = defaultdict(dict)
        rows = model.objects.filter(course__in=self.courses.values()).order_by("pk")
        for course, key, pk in rows.values_list("course_id", "key", "pk"):
            found[course][key] = pk
        return found

    def _load_places(self, envelopes: Sequence[Envelope]) -> dict[tuple[int, str], int]:
        homeless = {
            (self.courses[one.course], one.object)
            for one in envelopes
            if one.object and not one.module and one.course in self.courses
        }
        places: dict[tuple[int, str], int] = {}
        for known in PLACES if homeless else ():
            places |= known(homeless)
        return places

    def _load_objects(self, envelopes: Sequence[Envelope]) -> dict[str, set[str]]:
        named: dict[str, set[str]] = defaultdict(set)
        for one in envelopes:
            if one.object:
                named[one.kind].add(one.object)
        return {
            name: known(keys, self.sender.creates_unknown)
            for name, keys in named.items()
            if (known := KINDS[name].known)
        }

    def _load_enrollments(
        self, envelopes: Sequence[Envelope]
    ) -> dict[tuple[int, int], list[Entered]]:
        found: dict[tuple[int, int], list[Entered]] = defaultdict(list)
        if all(KINDS[one.kind].about is not About.ENROLLMENT for one in envelopes):
            return found
        for pair, entered in sign_ups(
            enrollment__learner__in=self.learners.values(),
            enrollment__run__course__in=self.courses.values(),
        ):
            found[pair].append(entered)
        return found

    def _course(self, envelope: Envelope) -> int:
        if envelope.course is None:
            raise Refused("missing", "course: is needed and missing.", "course")
        course = self.courses.get(envelope.course)
        allowed = self.sender.course_ids
        if course is None or (allowed is not None and course not in allowed):
            raise Refused(
                "unknown_course",
                f"course: there is no course “{envelope.course}” that this sender may write to.",
                "course",
            )
        return course

    def _learner(self, envelope: Envelope) -> int:
        if envelope.learner is None:
            raise Refused("missing", "learner: is needed and missing.", "learner")
        learner = self.learners.get(envelope.learner)
        if learner is None:
            raise Refused(
                "unknown_learner",
                "learner: nobody is known by this key; enrol them first, or let the sender's "
                "key create what is unknown.",
                "learner",
            )
        return learner

    def _check_object(self, envelope: Envelope) -> None:
        if envelope.object not in self.objects.get(envelope.kind, (envelope.object,)):
            raise Refused(
                "unknown_object",
                f"object: nothing is known as “{envelope.object}”; define it first, or let the "
                "sender's key create what is unknown.",
                "object",
            )

    def _module(self, envelope: Envelope, course: int) -> int | None:
        if envelope.module is None:
            return self.places.get((course, envelope.object or ""))
        module = self.modules[course].get(envelope.module)
        if module is None:
            raise Refused(
                "unknown_module",
                f"module: “{envelope.module}” is no module of course “{envelope.course}”.",
                "module",
            )
        return module

    def _run_to_enter(self, envelope: Envelope, course: int) -> str:
        runs = self.runs[course]
        if envelope.run is None and len(runs) == 1:
            return next(iter(runs))
        if envelope.run is None or envelope.run not in runs:
            keys = ", ".join(sorted(runs)[:20]) or "none"
            raise Refused(
                "unknown_run",
                f"run: say which run of “{envelope.course}” is entered; there are: {keys}.",
                "run",
            )
        return envelope.run

    def _enrollment(self, envelope: Envelope, learner: int, course: int) -> int:
        rows: Iterable[Entered] = self.enrollments.get((learner, course), [])
        if envelope.run is not None:
            run = self.runs[course].get(envelope.run)
            rows = [row for row in rows if row.run_id == run]
        rows = list(rows)
        if not rows:
            where = f"run “{envelope.run}” of " if envelope.run else ""
            raise Refused(
                "not_enrolled",
                f"learner: is not enrolled in {where}course “{envelope.course}”.",
                "learner",
            )
        if (entered := entered_at(rows, envelope.occurred_at)) is None:
            raise Refused(
                "before_enrollment",
                f"occurred_at: lies before the enrollment of {rows[0].at.isoformat()}, by more "
                f"than the {settings.KPI_ENROLLMENT_TOLERANCE_MINUTES} minutes by which clocks "
                "may differ.",
                "occurred_at",
            )
        return entered.pk


def entered_at(sign_ups: Sequence[Entered], moment: datetime) -> Entered | None:
    """The last of these sign-ups (in their order) before the moment; None before all of them.

    Where all come after it, the first is meant if clocks may differ by as much.
    """
    begun = [one for one in sign_ups if one.at <= moment]
    if begun:
        return begun[-1]
    tolerance = timedelta(minutes=settings.KPI_ENROLLMENT_TOLERANCE_MINUTES)
    return next((one for one in sign_ups if one.at <= moment + tolerance), None)
