"""The videos, quizzes and assessments that events name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from curriculum import bulk
from engagement.models import LearningObject
from intake.models import Event
from intake.registry import knows_places

Key = tuple[int, str]
Said = tuple[int | None, float | None]


@dataclass(frozen=True)
class Objects:
    """The objects that events name, and those of them that are new or better known now."""

    by_key: Mapping[Key, LearningObject]
    learned: Sequence[LearningObject] = field(default_factory=list)

    def of(self, event: Event) -> LearningObject:
        return self.by_key[event.course_id or 0, event.object]


def objects_of(events: Sequence[Event], kind: str) -> Objects:
    """The objects that these events name.

    One not known yet is made; a module or duration not known yet is taken from the event. Of two
    that say different things, the first stands.
    """
    said = _said(events)
    there = _find(said, kind)
    new = {key: says for key, says in said.items() if _is_news(there.get(key), says)}
    if not new:
        return Objects(there)
    bulk.upsert(
        LearningObject,
        ("course_id", "key", "kind", "title", "pass_mark", "module_id", "duration_seconds"),
        [(*key, kind, "", DEFAULT_PASS_MARK, *new[key]) for key in sorted(new)],
        conflict="course_id, kind, key",
        merge={"module_id": "fill", "duration_seconds": "fill"},
    )
    found = _find(said, kind)
    return Objects(found, [found[key] for key in new])


DEFAULT_PASS_MARK = LearningObject._meta.get_field("pass_mark").get_default()


def _said(events: Sequence[Event]) -> dict[Key, Said]:
    said: dict[Key, Said] = {}
    for event in sorted(events, key=lambda one: (one.occurred_at, one.key)):
        key = (event.course_id or 0, event.object)
        module, duration = said.get(key, (None, None))
        said[key] = (module or event.module_id, duration or event.data.get("duration"))
    return said


def _find(keys: Iterable[Key], kind: str) -> dict[Key, LearningObject]:
    keys = set(keys)
    found = LearningObject.objects.filter(
        kind=kind, course__in={course for course, _ in keys}, key__in={key for _, key in keys}
    )
    by_key = {(one.course_id, one.key): one for one in found}
    return {key: one for key, one in by_key.items() if key in keys}


def _is_news(there: LearningObject | None, says: Said) -> bool:
    if there is None:
        return True
    module, duration = says
    return (there.module_id is None and module is not None) or (
        there.duration_seconds is None and duration is not None
    )


@knows_places
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
