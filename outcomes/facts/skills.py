"""Write the assessments of skills."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from core.changes import Changes
from core.database import bulk_upsert
from core.external_keys import ids_by_key
from curriculum.models import Skill
from curriculum.parameters import ParameterHistory
from intake.event_batch import EventBatch
from outcomes.models import SkillAssessment
from outcomes.parameter_definitions import MASTERY

ATTAINMENT = "outcome.skill-attainment"
POST = SkillAssessment.Stage.POST

Key = tuple[int, int, str, datetime, float]


def record_assessments(batch: EventBatch) -> None:
    """Store each assessment with the mastery score of its time; of two at once, the better one."""
    skills = ids_by_key(Skill, {event.object for event in batch.events})
    mastery = ParameterHistory([MASTERY])
    rows: dict[Key, float] = {}
    for event in batch.events:
        needed = mastery.value(MASTERY, event.occurred_at, course_id=event.course_id)
        stage = event.data.get("stage") or POST
        enrollment = event.enrollment_id or 0
        key = (enrollment, skills[event.object], stage, event.occurred_at, float(needed))
        rows[key] = max(event.value or 0.0, rows.get(key, 0.0))
    bulk_upsert.upsert(
        SkillAssessment,
        ("enrollment_id", "skill_id", "stage", "assessed_at", "mastery", "score"),
        [(*key, rows[key]) for key in sorted(rows)],
        conflict="enrollment_id, skill_id, stage, assessed_at",
        merge={"score": "larger"},
    )
    batch.changes.changed(
        SkillAssessment.objects.filter(enrollment__in={key[0] for key in rows}),
        assessed_at=((one.course_id, one.occurred_at) for one in batch.events),
    )


def known(keys: set[str], may_make: bool) -> set[str]:
    """Return the keys that are known skills; if `may_make`, create the unknown ones first."""
    existing = ids_by_key(Skill, keys)
    if may_make and (new := keys - set(existing)):
        Skill.objects.bulk_create(
            [Skill(key=key, title=key) for key in sorted(new)], ignore_conflicts=True
        )
        return keys
    return set(existing)


def reset_enrollments(ids: Iterable[int], changes: Changes) -> None:
    """Delete the assessments of these enrollments."""
    _reset(SkillAssessment.objects.filter(enrollment__in=list(ids)), changes)


def _reset(rows: QuerySet[SkillAssessment], changes: Changes) -> None:
    changes.changed(rows)
    rows.delete()
