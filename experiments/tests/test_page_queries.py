"""The pages of experiments need as many queries for many rows as for a few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import account
from curriculum.models import CourseRun
from experiments.models import Analysis, AnalysisResult, Experiment
from experiments.tests.pages import PAGE
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from kpis.tests.kernel import STARTED, run_of
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db
PLAN: dict[str, list[Any]] = {"courses": [], "runs": [], "variants": []}


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None, _in_july_2026: None) -> None: ...


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


@pytest.fixture(params=["staff", "manager"])
def reader(request: pytest.FixtureRequest, run: CourseRun) -> Visitor:
    if request.param == "staff":
        return Visitor(account("Ada", is_staff=True, is_superuser=True))
    return Visitor(account("Bo", grants=(run.course,)))


def queries(read: Callable[[], object]) -> int:
    read()
    with CaptureQueriesContext(
        connection,
    ) as found:
        read()
    return len(found)


def running(run: CourseRun, first: int, last: int) -> None:
    """Add experiments that run at once, as if each were alone."""
    made = [draft(f"number-{number}", courses=[run.course]) for number in range(first, last)]
    rows = Experiment.objects.filter(pk__in=[one.pk for one in made])
    rows.update(state="running", started_at=STARTED_AT, plan=PLAN)
    for one in made:
        add_analyses(one, 1)


def add_analyses(experiment: Experiment, number: int) -> None:
    """Add analyses of ever more learners, each with its results."""
    variants = list(experiment.variants.all())
    known = experiment.analyses.count()
    made = Analysis.objects.bulk_create(
        Analysis(
            experiment=experiment,
            computed_at=STARTED_AT + (known + at) * DAY,
            through=STARTED_AT,
            method="fixed",
            verdict="inconclusive",
            why={"code": "unclear", "kpi": STARTED, "variant": "strict"},
            exposed={one.key: 20 * (known + at + 1) for one in variants},
            learners={one.key: 20 * (known + at + 1) for one in variants},
        )
        for at in range(number)
    )
    AnalysisResult.objects.bulk_create(
        AnalysisResult(
            analysis=analysis,
            kpi=STARTED,
            role="primary",
            variant=one,
            n=20 * (known + at + 1),
            effect=None if one.is_control else 0.1,
        )
        for at, analysis in enumerate(made)
        for one in variants
    )


def test_the_list_needs_no_query_for_each_experiment(reader: Visitor, run: CourseRun) -> None:
    running(run, 0, 10)
    few = queries(lambda: reader.reads(PAGE))
    running(run, 10, 100)
    text = reader.reads(PAGE)

    assert queries(lambda: reader.reads(PAGE)) == few
    assert reader.status == 200
    assert "Started with “Strict”" in text


def test_a_page_needs_no_query_for_each_analysis(reader: Visitor, run: CourseRun) -> None:
    experiment = start(draft(courses=[run.course]))
    path = f"{PAGE}/{experiment.key}"
    add_analyses(experiment, 2)
    few = queries(lambda: reader.reads(path))
    add_analyses(experiment, 38)

    assert queries(lambda: reader.reads(path)) == few
    assert reader.html.count('<th scope="row">') > 40


def test_a_draft_needs_no_query_for_each_other_experiment(reader: Visitor, run: CourseRun) -> None:
    draft("mine", courses=[run.course])
    path = f"{PAGE}/mine"
    running(run, 0, 2)
    few = queries(lambda: reader.reads(path))
    running(run, 2, 20)

    assert queries(lambda: reader.reads(path)) == few
    assert reader.html.count("runs for some of the same learners") == 20
