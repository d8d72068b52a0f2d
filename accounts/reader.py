"""Decide which courses and figures a visitor or API key may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from accounts.models import ApiKey, User
from curriculum.models import Course

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class Reader:
    """The access of a signed-in user or API key; pages, API and exports all check it here."""

    reads_kpis: bool
    sees_every_course: bool
    sees_small_groups: bool
    course_ids: frozenset[int]

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
            course_ids = frozenset(principal.course_grants.values_list("course_id", flat=True))
            return cls(
                reads_kpis=principal.is_staff or bool(course_ids),
                sees_every_course=principal.is_staff,
                sees_small_groups=principal.has_perm("accounts.view_small_groups"),
                course_ids=course_ids,
            )
        return cls(False, False, False, frozenset())

    def courses(self) -> QuerySet[Course]:
        """Return the courses that this reader may see."""
        courses = Course.objects.all()
        return courses if self.sees_every_course else courses.filter(pk__in=self.course_ids)

    def may_see(self, course_id: int) -> bool:
        return self.sees_every_course or course_id in self.course_ids


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
