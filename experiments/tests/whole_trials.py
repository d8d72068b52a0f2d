"""Experiments whose learners are all exposed, and what their analyses say."""

from __future__ import annotations

from typing import Any

from curriculum.models import CourseRun
from experiments.assignment import assign
from experiments.models import Analysis, AnalysisResult, Experiment
from experiments.sentences import sentence
from experiments.tests.outcomes import expose_all, in_variant, start_in
from experiments.tests.trials import (
    DAY,
    STARTED_AT,
    draft,
    enroll_many,
    start,
)
from kpis.tests.kernel import STARTED

EXPOSED_AT = STARTED_AT + DAY
LATER = STARTED_AT + 30 * DAY
END = STARTED_AT + 200 * DAY


def shown(found: Analysis) -> str:
    return sentence(found, is_hidden=False)


def trial(run: CourseRun, number: int = 400, **fields: Any) -> Experiment:
    """Start an experiment whose learners are all exposed."""
    learners = enroll_many(run, number)
    experiment = start(draft(courses=[run.course], **fields))
    assign([one.pk for one in learners], now=STARTED_AT)
    expose_all(experiment, EXPOSED_AT)
    return experiment


def result(analysis: Analysis, key: str = "strict", kpi: str = STARTED) -> AnalysisResult:
    return analysis.results.get(variant__key=key, kpi=kpi)


def complete(
    experiment: Experiment, run: CourseRun, control: float, strict: float
) -> tuple[int, int]:
    """Have everybody start the run, and these shares of the variants complete it."""
    done = []
    for key, share in (("control", control), ("strict", strict)):
        learners = in_variant(experiment, key)
        done.append(round(share * len(learners)))
        start_in(run, learners, LATER, completed=done[-1])
    return done[0], done[1]


def stored(analysis: Analysis) -> tuple[object, ...]:
    """Return what an analysis says, without when it was made."""
    fields = ("kpi", "variant", "n", "sums", "effect", "low", "high", "p", "outcome")
    results = tuple(analysis.results.order_by("pk").values_list(*fields))
    return analysis.verdict, analysis.why, analysis.exposed, results
