"""From facts and exposures to a stored analysis."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from curriculum.models import CourseRun, Learner
from experiments import forcing, nightly
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.models import Analysis, Assignment, Exposure
from experiments.sentences import sentence
from experiments.tasks import analyze_at_night
from experiments.tests.outcomes import expose_all, in_variant, start_in
from experiments.tests.trials import (
    DAY,
    STARTED_AT,
    draft,
    enroll_many,
    start,
)
from experiments.tests.whole_trials import (
    END,
    EXPOSED_AT,
    LATER,
    complete,
    result,
    shown,
    stored,
    trial,
)
from kpis.tests.kernel import run_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


def test_variants_are_compared_by_what_happened_after_the_exposure(
    run: CourseRun, next_run: CourseRun
) -> None:
    experiment = trial(run)
    y, more = complete(experiment, next_run, 0.5, 0.7)
    start_in(run_of("s1", course="sql"), in_variant(experiment, "control"), LATER, completed=99)
    found = analyze(experiment, now=END)

    n = found.exposed
    control, strict = result(found, "control"), result(found)
    assert (control.sums["y"], strict.sums["y"]) == (y, more)
    assert (control.n, strict.n) == (n["control"], n["strict"])
    assert control.value == pytest.approx(y / n["control"])
    assert strict.effect == pytest.approx(more / n["strict"] - y / n["control"])
    assert strict.kind == "share"
    assert (strict.low or 0) > 0
    assert found.verdict == "ship"
    assert found.variant == experiment.variants.get(key="strict")
    assert "Started is better with “Strict”: +" in shown(found)


def test_units_without_rows_count_as_zero(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run)
    ada, bo, *_ = in_variant(experiment, "strict")
    start_in(next_run, [ada, bo], LATER, completed=1)
    found = result(analyze(experiment, now=END))

    assert (found.sums["y"], found.sums["x"]) == (1, 2)
    assert found.without_rows == found.n - 2


def test_what_units_did_before_comes_with_the_sums(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.5, 0.5)
    found = result(analyze(experiment, now=END))

    # everybody started the first run, 30 days before the experiment, and nobody completed it
    assert (found.sums["y0"], found.sums["x0"]) == (0, found.n)
    assert found.sums["xx0"] == found.n


def test_without_baseline_days_nothing_before_counts(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run, baseline_days=0)
    complete(experiment, next_run, 0.5, 0.5)

    assert "y0" not in result(analyze(experiment, now=END)).sums


def test_units_seen_in_two_variants_are_set_aside_and_counted(
    run: CourseRun, next_run: CourseRun
) -> None:
    experiment = trial(run)
    ada, bo, *_ = in_variant(experiment, "control")
    strict = experiment.variants.get(key="strict")
    exposure = Exposure.objects.get(learner=ada)
    exposure.pk, exposure.variant = None, strict
    exposure.save()
    # exposed to another variant than the assigned one
    Exposure.objects.filter(learner=bo).update(variant=strict)
    found = analyze(experiment, now=END)

    assert found.set_aside == 2
    assert found.exposed["control"] == found.assigned["control"] - 2
    assert found.exposed["strict"] == found.assigned["strict"]


def test_forced_and_uncounted_units_are_left_out(run: CourseRun) -> None:
    experiment = trial(run)
    ada, bo, *_ = in_variant(experiment, "control")
    control = experiment.variants.get(key="control")
    forcing.force(experiment, ada, control, None, reason="To try it out.")
    Learner.objects.filter(pk=bo.pk).update(kind=Learner.Kind.TEST)
    found = analyze(experiment, now=END)

    assert (found.forced, found.uncounted, found.set_aside) == (1, 1, 0)
    assert found.exposed["control"] == found.assigned["control"] - 2


def test_runs_are_compared_as_wholes(run: CourseRun) -> None:
    runs = [CourseRun.objects.create(course=run.course, key=f"x{at}") for at in range(12)]
    for at, one in enumerate(runs):
        enroll_many(one, 5, prefix=f"X{at:02}")
    experiment = start(draft(courses=[run.course], unit="run"))
    assign(list(Learner.objects.values_list("pk", flat=True)), now=STARTED_AT)
    expose_all(experiment, EXPOSED_AT)
    for assignment in Assignment.objects.select_related("run"):
        assert assignment.run is not None
        people = enroll_many(assignment.run, 4, at=LATER, prefix=f"Y{assignment.run_id}-")
        assert len(people) == 4
    found = analyze(experiment, now=END)

    row = result(found)
    assert row.n == found.exposed["strict"] <= 12
    assert row.sums["x"] == 4 * row.n
    assert found.learners["strict"] == 9 * row.n


def test_no_order_of_facts_and_exposures_changes_the_analysis(
    run: CourseRun, next_run: CourseRun
) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.5, 0.7)
    first = stored(analyze(experiment, now=END))
    rows = list(Exposure.objects.all())
    Exposure.objects.all().delete()
    Exposure.objects.bulk_create(
        Exposure(
            experiment_id=one.experiment_id,
            learner_id=one.learner_id,
            variant_id=one.variant_id,
            first_at=one.first_at,
            first_on=one.first_on,
        )
        for one in reversed(rows)
    )

    assert stored(analyze(experiment, now=END)) == first


def test_the_night_is_analyzed_once_and_without_the_new_day(
    run: CourseRun, next_run: CourseRun
) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.5, 0.7)
    now = LATER + timedelta(hours=1)

    assert nightly.analyze_due(now) == 1
    assert nightly.analyze_due(now) == 0
    found = Analysis.objects.get()
    assert found.night == date(2026, 4, 1)
    # what happened today at 8:00 comes with the next night
    assert result(found).sums["x"] == 0
    assert nightly.analyze_due(now + DAY) == 1
    assert result(experiment.analyses.first()).sums["x"] > 0  # type: ignore[arg-type]


def test_the_task_of_a_night_that_runs_twice_analyzes_once(
    run: CourseRun, next_run: CourseRun
) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.5, 0.7)
    for _ in range(2):
        analyze_at_night(experiment.pk, LATER.isoformat())

    assert experiment.analyses.count() == 1


def test_a_draft_cannot_be_analyzed(run: CourseRun) -> None:
    with pytest.raises(ValidationError, match="has not started"):
        analyze(draft(courses=[run.course]))


def test_an_experiment_without_exposures_is_analyzed(run: CourseRun) -> None:
    enroll_many(run, 10)
    found = analyze(start(draft(courses=[run.course])), now=END)

    assert (found.verdict, found.sample_ratio_p) == ("too-early", None)
    assert shown(found) == "Not every variant has an exposed unit yet."


def test_figures_of_few_learners_are_hidden_from_readers(run: CourseRun) -> None:
    found = analyze(trial(run, 12), now=END)

    assert "Hidden to protect" in sentence(found, is_hidden=True)
    assert "Hidden" not in shown(found)
