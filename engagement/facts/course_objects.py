"""The videos, quizzes and assessments of a course, as its sender defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curriculum import course_structure
from curriculum.models import Course, Module
from engagement.facts import quizzes, videos
from engagement.models import LearningObject
from intake.models import Event

NAMES = {"duration": "duration_seconds", "required": "is_required"}


def define(events: Sequence[Event]) -> None:
    """Apply these definitions in the order of their dates, after those that came before them.

    One that arrives late is followed again by the later ones, so that the last word stands.
    """
    first: dict[int, Event] = {}
    for event in sorted(events, key=lambda one: (one.occurred_at, one.pk), reverse=True):
        first[event.course_id or 0] = event
    for course, event in first.items():
        known = Event.objects.filter(
            course=course, kind=event.kind, occurred_at__gte=event.occurred_at
        )
        for one in known.order_by("occurred_at", "key"):
            _define(Course.objects.select_for_update().get(pk=course), one.data)


def _define(course: Course, data: Mapping[str, Any]) -> None:
    told = data.get("modules", ())
    modules = course_structure.define(
        course,
        fields=_without(data, "modules", "runs"),
        modules=[_fields(_without(module, "objects")) for module in told],
        runs=[_run(run) for run in data.get("runs", ())],
    )
    changed = [
        _object(course, modules[module["key"]], says)
        for module in told
        for says in module.get("objects", ())
    ]
    videos.recompute_watched([one for one in changed if one.kind == LearningObject.Kind.VIDEO])
    quizzes.mark_modules(one.module_id for one in changed)


def _object(course: Course, module: Module, says: Mapping[str, Any]) -> LearningObject:
    fields = _fields(_without(says))
    # a definition stands, whatever events say and whenever they do
    fields |= {"placed_at": None} | ({"measured_at": None} if "duration_seconds" in fields else {})
    found, _ = LearningObject.objects.update_or_create(
        course=course,
        kind=fields.pop("kind"),
        key=fields.pop("key"),
        defaults={**fields, "module": module},
    )
    return found


def _run(says: Mapping[str, Any]) -> dict[str, Any]:
    """A run's dates are told together: one of them alone takes the other away."""
    told = _without(says)
    if {"starts_on", "ends_on"} & set(told):
        return {"starts_on": None, "ends_on": None} | told
    return told


def _fields(says: Mapping[str, Any]) -> dict[str, Any]:
    return {NAMES.get(name, name): value for name, value in says.items()}


def _without(says: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in says.items() if name not in names and value is not None}
