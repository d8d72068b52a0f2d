"""What an event's references mean: keys of learner, course, run and module become rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curriculum.models import Course, CourseRun, Enrollment, Learner, Module
from intake.envelope import Envelope, Refused
from intake.registry import KINDS, About


@dataclass(frozen=True)
class Sender:
    """Who sends: event ids are unique within `name`; `course_ids` None allows every course."""

    name: str
    creates_unknown: bool = False
    course_ids: frozenset[int] | None = None


@dataclass(frozen=True)
class Found:
    """The rows that an event is about; ids are None where the event does not say."""

    course_id: int | None = None
    learner_id: int | None = None
    run_id: int | None = None
    enrollment_id: int | None = None
    module_id: int | None = None


class References:
    """The rows that a batch refers to, loaded set by set; unknown ones made if allowed."""

    def __init__(self, envelopes: Sequence[Envelope], sender: Sender) -> None:
        self.sender = sender
        self.courses = self._load_courses(envelopes)
        self.learners = self._load_learners(envelopes)
        self.runs = self._load_runs(envelopes)
        self.modules = self._load_modules(envelopes)
        self.enrollments = self._load_enrollments()

    def find(self, envelope: Envelope) -> Found:
        """The rows of one event; Refused says which reference leads nowhere."""
        about = KINDS[envelope.kind].about
        course = self._course(envelope)
        if about is About.COURSE:
            return Found(course_id=course)
        learner = self._learner(envelope)
        module = self._module(envelope, course)
        if about is About.SIGN_UP:
            run = self._run_to_enter(envelope, course)
            return Found(course, learner, run, None, module)
        enrollment = self._enrollment(envelope, learner, course)
        return Found(course, learner, enrollment.run_id, enrollment.pk, module)

    def _load_courses(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        keys = {one.course for one in envelopes if one.course}
        if self.sender.creates_unknown and self.sender.course_ids is None:
            Course.objects.bulk_create(
                [Course(key=key, title=key) for key in sorted(self._missing(Course, keys))],
                ignore_conflicts=True,
            )
        return dict(Course.objects.filter(key__in=keys).values_list("key", "pk"))

    def _load_learners(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        keys = {one.learner for one in envelopes if one.learner}
        if self.sender.creates_unknown:
            Learner.objects.bulk_create(
                [Learner(key=key) for key in sorted(self._missing(Learner, keys))],
                ignore_conflicts=True,
            )
        return dict(Learner.objects.filter(key__in=keys).values_list("key", "pk"))

    def _missing(self, model: type[Course | Learner], keys: set[str]) -> set[str]:
        there = model.objects.filter(key__in=keys).values_list("key", flat=True)
        return keys - set(there)

    def _load_runs(self, envelopes: Sequence[Envelope]) -> dict[int, dict[str, int]]:
        if self.sender.creates_unknown:
            there = self._by_course(CourseRun)
            sign_ups = [one for one in envelopes if KINDS[one.kind].about is About.SIGN_UP]
            # who enters a course without runs enters one named like the course
            wanted = {
                (self.courses[one.course], one.run or one.course)
                for one in sign_ups
                if one.course in self.courses and (one.run or not there[self.courses[one.course]])
            }
            CourseRun.objects.bulk_create(
                [CourseRun(course_id=course, key=key) for course, key in sorted(wanted)],
                ignore_conflicts=True,
            )
        return self._by_course(CourseRun)

    def _load_modules(self, envelopes: Sequence[Envelope]) -> dict[int, dict[str, int]]:
        if self.sender.creates_unknown:
            wanted = {
                (self.courses[one.course], one.module)
                for one in envelopes
                if one.module and one.course in self.courses
            }
            self._create_modules(wanted)
        return self._by_course(Module)

    def _create_modules(self, wanted: Iterable[tuple[int, str]]) -> None:
        there = self._by_course(Module)
        counts = {course: len(keys) for course, keys in there.items()}
        for course, key in sorted(wanted):
            if key in there.get(course, {}):
                continue
            counts[course] = counts.get(course, 0) + 1
            Module.objects.get_or_create(
                course_id=course,
                key=key,
                # nobody planned it: it counts in no plan until staff say so
                defaults={"title": key, "position": counts[course], "is_required": False},
            )

    def _by_course(self, model: type[CourseRun | Module]) -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = defaultdict(dict)
        rows = model.objects.filter(course__in=self.courses.values())
        for course, key, pk in rows.values_list("course_id", "key", "pk"):
            found[course][key] = pk
        return found

    def _load_enrollments(self) -> dict[tuple[int, int], list[Enrollment]]:
        found: dict[tuple[int, int], list[Enrollment]] = defaultdict(list)
        rows = Enrollment.objects.filter(
            learner__in=self.learners.values(), run__course__in=self.courses.values()
        )
        for row in rows.select_related("run").order_by("enrolled_at"):
            found[row.learner_id, row.run.course_id].append(row)
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

    def _module(self, envelope: Envelope, course: int) -> int | None:
        if envelope.module is None:
            return None
        module = self.modules[course].get(envelope.module)
        if module is None:
            raise Refused(
                "unknown_module",
                f"module: “{envelope.module}” is no module of course “{envelope.course}”.",
                "module",
            )
        return module

    def _run_to_enter(self, envelope: Envelope, course: int) -> int:
        runs = self.runs[course]
        if envelope.run is None and len(runs) == 1:
            return next(iter(runs.values()))
        if envelope.run not in runs:
            keys = ", ".join(sorted(runs)[:20]) or "none"
            raise Refused(
                "unknown_run",
                f"run: say which run of “{envelope.course}” is entered; there are: {keys}.",
                "run",
            )
        return runs[envelope.run]

    def _enrollment(self, envelope: Envelope, learner: int, course: int) -> Enrollment:
        rows = self.enrollments.get((learner, course), [])
        if envelope.run is not None:
            run = self.runs[course].get(envelope.run)
            rows = [row for row in rows if row.run_id == run]
        if not rows:
            where = f"run “{envelope.run}” of " if envelope.run else ""
            raise Refused(
                "not_enrolled",
                f"learner: is not enrolled in {where}course “{envelope.course}”.",
                "learner",
            )
        begun = [row for row in rows if row.enrolled_at <= envelope.occurred_at]
        if not begun:
            raise Refused(
                "before_enrollment",
                f"occurred_at: lies before the enrolment of {rows[0].enrolled_at.isoformat()}.",
                "occurred_at",
            )
        return begun[-1]
