"""What an analysis says: ship, stop, inconclusive, invalid or too early."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from curriculum.models import CourseRun
from experiments import deviations, lifecycle
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.drafts import PlannedMetric
from experiments.models import Exposure
from experiments.sentences import sentence
from experiments.statistics.always_valid import multiplier, tuning
from experiments.tests.outcomes import expose_all, in_variant, start_in
from experiments.tests.trials import (
    CONTROL,
    DAY,
    PRIMARY,
    STRICT,
    enroll_many,
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
from kpis.tests import kernel
from kpis.tests.kernel import COUNT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


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
