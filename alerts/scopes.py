"""What alerts are about: the site, a course, a run or a module, and their names and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.db.models import QuerySet
from django.utils.translation import gettext

from curriculum.models import Course, CourseRun, Module
from kpis.definitions.scopes import Scope
from kpis.models import Measurement

QUERYSETS: Mapping[str, QuerySet[Course] | QuerySet[CourseRun] | QuerySet[Module]] = {
    Measurement.Scope.COURSE: Course.objects.all(),
    Measurement.Scope.RUN: CourseRun.objects.select_related("course"),
    Measurement.Scope.MODULE: Module.objects.select_related("course"),
}


@dataclass(frozen=True, order=True)
class AlertScope:
    """One object that a rule watches, addressed as measurements are."""

    scope: str
    scope_id: int
    course_id: int | None

    @property
    def kpi_scope(self) -> Scope:
        return Scope(
            course_ids=None if self.course_id is None else frozenset({self.course_id}),
            run_id=self.scope_id if self.scope == Measurement.Scope.RUN else None,
            module_id=self.scope_id if self.scope == Measurement.Scope.MODULE else None,
        )


class Scoped(Protocol):
    """An alert or an AlertScope."""

    @property
    def scope(self) -> str: ...
    @property
    def scope_id(self) -> int: ...


def names(scoped: Iterable[Scoped]) -> dict[tuple[str, int], str]:
    """Return names by scope and id, with at most three queries."""
    wanted = {(one.scope, one.scope_id) for one in scoped}
    found = {
        key: gettext("Whole site") if key[0] == Measurement.Scope.SITE else gettext("Deleted")
        for key in wanted
    }
    for scope, rows in QUERYSETS.items():
        ids = [scope_id for its, scope_id in wanted if its == scope]
        for thing in rows.in_bulk(ids).values() if ids else ():
            name = str(thing) if isinstance(thing, Course) else f"{thing.course}, {thing}"
            found[scope, thing.pk] = name
    return found


def keys(scoped: Iterable[Scoped]) -> dict[tuple[str, int], str]:
    """Return the keys of courses, runs and modules by scope and id."""
    wanted = {(one.scope, one.scope_id) for one in scoped}
    found = {}
    for scope, rows in QUERYSETS.items():
        ids = [scope_id for its, scope_id in wanted if its == scope]
        for pk, key in rows.filter(pk__in=ids).values_list("pk", "key") if ids else ():
            found[scope, pk] = key
    return found
