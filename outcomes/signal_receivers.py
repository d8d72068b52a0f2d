"""Mark the days to recompute when enrollments change."""

from __future__ import annotations

from collections.abc import Iterable

from django.dispatch import receiver

from curriculum.signals import enrollments_changed, enrollments_dated
from outcomes.facts import certificates, skills, surveys


@receiver([enrollments_changed, enrollments_dated])
def mark_changed_enrollments(ids: Iterable[int], **kwargs: object) -> None:
    enrollments = list(ids)
    skills.mark_enrollments_stale(enrollments)
    certificates.mark_enrollments_stale(enrollments)
    surveys.mark_enrollments_stale(enrollments)
