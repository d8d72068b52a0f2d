"""Define a course's modules and runs: add and change them, but never delete any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import models

from curriculum.models import Course, CourseRun, Module

M = TypeVar("M", Module, CourseRun)

Fields = Mapping[str, Any]


def define(
    course: Course, *, fields: Fields, modules: Sequence[Fields], runs: Sequence[Fields]
) -> dict[str, Module]:
    """Set the fields of a course, of its modules (in order) and of its runs, matched by `key`.

    Anything left out stays as it is; existing modules that are not listed move to the end. Plans
    of existing enrollments do not change. Returns all modules of the course by key.
    """
    _set(course, fields)
    course.save(update_fields=list(fields) or None)
    existing = {one.key: one for one in course.modules.order_by("position")}
    listed = [_module_or_run(existing, Module, course, one) for one in modules]
    listed_keys = {one.key for one in listed}
    ordered = [*listed, *(one for key, one in existing.items() if key not in listed_keys)]
    for position, module in enumerate(ordered, 1):
        module.position = position
    _save(Module.objects.all(), ordered)
    known_runs = {one.key: one for one in course.runs.all()}
    _save(
        CourseRun.objects.all(),
        [_module_or_run(known_runs, CourseRun, course, one) for one in runs],
    )
    return {one.key: one for one in ordered}


def _module_or_run(existing: Mapping[str, M], model: type[M], course: Course, fields: Fields) -> M:
    row: M = _set(existing.get(fields["key"]) or model(course=course), fields)
    row.title = row.title or row.key
    return row


def _set(row: Any, fields: Fields) -> Any:
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def _save(stored: models.QuerySet[M], rows: Sequence[M]) -> None:
    columns = [one.name for one in stored.model._meta.concrete_fields if not one.primary_key]
    known = [row for row in rows if row.pk]
    stored.bulk_create([row for row in rows if not row.pk])
    stored.bulk_update(known, columns, batch_size=500)
