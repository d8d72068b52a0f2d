"""Mark figures stale when the curriculum changes enrollments, learners and courses."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from core.changes import Changes, gathered
from core.database.compiled_queries import Template, given_ids
from curriculum.models import Course, Enrollment
from curriculum.signals import (
    enrollment_dates_changed,
    enrollments_changed,
    learners_changed,
    plan_dates_changed,
)
from kpis.recompute import stale_days

ENROLLMENTS = Template(Enrollment.objects.filter(pk__in=given_ids("enrollments")))


@receiver(enrollment_dates_changed)
def mark_enrollments_stale(
    ids: Iterable[int], changes: Changes | None = None, **kwargs: object
) -> None:
    with gathered(changes) as noted:
        noted.changed(ENROLLMENTS.given(enrollments=list(ids)))


@receiver([enrollments_changed, plan_dates_changed])
def mark_facts_of_enrollments_stale(
    ids: Iterable[int], changes: Changes | None = None, **kwargs: object
) -> None:
    with gathered(changes) as noted:
        noted.changed_enrollments(pk__in=list(ids))


@receiver(learners_changed)
def mark_facts_of_learners_stale(
    ids: Iterable[int], changes: Changes | None = None, **kwargs: object
) -> None:
    learners = list(ids)
    with gathered(changes) as noted:
        noted.changed_enrollments(learner__in=learners)
        noted.changed_people(learners)


@receiver(pre_delete, sender=Course)
def mark_site_stale_without_course(instance: Course, **kwargs: object) -> None:
    stale_days.mark_site_stale_without(instance)
