"""Scopes: the courses, runs, modules and learners that a figure is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from curriculum.models import Learner

DIMENSIONS = ("course", "run", "module", "learner")
FROM_ENROLLMENT = {"course": "run__course", "run": "run", "learner": "learner"}


@dataclass(frozen=True)
class Scope:
    """A set of courses and learners, a run or a module; None does not restrict.

    `signed_up` restricts to enrollments that signed up in `[start, end)`; facts alone know it.
    """

    course_ids: frozenset[int] | None = None
    run_id: int | None = None
    module_id: int | None = None
    learner_ids: frozenset[int] | None = None
    signed_up: tuple[datetime, datetime] | None = None

    @property
    def is_site(self) -> bool:
        return self == SITE


SITE = Scope()


def path_to(name: str, enrollment: str) -> str:
    """Return the lookup path to a course, run or learner, given the path to the enrollment."""
    return f"{enrollment}__{FROM_ENROLLMENT[name]}" if enrollment else FROM_ENROLLMENT[name]


def level_of(by: Sequence[str], scope: Scope) -> str:
    """Return the finest level that is grouped by or selected: module, run, course or site."""
    if "module" in by or scope.module_id is not None:
        return "module"
    if "run" in by or scope.run_id is not None:
        return "run"
    if "course" in by or (scope.course_ids is not None and len(scope.course_ids) == 1):
        return "course"
    return "site"


def within(
    rows: QuerySet[Any], scope: Scope, *, enrollment: str = "enrollment", module: str | None = None
) -> QuerySet[Any]:
    """Filter rows to a scope, without canceled enrollments, staff and test accounts.

    The scope's module is ignored unless `module`, the lookup path to a row's module, is given.
    """
    paths = {name: path_to(name, enrollment) for name in FROM_ENROLLMENT}
    restrictions = scope_lookups(scope, paths | {"module": module})
    counted = counted_enrollments(enrollment, of_everybody=True)
    # joined with the learners, SQLite would start at all of them
    nobody_else = {f"{paths['learner']}__in": Learner.objects.uncounted()}
    return rows.filter(**counted, **restrictions).exclude(**nobody_else)


def counted_enrollments(path: str, *, of_everybody: bool = False) -> dict[str, Any]:
    """Return the lookups that leave out canceled enrollments, staff and test accounts.

    `of_everybody`: the enrollments of staff and test accounts are left out by other means.
    """
    via = f"{path}__" if path else ""
    kind = {} if of_everybody else {f"{via}learner__kind": Learner.Kind.LEARNER}
    return {f"{via}is_cancelled": False, **kind}


def scope_lookups(scope: Scope, paths: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the lookups that restrict rows to the scope, in the dimensions that have a path."""
    restrictions = {
        "course": ("__in", scope.course_ids),
        "run": ("", scope.run_id),
        "learner": ("__in", scope.learner_ids),
        "module": ("", scope.module_id),
    }
    return {
        f"{paths[name]}{lookup}": ids
        for name, (lookup, ids) in restrictions.items()
        if ids is not None and paths.get(name)
    }
