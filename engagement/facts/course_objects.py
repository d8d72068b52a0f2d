"""Apply the `course.defined` events, which define a course's modules, objects and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Q

from core.changes import Changes
from core.database import bulk_upsert
from curriculum import course_structure
from curriculum.models import Course, Module, StructureVersion
from curriculum.structure import versions
from engagement.facts import quizzes, videos
from engagement.facts.learning_objects import is_moved, mark_moved
from engagement.models import CourseDefinition, LearningObject
from intake.event_batch import EventBatch
from intake.models import Event

DEFINED = "course.defined"
ORDER = ("defined_at", "key", "sender")
DETAILS = ("course_id", "defined_at", "data")
# where a field of the event has another name than the model's
FIELD_NAMES = {"duration": "duration_seconds", "required": "is_required"}


def define_courses(batch: EventBatch) -> None:
    """Apply these definitions in the order of their dates.

    Later definitions that arrived before are applied again, so that the latest wins.
    """
    _store(batch.events)
    first: dict[int, datetime] = {}
    for event in batch.events:
        pk = event.course_id or 0
        first[pk] = min(event.occurred_at, first.get(pk, event.occurred_at))
    for pk, at in sorted(first.items()):
        # before the definitions are read, so that those of two batches are applied in their order
        course = Course.objects.select_for_update().get(pk=pk)
        definitions = CourseDefinition.objects.filter(course=course).order_by(*ORDER)
        later = list(definitions.filter(defined_at__gte=at))
        for one in later:
            _define(course, one.data, batch)
        _delete_repeated([*definitions.filter(defined_at__lt=at).reverse()[:1], *later])
    # once all are applied, so that the replay of old definitions makes no version
    versions.record(first, source=StructureVersion.Source.EVENT)


def _store(events: Sequence[Event]) -> None:
    bulk_upsert.upsert(
        CourseDefinition,
        ("sender", "key", *DETAILS),
        [(one.sender, one.key, one.course_id, one.occurred_at, one.data) for one in events],
        conflict="sender, key",
        merge=dict.fromkeys(DETAILS, "replace"),
    )


def _delete_repeated(definitions: Sequence[CourseDefinition]) -> None:
    """Delete definitions that the same sender repeated next, as systems do that send all nightly.

    A repeated definition yields to nothing to which its repetition does not yield.
    """
    repeated = [
        one.pk
        for one, following in pairwise(definitions)
        if (one.sender, one.data) == (following.sender, following.data)
    ]
    CourseDefinition.objects.filter(pk__in=repeated).delete()


def forget(events: Sequence[Event], changes: Changes) -> list[Q]:
    """Forget the definitions that these events sent; what they defined stays."""
    sent = {(one.sender, one.key): one for one in events if one.kind == DEFINED}
    rows = CourseDefinition.objects.filter(
        sender__in={sender for sender, _ in sent}, key__in={key for _, key in sent}
    )
    for row in rows if sent else ():
        event = sent.get((row.sender, row.key))
        # a correction may have replaced it
        if event and (row.defined_at, row.data) == (event.occurred_at, event.data):
            row.delete()
    return []


def _define(course: Course, data: Mapping[str, Any], batch: EventBatch) -> None:
    defined = data.get("modules", ())
    modules = course_structure.define(
        course,
        fields=_given(data, "modules", "runs"),
        modules=[_fields(_given(module, "objects")) for module in defined],
        runs=[_run_fields(run) for run in data.get("runs", ())],
    )
    before = LearningObject.objects.filter(course=course).in_bulk()
    objects = [
        _define_object(course, modules[module["key"]], definition)
        for module in defined
        for definition in module.get("objects", ())
    ]
    moved = [one for one in objects if is_moved(before.get(one.pk), one)]
    mark_moved([one for one in moved if one.pk in before], batch.changes)
    batch.relocated.update((course.pk, one.key) for one in moved)
    videos.recompute_watched(
        [one for one in objects if one.kind == LearningObject.Kind.VIDEO], batch.changes
    )
    quizzes.mark_modules_stale((one.module_id for one in objects), batch.changes)


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
