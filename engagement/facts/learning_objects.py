"""The videos, quizzes and assessments that events name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core import bulk_upsert
from engagement.models import LearningObject
from intake.event_kinds import locates_modules
from intake.models import Event

Key = tuple[int, str]


@dataclass
class ObjectFields:
    """In which module an object is and how long it takes, each with the moment of the word."""

    module: tuple[datetime, int] | None = None
    duration: tuple[datetime, float] | None = None

    def hear(self, event: Event) -> None:
        """Take what the event says; of two words the earlier stands, of one moment the smaller."""
        at, duration = event.occurred_at, event.data.get("duration")
        if event.module_key and event.module_id:
            module = (at, event.module_id)
            self.module = min(module, self.module or module)
        if duration:
            self.duration = min((at, float(duration)), self.duration or (at, float(duration)))

    def is_news(self, there: LearningObject | None) -> bool:
        if there is None:
            return True
        return _is_earlier(self.module, there.module_id, there.placed_at) or _is_earlier(
            self.duration, there.duration_seconds, there.measured_at
        )

    @property
    def row(self) -> tuple[Any, ...]:
        module_at, module = self.module or (None, None)
        duration_at, duration = self.duration or (None, None)
        return module, module_at, duration, duration_at


def _is_earlier(said: tuple[datetime, float] | None, value: Any, by: datetime | None) -> bool:
    return said is not None and (value is None or (by is not None and said < (by, value)))


@dataclass(frozen=True)
class Objects:
    """The objects that events name, and those of them that are new or better known now."""

    by_key: Mapping[Key, LearningObject]
    learned: Sequence[LearningObject] = field(default_factory=list)
    # the modules (ids) in which some were thought to be before
    left: Collection[int] = ()

    def of(self, event: Event) -> LearningObject:
        return self.by_key[event.course_id or 0, event.object]


def objects_of(events: Sequence[Event], kind: str) -> Objects:
    """The objects that these events name.

    One not known yet is made; a module or duration that no definition gives is taken from the
    events. Of two that say different things, the earlier stands.
    """
    said: dict[Key, ObjectFields] = defaultdict(ObjectFields)
    for event in events:
        said[event.course_id or 0, event.object].hear(event)
    there = _find(said, kind)
    new = {key: says for key, says in said.items() if says.is_news(there.get(key))}
    if not new:
        return Objects(there)
    bulk_upsert.upsert(
        LearningObject,
        ("course_id", "key", "kind", "title", "pass_mark", *SAID),
        [(*key, kind, "", DEFAULT_PASS_MARK, *new[key].row) for key in sorted(new)],
        conflict="course_id, kind, key",
        merge=bulk_upsert.keep_earliest("module_id", "placed_at")
        | bulk_upsert.keep_earliest("duration_seconds", "measured_at"),
    )
    found = _find(said, kind)
    left = {one.module_id for key, one in there.items() if key in new and one.module_id}
    return Objects(found, [found[key] for key in new], left)


SAID = ("module_id", "placed_at", "duration_seconds", "measured_at")
DEFAULT_PASS_MARK = LearningObject._meta.get_field("pass_mark").get_default()


def _find(keys: Iterable[Key], kind: str) -> dict[Key, LearningObject]:
    keys = set(keys)
    found = LearningObject.objects.filter(
        kind=kind, course__in={course for course, _ in keys}, key__in={key for _, key in keys}
    )
    by_key = {(one.course_id, one.key): one for one in found}
    return {key: one for key, one in by_key.items() if key in keys}


@locates_modules
def places_of(keys: Iterable[Key]) -> dict[Key, int]:
    """The modules (ids) of objects; one whose kinds are in several modules is nowhere."""
    keys = set(keys)
    modules: dict[Key, set[int]] = {}
    rows = LearningObject.objects.filter(
        course__in={course for course, _ in keys},
        key__in={key for _, key in keys},
        module__isnull=False,
    )
    for course, key, module in rows.values_list("course_id", "key", "module_id"):
        modules.setdefault((course, key), set()).add(module or 0)
    return {key: min(some) for key, some in modules.items() if len(some) == 1}
