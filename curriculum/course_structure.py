"""What a course consists of, as an outside system tells it: added and changed, never deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import models

from curriculum.models import Course, CourseRun, Module

M = TypeVar("M", Module, CourseRun)

Fields = Mapping[str, Any]


def define(
    course: Course, *, course_says: Fields, modules: Sequence[Fields], runs: Sequence[Fields]
) -> dict[str, Module]:
    """Give a course these fields, modules (in their order) and runs; each is told by its `key`.

    What is left out stays as it is; modules that are not named come after those that are. Plans
    of enrolments that exist stay. Returns the course's modules by key.
    """
    _set(course, course_says)
    course.save(update_fields=list(course_says) or None)
    there = {one.key: one for one in course.modules.order_by("position")}
    named = [_told(there, Module, course, says) for says in modules]
    rest = [one for key, one in there.items() if key not in {one.key for one in named}]
    ordered = [*named, *rest]
    for position, module in enumerate(ordered, 1):
        module.position = position
    _write(Module.objects.all(), ordered)
    here = {one.key: one for one in course.runs.all()}
    _write(CourseRun.objects.all(), [_told(here, CourseRun, course, says) for says in runs])
    return {one.key: one for one in ordered}


def _told(there: Mapping[str, M], model: type[M], course: Course, says: Fields) -> M:
    row: M = _set(there.get(says["key"]) or model(course=course), says)
    row.title = row.title or row.key
    return row


def _set(row: Any, says: Fields) -> Any:
    for name, value in says.items():
        setattr(row, name, value)
    return row


def _write(there: models.QuerySet[M], rows: Sequence[M]) -> None:
    fields = [one.name for one in there.model._meta.concrete_fields if not one.primary_key]
    known = [row for row in rows if row.pk]
    there.bulk_create([row for row in rows if not row.pk])
    there.bulk_update(known, fields, batch_size=500)
