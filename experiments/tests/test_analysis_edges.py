"""From facts to a stored analysis where there is next to nothing to compare."""

from __future__ import annotations

import pytest

from curriculum.models import CourseRun
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.models import Analysis, AnalysisResult, Experiment, Exposure
from experiments.tests.outcomes import expose_all, in_variant, start_in
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from kpis.tests.kernel import run_of

pytestmark = pytest.mark.django_db
EXPOSED_AT = STARTED_AT + DAY
LATER = STARTED_AT + 30 * DAY
END = STARTED_AT + 200 * DAY


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


@pytest.fixture
def trial() -> Experiment:
    run = run_of("r1")
    learners = enroll_many(run, 40)
    experiment = start(draft(courses=[run.course]))
    assign([one.pk for one in learners], now=STARTED_AT)
    expose_all(experiment, EXPOSED_AT)
    return experiment


def complete(experiment: Experiment, number: dict[str, int]) -> None:
    """Have all learners start a second run, and so many of each variant complete it."""
    course = CourseRun.objects.get().course
    run = CourseRun.objects.create(course=course, key="r2")
    for key, completed in number.items():
        start_in(run, in_variant(experiment, key), LATER, completed=completed)


def strict(analysis: Analysis) -> AnalysisResult:
    return analysis.results.get(variant__key="strict")


def test_one_variant_alone_is_no_comparison_and_no_error(trial: Experiment) -> None:
    complete(trial, {"control": 5, "strict": 5})
    exposed = Exposure.objects.filter(variant__key="control").order_by("pk")
    Exposure.objects.exclude(pk__in=list(exposed.values_list("pk", flat=True)[:5])).delete()
    found = analyze(trial, now=END)

    assert (found.verdict, found.why["code"]) == ("too-early", "no-units")
    assert (strict(found).n, strict(found).effect, strict(found).outcome) == (0, None, "no-data")


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_nobody_succeeded_in_either_variant(trial: Experiment, method: str) -> None:
    Experiment.objects.update(method=method)
    trial.refresh_from_db()
    complete(trial, {"control": 0, "strict": 0})
    found = analyze(trial, now=END)

    assert found.verdict == "inconclusive"
    assert (strict(found).value, strict(found).n) == (0, len(in_variant(trial, "strict")))


def test_they_have_an_interval_around_0(trial: Experiment) -> None:
    complete(trial, {"control": 0, "strict": 0})
    row = strict(analyze(trial, now=END))

    assert row.method == "newcombe"
    assert row.low is not None
    assert row.high is not None
    assert row.low < 0 < row.high
    assert row.p == 1


def test_everybody_and_nobody_are_as_different_as_can_be(trial: Experiment) -> None:
    complete(trial, {"control": 0, "strict": len(in_variant(trial, "strict"))})
    row = strict(analyze(trial, now=END))

    assert (row.kind, row.effect, row.high, row.outcome) == ("share", 1, 1, "better")


def test_learners_without_rows_are_counted_and_say_nothing_about_a_share(
    trial: Experiment,
) -> None:
    run = CourseRun.objects.create(course=CourseRun.objects.get().course, key="r2")
    start_in(run, in_variant(trial, "strict")[:8], LATER, completed=6)
    start_in(run, in_variant(trial, "control")[:8], LATER, completed=2)
    row = strict(analyze(trial, now=END))

    members = len(in_variant(trial, "strict"))
    assert (row.n, row.without_rows, row.value) == (members, members - 8, 0.75)
    # statsmodels, method newcomb, of 6/8 − 2/8: not of 6 of all learners
    assert (row.low, row.high) == pytest.approx((0.0181, 0.7525), abs=0.0001)
