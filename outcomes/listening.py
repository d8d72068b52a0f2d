"""Hear what changes below, and mark what must be measured again."""

from __future__ import annotations

from collections.abc import Iterable

from django.dispatch import receiver

from curriculum.signals import enrollment_dates_changed, enrollments_changed
from outcomes.facts import certificates, skills, surveys


@receiver([enrollments_changed, enrollment_dates_changed])
def mark_changed(ids: Iterable[int], **kwargs: object) -> None:
    enrollments = list(ids)
    skills.mark_enrollments(enrollments)
    certificates.mark_enrollments(enrollments)
    surveys.mark_enrollments(enrollments)
