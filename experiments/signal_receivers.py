"""Follow what happens below: values that somebody sets while an experiment changes them."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from curriculum.models import ParameterChange
from curriculum.signals import parameter_changed
from experiments import overlaps, revision
from experiments.history import record
from experiments.models import Deviation, Experiment, ExperimentEvent


@receiver(parameter_changed)
def note_deviation(change: ParameterChange, **_: Any) -> None:
    """Write a change of the ordinary value, which the control has, into the running experiment."""
    row = change.parameter
    part = row.module or row.run
    running = overlaps.of_parameter(row.key, part.course_id if part else row.course_id)
    if running is None or change.status == ParameterChange.Status.PROPOSED:
        return
    at, by, text = change.decided_at or timezone.now(), change.decided_by, change.reason
    before, after = {row.key: str(change.old_value)}, {row.key: str(change.new_value)}
    record(
        running,
        ExperimentEvent.Kind.DEVIATED,
        at=at,
        by=by,
        reason=text,
        before=before,
        after=after,
    )
    Deviation.objects.create(
        experiment=running, at=at, by=by, reason=text, field="value", before=before, after=after
    )


@receiver(pre_delete, sender=Experiment)
def forget_assignments(**_: Any) -> None:
    """Make cached assignments outdated."""
    revision.lock_and_count()
