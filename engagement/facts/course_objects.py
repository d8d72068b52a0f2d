"""Apply the `course.defined` events, which define a course's modules, objects and runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.changes import Changes
from curriculum import course_structure
from curriculum.models import Course, Module
from engagement.facts import quizzes, videos
from engagement.models import LearningObject
from intake.event_batch import EventBatch
from intake.models import Event

# where a field of the event has another name than the model's
FIELD_NAMES = {"duration": "duration_seconds", "required": "is_required"}


def define_courses(batch: EventBatch) -> None:
    """Apply these definitions in the order of their dates.

    Later definitions that arrived before are applied again, so that the latest wins.
    """
    first: dict[int, Event] = {}
    for event in sorted(batch.events, key=lambda one: (one.occurred_at, one.pk), reverse=True):
        first[event.course_id or 0] = event
    for course, event in first.items():
        definitions = Event.objects.filter(
            course=course, kind=event.kind, occurred_at__gte=event.occurred_at
        )
        for one in definitions.order_by("occurred_at", "key"):
            _define(Course.objects.select_for_update().get(pk=course), one.data, batch.changes)


def _define(course: Course, data: Mapping[str, Any], changes: Changes) -> None:
    defined = data.get("modules", ())
    modules = course_structure.define(
        course,
        fields=_given(data, "modules", "runs"),
        modules=[_fields(_given(module, "objects")) for module in defined],
        runs=[_run_fields(run) for run in data.get("runs", ())],
    )
    objects = [
        _define_object(course, modules[module["key"]], definition)
        for module in defined
        for definition in module.get("objects", ())
    ]
    videos.recompute_watched(
        [one for one in objects if one.kind == LearningObject.Kind.VIDEO], changes
    )
    quizzes.mark_modules_stale((one.module_id for one in objects), changes)


def _define_object(course: Course, module: Module, definition: Mapping[str, Any]) -> LearningObject:
    fields = _fields(_given(definition))
    # a definition overrides what events say, whenever they happened
    fields |= {"module_reported_at": None} | (
        {"duration_reported_at": None} if "duration_seconds" in fields else {}
    )
    defined, _ = LearningObject.objects.update_or_create(
        course=course,
        kind=fields.pop("kind"),
        key=fields.pop("key"),
        defaults={**fields, "module": module},
    )
    return defined


def _run_fields(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run; of its two dates, one alone clears the other."""
    fields = _given(definition)
    if {"starts_on", "ends_on"} & set(fields):
        return {"starts_on": None, "ends_on": None} | fields
    return fields


def _fields(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {FIELD_NAMES.get(name, name): value for name, value in definition.items()}


def _given(definition: Mapping[str, Any], *without: str) -> dict[str, Any]:
    return {
        name: value
        for name, value in definition.items()
        if name not in without and value is not None
    }
