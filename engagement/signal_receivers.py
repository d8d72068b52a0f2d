"""Mark days stale when the curriculum changes enrollments or plans."""

from __future__ import annotations

from collections.abc import Iterable

from django.dispatch import receiver

from core.changes import Changes, gathered
from curriculum.signals import enrollments_changed, plan_dates_changed
from engagement.facts import affected_days


@receiver([enrollments_changed, plan_dates_changed])
def mark_enrollments_stale(
    ids: Iterable[int], changes: Changes | None = None, **kwargs: object
) -> None:
    with gathered(changes) as noted:
        affected_days.mark_all_stale(noted, enrollment__in=list(ids))
