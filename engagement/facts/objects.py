"""The videos, quizzes and assessments that events name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curriculum import bulk
from engagement.models import LearningObject
from intake.models import Event

Objects = Mapping[tuple[int, str], LearningObject]


def objects_of(events: Sequence[Event], kind: str) -> Objects:
    """The objects that these events name, by (course id, key).

    One not known yet is made; a module or duration not known yet is taken from the event. An
    event without a module gets its object's.
    """
    rows: dict[tuple[int, str], tuple[int | None, float | None]] = {}
    for event in events:
        key = (event.course_id or 0, event.object)
        module, duration = rows.get(key, (None, None))
        rows[key] = (module or event.module_id, duration or event.data.get("duration"))
    bulk.upsert(
        LearningObject,
        ("course_id", "key", "kind", "title", "pass_mark", "module_id", "duration_seconds"),
        [(*key, kind, "", DEFAULT_PASS_MARK, *rows[key]) for key in sorted(rows)],
        conflict="course_id, kind, key",
        merge={"module_id": "fill", "duration_seconds": "fill"},
    )
    found = LearningObject.objects.filter(
        kind=kind, course__in={course for course, _ in rows}, key__in={key for _, key in rows}
    )
    objects = {(one.course_id, one.key): one for one in found}
    for event in events:
        event.module_id = event.module_id or objects[event.course_id or 0, event.object].module_id
    return objects


DEFAULT_PASS_MARK = LearningObject._meta.get_field("pass_mark").get_default()
