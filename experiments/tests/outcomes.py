"""What learners did in an experiment, for tests: they started another course, and completed it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from core import reporting_clock
from curriculum.models import CourseRun, Enrollment, Learner
from experiments.models import Assignment, Experiment, Exposure
from kpis.definitions.periods import local_day


def expose_all(
    experiment: Experiment, at: datetime, learners: Collection[Learner] | None = None
) -> None:
    """Expose every assigned unit, or these learners, to their variants at one moment."""
    assigned = Assignment.objects.filter(experiment=experiment)
    if learners is not None:
        assigned = assigned.filter(learner__in=learners)
    day = local_day(at, reporting_clock.reporting_zone())
    Exposure.objects.bulk_create(
        Exposure(
            experiment=experiment,
            learner_id=one.learner_id,
            run_id=one.run_id,
            variant_id=one.variant_id,
            first_at=at,
            first_on=day,
        )
        for one in assigned
    )


def in_variant(experiment: Experiment, key: str) -> list[Learner]:
    rows = Learner.objects.filter(assignments__experiment=experiment, assignments__variant__key=key)
    return list(rows.order_by("key"))


def start_in(
    run: CourseRun, learners: Iterable[Learner], at: datetime, *, completed: int = 0
) -> None:
    """Enroll learners in a run, the first of whom complete it: KPI test.started."""
    rows: Sequence[Learner] = list(learners)
    Enrollment.objects.bulk_create(
        Enrollment(
            learner=one,
            run=run,
            **dict.fromkeys(("enrolled_at", "started_at", "cutoff_at", "planned_due_at"), at),
            due_at=at,
            completed_at=at if number < completed else None,
        )
        for number, one in enumerate(rows)
    )
