"""Lookup paths from the model that a KPI reads, and where they lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Model

from curriculum.models import Course, CourseRun, Enrollment, Learner, Module

TARGETS: Mapping[str, type[Model]] = {
    "enrollment": Enrollment,
    "course": Course,
    "run": CourseRun,
    "module": Module,
    "person": Learner,
}


def is_day(model: type[Model], path: str) -> bool:
    """Return whether a date is one without a time."""
    return not isinstance(field_at(model, path), DateTimeField)


def field_at(model: type[Model], path: str) -> Any:
    """Return the field or relation that a lookup path ends in; FieldDoesNotExist if there is none.

    The empty path leads to the model's own key.
    """
    found: Any = model._meta.pk
    for name in filter(None, path.split("__")):
        if model is None:
            raise FieldDoesNotExist(f"{name} is behind a field that leads nowhere.")
        found = model._meta.get_field(name)
        model = found.related_model
    return found


def leads_to(model: type[Model], path: str, target: type[Model]) -> bool:
    """Return whether a path exists and ends at the target."""
    try:
        found = field_at(model, path)
    except FieldDoesNotExist:
        return False
    return (found.related_model if path else model) is target
