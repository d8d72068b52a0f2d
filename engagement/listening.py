"""Hear what changes below, and mark what must be measured again."""

from __future__ import annotations

from collections.abc import Iterable

from django.dispatch import receiver

from curriculum.signals import enrollments_changed, plan_dates_changed
from engagement.facts import affected_days


@receiver([enrollments_changed, plan_dates_changed])
def mark_changed(ids: Iterable[int], **kwargs: object) -> None:
    affected_days.mark_affected(enrollment__in=list(ids))
