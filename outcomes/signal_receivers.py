"""Mark the days to recompute when enrollments change."""

from __future__ import annotations

from collections.abc import Iterable

from django.dispatch import receiver

from core.changes import Changes, gathered
from curriculum.signals import enrollment_dates_changed, enrollments_changed
from outcomes.facts import certificates, skills, surveys


@receiver([enrollments_changed, enrollment_dates_changed])
def mark_changed_enrollments(
    ids: Iterable[int], changes: Changes | None = None, **kwargs: object
) -> None:
    enrollments = list(ids)
    with gathered(changes) as noted:
        skills.mark_enrollments_stale(enrollments, noted)
        certificates.mark_enrollments_stale(enrollments, noted)
        surveys.mark_enrollments_stale(enrollments, noted)
