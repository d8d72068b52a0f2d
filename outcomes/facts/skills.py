"""Write the assessments of skills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from core.database import bulk_upsert
from core.external_keys import ids_by_key
from curriculum.models import Skill
from curriculum.parameters import ParameterHistory
from intake.models import Event
from kpis.recompute import stale_days
from outcomes.models import SkillAssessment
from outcomes.parameter_definitions import MASTERY

ATTAINMENT = "outcome.skill-attainment"
POST = SkillAssessment.Stage.POST

Key = tuple[int, int, str, datetime, float]


def record_assessments(events: Sequence[Event]) -> None:
    """Store each assessment with the mastery score of its time; of two at once, the better one."""
    skills = ids_by_key(Skill, {event.object for event in events})
    mastery = ParameterHistory([MASTERY])
    rows: dict[Key, float] = {}
    for event in events:
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
    counted = [one for one in events if one.data.get("stage") != SkillAssessment.Stage.PRE]
    stale_days.mark_moments_stale(ATTAINMENT, ((one.course_id, one.occurred_at) for one in counted))


def known(keys: set[str], may_make: bool) -> set[str]:
    """Return the keys that are known skills; if `may_make`, create the unknown ones first."""
    existing = ids_by_key(Skill, keys)
    if may_make and (new := keys - set(existing)):
        Skill.objects.bulk_create(
            [Skill(key=key, title=key) for key in sorted(new)], ignore_conflicts=True
        )
        return keys
    return set(existing)


def mark_enrollments_stale(ids: Iterable[int]) -> None:
    """Mark the days on which assessments of these enrollments count as stale."""
    _mark_stale(SkillAssessment.objects.filter(enrollment__in=list(ids)))


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete the assessments of these enrollments."""
    _reset(SkillAssessment.objects.filter(enrollment__in=list(ids)))


def _reset(rows: QuerySet[SkillAssessment]) -> None:
    _mark_stale(rows)
    rows.delete()


def _mark_stale(rows: QuerySet[SkillAssessment]) -> None:
    moments = rows.filter(stage=POST).order_by()
    stale_days.mark_moments_stale(
        ATTAINMENT, moments.values_list("enrollment__run__course_id", "assessed_at").distinct()
    )
