"""From facts and exposures to a stored analysis and its verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from curriculum.models import CourseRun, Learner
from experiments import deviations, forcing, lifecycle, nightly
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.drafts import PlannedMetric
from experiments.models import Analysis, AnalysisResult, Assignment, Experiment, Exposure
from experiments.sentences import sentence
from experiments.statistics.always_valid import multiplier, tuning
from experiments.tests.outcomes import expose_all, in_variant, start_in
from experiments.tests.trials import (
    CONTROL,
    DAY,
    PRIMARY,
    STARTED_AT,
    STRICT,
    draft,
    enroll_many,
    start,
)
from kpis.tests import kernel
from kpis.tests.kernel import COUNT, STARTED, run_of

pytestmark = pytest.mark.django_db
EXPOSED_AT = STARTED_AT + DAY
LATER = STARTED_AT + 30 * DAY
END = STARTED_AT + 200 * DAY


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


@pytest.fixture
def run() -> CourseRun:
    return run_of("r1")


@pytest.fixture
def next_run(run: CourseRun) -> CourseRun:
    """A second run of the same course, which learners enter during the experiment."""
    return CourseRun.objects.create(course=run.course, key="r2")


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


def test_a_mismatch_makes_every_result_invalid(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.5, 0.7)
    strict = in_variant(experiment, "strict")
    Exposure.objects.filter(learner__in=strict[: len(strict) // 2]).delete()
    found = analyze(experiment, now=END)

    assert found.sample_ratio_p is not None
    assert found.sample_ratio_p < 0.001
    assert found.verdict == "invalid"
    assert "contradict the weights" in shown(found)


def test_changed_weights_are_no_mismatch(run: CourseRun) -> None:
    experiment = trial(run)
    weights = {"control": Decimal("0.1"), "strict": Decimal("0.9")}
    deviations.edit_running(experiment, None, {"weights": weights}, reason="Costs.", now=EXPOSED_AT)
    late = enroll_many(run, 400, prefix="M")
    assign([one.pk for one in late], now=EXPOSED_AT + DAY)
    Exposure.objects.all().delete()
    expose_all(experiment, EXPOSED_AT + DAY)
    found = analyze(experiment, now=END)

    assert found.expected == {"control": pytest.approx(0.3), "strict": pytest.approx(0.7)}
    assert found.sample_ratio_p is not None
    assert found.sample_ratio_p > 0.001


def test_nothing_is_significant_before_its_time(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.2, 0.9)
    found = analyze(experiment, now=LATER + DAY)

    assert found.verdict == "too-early"
    assert "of 400 planned units" in shown(found)


def test_nothing_is_called_better_or_worse_before_its_time(
    run: CourseRun, next_run: CourseRun
) -> None:
    experiment = trial(run, planned_n=100)
    complete(experiment, next_run, 0.1, 0.9)
    early = analyze(experiment, now=LATER + DAY)

    # all planned units are there, but who looks every day would find effects that do not exist
    assert early.verdict == "too-early"
    assert result(early).outcome == "too-early"
    assert "stop" in sentence(early, is_hidden=False)
    lifecycle.stop(experiment, None, reason="All units are there.", now=LATER + DAY)
    experiment.refresh_from_db()
    stopped = analyze(experiment, now=LATER + 2 * DAY)
    assert (stopped.verdict, result(stopped).outcome) == ("ship", "better")


def test_what_comes_after_its_time_changes_no_result(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run, planned_end=END.date())
    complete(experiment, next_run, 0.5, 0.7)
    at_its_time = analyze(experiment, now=END)
    third = CourseRun.objects.create(course=run.course, key="r3")
    start_in(third, in_variant(experiment, "control"), END + DAY, completed=190)
    late = enroll_many(run, 40, prefix="late")
    assign([one.pk for one in late], now=END + DAY)
    expose_all(experiment, END + DAY, late)
    afterwards = analyze(experiment, now=END + 9 * DAY)

    assert at_its_time.verdict == "ship"
    assert stored(afterwards) == stored(at_its_time)


def test_its_time_cannot_be_put_off_once_it_has_come(run: CourseRun) -> None:
    experiment = trial(run, planned_end=END.date())
    later = {"planned_end": END.date() + 30 * DAY}

    with pytest.raises(ValidationError, match="planned end has come"):
        deviations.edit_running(experiment, None, later, reason="More.", now=END)
    deviations.edit_running(experiment, None, later, reason="More.", now=END - 2 * DAY)


def test_a_stop_before_its_time_is_inconclusive(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.2, 0.9)
    stopped = lifecycle.stop(experiment, None, reason="Money.", now=LATER + DAY)

    assert analyze(stopped, now=END).verdict == "inconclusive"


def test_an_always_valid_result_counts_at_any_time(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run, method="sequential")
    complete(experiment, next_run, 0.2, 0.9)
    found = analyze(experiment, now=LATER + DAY)

    assert found.verdict == "ship"
    assert "always-valid" in result(found).method


def test_an_open_always_valid_experiment_goes_on(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run, method="sequential")
    complete(experiment, next_run, 0.5, 0.52)

    assert analyze(experiment, now=LATER + DAY).verdict == "too-early"
    assert analyze(experiment, now=END).verdict == "inconclusive"


def test_the_always_valid_interval_is_the_narrowest_at_the_end_whatever_the_weights(
    run: CourseRun, next_run: CourseRun
) -> None:
    variants = (
        replace(CONTROL, weight=Decimal("0.8")),
        replace(STRICT, weight=Decimal("0.2")),
    )
    experiment = trial(run, method="sequential", variants=variants, planned_n=80)
    complete(experiment, next_run, 0.5, 0.5)
    row = result(analyze(experiment, now=LATER + DAY))
    assert row.low is not None
    assert row.effect is not None
    assert row.standard_error is not None

    # 80 units in the smallest variant are 400 of all, and there are 400 learners
    reach = multiplier(400, tuning(400, 0.05), 0.05)
    assert (row.effect - row.low) / row.standard_error == pytest.approx(reach)


def test_a_worse_primary_kpi_stops(run: CourseRun, next_run: CourseRun) -> None:
    experiment = trial(run)
    complete(experiment, next_run, 0.8, 0.5)
    found = analyze(experiment, now=END)

    assert found.verdict == "stop"
    assert "Started is worse with “Strict”: −" in shown(found)


def guarded(monkeypatch: pytest.MonkeyPatch, margin: float) -> dict[str, Any]:
    kernel.declare_also(monkeypatch, COUNT)
    guard = PlannedMetric(kpi=COUNT, role="guardrail", margin=margin)
    return {"metrics": (PRIMARY, guard)}


def test_a_failing_guardrail_stops_a_better_variant(
    run: CourseRun, next_run: CourseRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = trial(run, **guarded(monkeypatch, 0.1))
    start_in(next_run, in_variant(experiment, "control"), LATER, completed=60)
    strict = in_variant(experiment, "strict")
    # half of them start the next run, and all of these complete it
    start_in(next_run, strict[: len(strict) // 2], LATER, completed=400)
    found = analyze(experiment, now=END)

    assert result(found, kpi=COUNT).kind == "mean"
    assert result(found, kpi=COUNT).outcome == "fails"
    assert result(found).outcome == "better"
    assert (found.verdict, found.why["code"]) == ("stop", "guardrail")


def test_a_passing_guardrail_lets_it_ship(
    run: CourseRun, next_run: CourseRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = trial(run, **guarded(monkeypatch, 0.5))
    for key, completed in (("control", 50), ("strict", 150)):
        start_in(next_run, in_variant(experiment, key)[5:], LATER, completed=completed)
    found = analyze(experiment, now=END)

    assert result(found, kpi=COUNT).outcome == "passes"
    assert found.verdict == "ship"


def test_p_values_of_several_variants_are_adjusted(run: CourseRun, next_run: CourseRun) -> None:
    third = Decimal("0.3333")
    variants = (
        replace(CONTROL, weight=Decimal("0.3334")),
        replace(STRICT, weight=third),
        replace(STRICT, weight=third, key="stricter"),
    )
    experiment = trial(run, 600, variants=variants)
    complete(experiment, next_run, 0.5, 0.62)
    start_in(next_run, in_variant(experiment, "stricter"), LATER, completed=150)
    found = analyze(experiment, now=END)
    strict, stricter = result(found), result(found, "stricter")

    assert stricter.adjusted_p == pytest.approx(2 * (stricter.p or 0))
    assert strict.adjusted_p == pytest.approx(max(strict.p or 0, 2 * (stricter.p or 0)))
    assert found.variant is not None
    assert found.variant.key == "stricter"


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


def stored(analysis: Analysis) -> tuple[object, ...]:
    """Return what an analysis says, without when it was made."""
    fields = ("kpi", "variant", "n", "sums", "effect", "low", "high", "p", "outcome")
    results = tuple(analysis.results.order_by("pk").values_list(*fields))
    return analysis.verdict, analysis.why, analysis.exposed, results


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
