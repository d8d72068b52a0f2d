"""Mark days stale when the curriculum changes enrollments or plans."""

from __future__ import annotations

from collections.abc import Iterable

from django.dispatch import receiver

from curriculum.signals import enrollments_changed, plan_dates_changed
from engagement.facts import affected_days


@receiver([enrollments_changed, plan_dates_changed])
def mark_enrollments_stale(ids: Iterable[int], **kwargs: object) -> None:
    affected_days.mark_all_stale(enrollment__in=list(ids))
