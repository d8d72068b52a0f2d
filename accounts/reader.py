"""Decide which courses, runs and figures a visitor or API key may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, Value

from accounts.models import ApiKey, User
from curriculum.models import Course, CourseRun

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class Reader:
    """The access of a signed-in user or API key; pages, API and exports all check it here."""

    reads_kpis: bool
    sees_every_course: bool
    sees_small_groups: bool
    course_ids: frozenset[int]
    # runs that are granted one by one, by course; their other figures stay out of reach
    runs_by_course: frozenset[tuple[int, int]] = frozenset()
    manages_seats: bool = False

    @classmethod
    def of(cls, principal: User | ApiKey | AnonymousUser) -> Reader:
        """Load the access of an account or key; anonymous and closed accounts see nothing."""
        if isinstance(principal, ApiKey):
            return cls(
                reads_kpis=principal.may(ApiKey.Scope.KPIS_READ),
                sees_every_course=not principal.is_limited,
                sees_small_groups=principal.may(ApiKey.Scope.SMALL_GROUPS),
                course_ids=frozenset(principal.courses.values_list("pk", flat=True)),
            )
        if isinstance(principal, User) and principal.is_active:
            granted = grants_of(principal)
            reads_kpis = principal.is_staff or bool(granted.course_ids or granted.runs)
            return cls(
                reads_kpis=reads_kpis,
                sees_every_course=principal.is_staff,
                # nobody else sees any figures, so the pages of learners need not ask
                sees_small_groups=reads_kpis and principal.has_perm("accounts.view_small_groups"),
                course_ids=granted.course_ids,
                runs_by_course=granted.runs,
                manages_seats=granted.manages_seats,
            )
        return cls(False, False, False, frozenset())

    def courses(self) -> QuerySet[Course]:
        """Return the courses that this reader may see as a whole."""
        courses = Course.objects.all()
        return courses if self.sees_every_course else courses.filter(pk__in=self.course_ids)

    def courses_in_part(self) -> QuerySet[Course]:
        """Return those courses, and the courses of single runs that this reader may see."""
        courses = Course.objects.all()
        in_part = self.course_ids | {course for course, _ in self.runs_by_course}
        return courses if self.sees_every_course else courses.filter(pk__in=in_part)

    def runs(self) -> QuerySet[CourseRun]:
        """Return the runs that this reader may see: of whole courses, or granted one by one."""
        runs = CourseRun.objects.all()
        if self.sees_every_course:
            return runs
        return runs.filter(Q(course__in=self.course_ids) | Q(pk__in=self.run_ids))

    @property
    def run_ids(self) -> frozenset[int]:
        return frozenset(run for _, run in self.runs_by_course)

    def is_limited_to_run(self, course_ids: frozenset[int] | None) -> bool:
        """Return whether the reader sees single runs of these courses only, or nothing at all."""
        if self.sees_every_course:
            return False
        return course_ids is None or not course_ids <= self.course_ids

    def may_see_figures(self, course_ids: frozenset[int] | None, run_id: int | None) -> bool:
        """Return whether figures of these courses, or of one run, are this reader's to see."""
        if not self.is_limited_to_run(course_ids):
            return True
        return {(course, run_id) for course in course_ids or (0,)} <= self.runs_by_course

    def checked_together(self, course_ids: frozenset[int] | None) -> frozenset[int] | None:
        """Return the courses whose figures are checked together for small groups; None for all.

        Of a course with single granted runs, all runs are: its reader sees a part of what a reader
        of the whole course sees, never more.
        """
        if self.sees_every_course:
            return None
        return course_ids if self.is_limited_to_run(course_ids) else self.course_ids

    def may_see(self, course_id: int) -> bool:
        return self.sees_every_course or course_id in self.course_ids


class Grants(NamedTuple):
    """Granted courses, single granted runs of others as (course, run), and seats of anybody."""

    course_ids: frozenset[int]
    runs: frozenset[tuple[int, int]]
    manages_seats: bool


def grants_of(user: User) -> Grants:
    """Load all grants of an account with one query, since every page asks for them."""
    courses = user.course_grants.order_by().values_list("course_id", Value(0))
    runs = user.run_grants.order_by().values_list("run__course_id", "run_id")
    seats = user.organization_grants.order_by().values_list(Value(0), Value(0))
    rows = set(courses.union(runs, seats, all=True))
    course_ids = frozenset(course for course, run in rows if course and not run)
    of_others = frozenset(row for row in rows if row[1] and row[0] not in course_ids)
    return Grants(course_ids, of_others, (0, 0) in rows)


def course_condition(principal: object, course_id: str) -> tuple[str, list[int]]:
    """Return SQL that is true for courses that a visitor or API key may see, and its parameters.

    For statements that must do without the query of `Reader.of`; `course_id` is their column.
    """
    if isinstance(principal, ApiKey):
        if not principal.is_limited:
            return "TRUE", []
        granted = "SELECT course_id FROM accounts_apikey_courses WHERE apikey_id = %s"
    elif isinstance(principal, User) and principal.is_active:
        if principal.is_staff:
            return "TRUE", []
        granted = "SELECT course_id FROM accounts_coursegrant WHERE user_id = %s"
    else:
        return "FALSE", []
    return f"{course_id} IN ({granted})", [principal.pk]  # not translated: SQL
