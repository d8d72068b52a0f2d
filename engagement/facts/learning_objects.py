"""The videos, quizzes and assessments that events name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.changes import Changes
from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, given_ids, given_texts
from engagement.models import AssessmentResult, LearningObject, QuizAttempt, VideoProgress
from intake.event_batch import EventBatch, ObjectKey
from intake.event_kinds import locates_modules
from intake.models import Event

REPORTED = ("module_id", "module_reported_at", "duration_seconds", "duration_reported_at")
DEFAULT_PASS_MARK = LearningObject._meta.get_field("pass_mark").get_default()


@dataclass
class ReportedFields:
    """The module and the duration that events report of an object, each with its moment."""

    module: tuple[datetime, int] | None = None
    duration: tuple[datetime, float] | None = None

    def add(self, event: Event) -> None:
        """Add an event; the earliest report wins, of two at the same moment the smaller."""
        at, duration = event.occurred_at, event.data.get("duration")
        if event.module_key and event.module_id:
            module = (at, event.module_id)
            self.module = min(module, self.module or module)
        if duration:
            self.duration = min((at, float(duration)), self.duration or (at, float(duration)))

    def changes(self, stored: LearningObject | None) -> bool:
        return (
            stored is None
            or _is_earlier(self.module, stored.module_id, stored.module_reported_at)
            or _is_earlier(self.duration, stored.duration_seconds, stored.duration_reported_at)
        )

    @property
    def row(self) -> tuple[Any, ...]:
        """The values of the columns in REPORTED."""
        module_at, module = self.module or (None, None)
        duration_at, duration = self.duration or (None, None)
        return module, module_at, duration, duration_at


def _is_earlier(
    reported: tuple[datetime, float] | None, stored: Any, stored_at: datetime | None
) -> bool:
    """True when the report replaces the stored value; one without a moment is never replaced."""
    return reported is not None and (
        stored is None or (stored_at is not None and reported < (stored_at, stored))
    )


@dataclass(frozen=True)
class Objects:
    """The objects that events name, those that changed, and the modules (ids) these were in.

    `moved` are those that were in another module before, or in none.
    """

    by_key: Mapping[ObjectKey, LearningObject]
    changed: Sequence[LearningObject] = field(default_factory=list)
    previous_modules: Collection[int] = ()
    moved: Sequence[LearningObject] = ()

    def of(self, event: Event) -> LearningObject:
        return self.by_key[event.course_id or 0, event.object]


def resolve_objects(batch: EventBatch, kind: str) -> Objects:
    """Find the objects that the events name, and create those that do not exist yet.

    A module or duration that no course definition gives is taken from the earliest event.
    """
    reported: dict[ObjectKey, ReportedFields] = defaultdict(ReportedFields)
    for event in batch.events:
        reported[event.course_id or 0, event.object].add(event)
    stored = _find(reported, kind)
    new = {key: fields for key, fields in reported.items() if fields.changes(stored.get(key))}
    if not new:
        return Objects(stored)
    bulk_upsert.upsert(
        LearningObject,
        ("course_id", "key", "kind", "title", "pass_mark", *REPORTED),
        [(*key, kind, "", DEFAULT_PASS_MARK, *new[key].row) for key in sorted(new)],
        conflict="course_id, kind, key",
        merge=bulk_upsert.keep_earliest("module_id", "module_reported_at")
        | bulk_upsert.keep_earliest("duration_seconds", "duration_reported_at"),
    )
    found = _find(reported, kind)
    previous = {one.module_id for key, one in stored.items() if key in new and one.module_id}
    moved = [found[key] for key in new if key in stored and is_moved(stored[key], found[key])]
    batch.relocated.update(key for key in new if is_moved(stored.get(key), found[key]))
    return Objects(found, [found[key] for key in new], previous, moved)


def is_moved(before: LearningObject | None, after: LearningObject) -> bool:
    return (before.module_id if before else None) != after.module_id


def mark_moved(objects: Collection[LearningObject], changes: Changes) -> None:
    """Mark the days of all facts about objects that are now in another module."""
    if objects:
        changes.changed(VideoProgress.objects.filter(video__in=objects))
        changes.changed(QuizAttempt.objects.filter(quiz__in=objects))
        changes.changed(AssessmentResult.objects.filter(assessment__in=objects))


FIELDS = tuple(one.attname for one in LearningObject._meta.concrete_fields)
FIND = CompiledQuery(
    LearningObject.objects.filter(
        kind__in=given_texts("kinds"), course__in=given_ids("courses"), key__in=given_texts("keys")
    )
    .order_by()
    .values_list(*FIELDS)
)


def _find(keys: Iterable[ObjectKey], kind: str) -> dict[ObjectKey, LearningObject]:
    keys = set(keys)
    rows = FIND.run(
        kinds=[kind], courses={course for course, _ in keys}, keys={key for _, key in keys}
    )
    found = (LearningObject.from_db(None, FIELDS, row) for row in rows)
    return {key: one for one in found if (key := (one.course_id, one.key)) in keys}


MODULES = CompiledQuery(
    LearningObject.objects.filter(
        course__in=given_ids("courses"), key__in=given_texts("keys"), module__isnull=False
    )
    .order_by()
    .values_list("course_id", "key", "module_id")
)


@locates_modules
def modules_of(keys: Iterable[ObjectKey]) -> dict[ObjectKey, int]:
    """Find the modules (ids) of objects; a key used in several modules is left out."""
    keys = set(keys)
    modules: dict[ObjectKey, set[int]] = {}
    rows = MODULES.run(courses={course for course, _ in keys}, keys={key for _, key in keys})
    for course, key, module in rows:
        modules.setdefault((course, key), set()).add(module or 0)
    return {key: min(some) for key, some in modules.items() if len(some) == 1}
