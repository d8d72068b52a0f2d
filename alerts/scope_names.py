"""The names of what alerts are about, for any number of them in at most three queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from django.db.models import QuerySet

from curriculum.models import Course, CourseRun, Module
from kpis.models import Measurement

SITE = "Whole site"
NAMED: Mapping[str, QuerySet[Course] | QuerySet[CourseRun] | QuerySet[Module]] = {
    Measurement.Scope.COURSE: Course.objects.all(),
    Measurement.Scope.RUN: CourseRun.objects.select_related("course"),
    Measurement.Scope.MODULE: Module.objects.select_related("course"),
}


class ScopedRow(Protocol):
    """An alert, or the subject of one."""

    @property
    def scope(self) -> str: ...
    @property
    def scope_id(self) -> int: ...


def names(placed: Iterable[ScopedRow]) -> dict[tuple[str, int], str]:
    """What each is about, by its scope and id: a module with its course before it."""
    wanted = {(one.scope, one.scope_id) for one in placed}
    found = {place: SITE if place[0] == Measurement.Scope.SITE else "Gone" for place in wanted}
    for scope, rows in NAMED.items():
        ids = [scope_id for its, scope_id in wanted if its == scope]
        for thing in rows.in_bulk(ids).values() if ids else ():
            found[scope, thing.pk] = _name(thing)
    return found


def keys(placed: Iterable[ScopedRow]) -> dict[tuple[str, int], str]:
    """The key of each course, run or module that something is about, by its scope and id."""
    wanted = {(one.scope, one.scope_id) for one in placed}
    found = {}
    for scope, rows in NAMED.items():
        ids = [scope_id for its, scope_id in wanted if its == scope]
        for pk, key in rows.filter(pk__in=ids).values_list("pk", "key") if ids else ():
            found[scope, pk] = key
    return found


def _name(thing: Course | CourseRun | Module) -> str:
    return str(thing) if isinstance(thing, Course) else f"{thing.course}: {thing}"
