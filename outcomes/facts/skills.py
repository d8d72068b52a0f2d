"""Assessments of skills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from core import bulk_upsert
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


def assess(events: Sequence[Event]) -> None:
    """Keep each assessment with the mastery of its day; of two at one moment the better."""
    skills = _ids({event.object for event in events})
    mastery = ParameterHistory([MASTERY])
    rows: dict[Key, float] = {}
    for event in events:
        held = mastery.value(MASTERY, event.occurred_at, course_id=event.course_id)
        stage = event.data.get("stage") or POST
        enrollment = event.enrollment_id or 0
        key = (enrollment, skills[event.object], stage, event.occurred_at, float(held))
        rows[key] = max(event.value or 0.0, rows.get(key, 0.0))
    bulk_upsert.upsert(
        SkillAssessment,
        ("enrollment_id", "skill_id", "stage", "assessed_at", "mastery", "score"),
        [(*key, rows[key]) for key in sorted(rows)],
        conflict="enrollment_id, skill_id, stage, assessed_at",
        merge={"score": "larger"},
    )
    attained = [one for one in events if one.data.get("stage") != SkillAssessment.Stage.PRE]
    stale_days.mark_moments_stale(
        ATTAINMENT, ((one.course_id, one.occurred_at) for one in attained)
    )


def known(keys: set[str], may_make: bool) -> set[str]:
    """Of these keys those of skills; others are made skills first where that is allowed."""
    found = _ids(keys)
    if may_make and (new := keys - set(found)):
        Skill.objects.bulk_create(
            [Skill(key=key, title=key) for key in sorted(new)], ignore_conflicts=True
        )
        return keys
    return set(found)


def _ids(keys: set[str]) -> dict[str, int]:
    return ids_by_key(Skill, keys)


def mark_enrollments(ids: Iterable[int]) -> None:
    """Their assessments count now, or no longer, or for somebody else."""
    _mark(SkillAssessment.objects.filter(enrollment__in=list(ids)))


def reset(course_ids: Iterable[int]) -> None:
    """Delete what events told of these courses."""
    _reset(SkillAssessment.objects.filter(enrollment__run__course__in=list(course_ids)))


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete what events said of these enrollments."""
    _reset(SkillAssessment.objects.filter(enrollment__in=list(ids)))


def _reset(rows: QuerySet[SkillAssessment]) -> None:
    _mark(rows)
    rows.delete()


def _mark(rows: QuerySet[SkillAssessment]) -> None:
    moments = rows.filter(stage=POST).order_by()
    stale_days.mark_moments_stale(
        ATTAINMENT, moments.values_list("enrollment__run__course_id", "assessed_at").distinct()
    )
