"""Load the rows that a batch refers to by key, set by set; create unknown ones where allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Max

from core.external_keys import ids_by_key
from curriculum.models import Course, CourseRun, Learner, Module
from intake.event_kinds import KINDS, MODULE_LOCATORS, EventSubject
from intake.events.envelope import Envelope
from intake.events.senders import Sender
from intake.facts.enrollment_lookup import EnrollmentRef, enrollment_starts


class References:
    """Ids by key of what the events of a batch name; runs and modules by their course's id."""

    def __init__(self, envelopes: Sequence[Envelope], sender: Sender) -> None:
        self.sender = sender
        self.courses = self._load_courses(envelopes)
        self.learners = self._load_learners(envelopes)
        self.runs = self._load_runs(envelopes)
        self.modules = self._load_modules(envelopes)
        self.modules_of_objects = self._load_modules_of_objects(envelopes)
        self.objects = self._load_objects(envelopes)
        self.enrollments = self._load_enrollments(envelopes)

    def _load_courses(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        courses = ids_by_key(Course, {one.course for one in envelopes if one.course})
        allowed = {
            one.course for one in envelopes if one.course and self.sender.may_create_course_of(one)
        }
        if new := allowed - set(courses):
            Course.objects.bulk_create(
                [Course(key=key, title=key) for key in sorted(new)], ignore_conflicts=True
            )
            courses |= ids_by_key(Course, new)
        return courses

    def _load_learners(self, envelopes: Sequence[Envelope]) -> dict[str, int]:
        keys = {one.learner for one in envelopes if one.learner}
        learners = ids_by_key(Learner, keys)
        if self.sender.creates_unknown and (new := keys - set(learners)):
            Learner.objects.bulk_create(
                [Learner(key=key) for key in sorted(new)], ignore_conflicts=True
            )
            learners |= ids_by_key(Learner, new)
        return learners

    def _load_runs(self, envelopes: Sequence[Envelope]) -> dict[int, dict[str, int]]:
        runs = self._ids_by_course(CourseRun)
        if not self.sender.creates_unknown:
            return runs
        # a sign-up for a course without runs creates one named like the course
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
        modules = self._ids_by_course(Module)
        if not self.sender.creates_unknown:
            return modules
        wanted = {
            (self.courses[one.course], one.module)
            for one in envelopes
            if one.module and one.course in self.courses
        }
        new = [(course, key) for course, key in sorted(wanted) if key not in modules[course]]
        return self._create_modules(new) if new else modules

    def _create_modules(self, new: Sequence[tuple[int, str]]) -> dict[int, dict[str, int]]:
        courses = Course.objects.filter(pk__in={course for course, _ in new}).order_by("pk")
        # two senders who append a module at once would give both the same position
        list(courses.select_for_update().values_list("pk"))
        last = dict(courses.values_list("pk").annotate(last=Max("modules__position")))
        existing = self._ids_by_course(Module)
        for course, key in new:
            if key in existing[course]:
                continue
            last[course] = (last[course] or 0) + 1
            # nobody planned it: it counts in no plan until staff say so
            Module.objects.create(
                course_id=course, key=key, title=key, position=last[course], is_required=False
            )
        return self._ids_by_course(Module)

    def _ids_by_course(self, model: type[CourseRun | Module]) -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = defaultdict(dict)
        rows = model.objects.filter(course__in=self.courses.values()).order_by("pk")
        for course, key, pk in rows.values_list("course_id", "key", "pk"):
            found[course][key] = pk
        return found

    def _load_modules_of_objects(self, envelopes: Sequence[Envelope]) -> dict[tuple[int, str], int]:
        without_module = {
            (self.courses[one.course], one.object)
            for one in envelopes
            if one.object and not one.module and one.course in self.courses
        }
        modules: dict[tuple[int, str], int] = {}
        for locate in MODULE_LOCATORS if without_module else ():
            modules |= locate(without_module)
        return modules

    def _load_objects(self, envelopes: Sequence[Envelope]) -> dict[str, set[str]]:
        """The known object keys by kind, of kinds that name known objects only."""
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
    ) -> dict[tuple[int, int], list[EnrollmentRef]]:
        found: dict[tuple[int, int], list[EnrollmentRef]] = defaultdict(list)
        if all(KINDS[one.kind].about is not EventSubject.ENROLLMENT for one in envelopes):
            return found
        for pair, enrollment in enrollment_starts(
            enrollment__learner__in=self.learners.values(),
            enrollment__run__course__in=self.courses.values(),
        ):
            found[pair].append(enrollment)
        return found
