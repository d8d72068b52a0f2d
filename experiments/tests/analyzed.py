"""An experiment with results, for the tests of pages."""

from __future__ import annotations

from datetime import timedelta

from curriculum.models import CourseRun
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.models import Experiment
from experiments.tests.outcomes import expose_all, in_variant, start_in
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start

LATER = STARTED_AT + timedelta(days=30)


def analyzed(run: CourseRun, number: int = 400) -> Experiment:
    """Run an experiment in which more learners of the strict variant complete."""
    learners = enroll_many(run, number)
    experiment = start(draft(courses=[run.course], planned_n=number // 4, planned_end=LATER.date()))
    assign([one.pk for one in learners], now=STARTED_AT)
    expose_all(experiment, STARTED_AT + DAY)
    next_run = CourseRun.objects.create(course=run.course, key="r2")
    for key, divisor in (("control", 4), ("strict", 2)):
        some = in_variant(experiment, key)
        start_in(next_run, some, STARTED_AT + 5 * DAY, completed=len(some) // divisor)
    analyze(experiment, now=LATER)
    return experiment
