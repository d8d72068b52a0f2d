"""Ship, stop, or say that it is inconclusive or invalid."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from curriculum import parameters
from curriculum.models import CourseRun, Parameter, ParameterChange
from experiments import decisions, lifecycle
from experiments.models import Analysis, Experiment, Variant
from experiments.tests.trials import DAY, PASS_MARK, STARTED_AT, draft, enroll_many, start
from improvement import decisions as adjustments
from improvement.answer import answer
from improvement.models import Adjustment
from improvement.tests.answering import APRIL, ITEMS, course_with_rule, month, value_in
from kpis.tests.kernel import PLANNED, run_of

pytestmark = pytest.mark.django_db
NOW = STARTED_AT + 60 * DAY


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


def analyzed(experiment: Experiment, verdict: str = "ship") -> Analysis:
    return Analysis.objects.create(
        experiment=experiment, computed_at=NOW, through=NOW, method="fixed", verdict=verdict
    )


def strict_of(experiment: Experiment) -> Variant:
    return experiment.variants.get(key="strict")


def ship(experiment: Experiment, by: User, **more: Any) -> Experiment:
    variant = more.pop("variant", None) or strict_of(experiment)
    return decisions.decide(
        experiment, by, verdict="ship", reason="It helps.", variant=variant, now=NOW, **more
    )


def pass_mark(course: Any, at: datetime = NOW, **scope: Any) -> Decimal:
    return parameters.effective([PASS_MARK], at=at, course=course, **scope)[PASS_MARK]


def test_shipping_sets_the_value_where_the_experiment_was(run: CourseRun, ada: User) -> None:
    other = run_of("s1", course="sql")
    experiment = start(draft(courses=[run.course]))
    analyzed(experiment)
    shipped = ship(experiment, ada)

    assert (shipped.state, shipped.verdict) == ("decided", "ship")
    assert shipped.stopped_at == NOW
    assert pass_mark(run.course) == Decimal("0.8")
    assert pass_mark(other.course) == Decimal("0.6")
    change = ParameterChange.objects.get()
    assert change.reason == "Experiment “Strict marks”: It helps."
    assert change.decided_by == ada
    assert parameters.sources_of([change.pk])[change.pk].label == "Experiment: Strict marks"


def test_shipping_replaces_narrower_values_that_learners_had(run: CourseRun, ada: User) -> None:
    module = run.course.modules.first()
    assert module is not None
    row = parameters.parameter_for(PASS_MARK, module=module)
    parameters.set_value(row, Decimal("0.5"), reason="Hard.", now=STARTED_AT - DAY)
    experiment = start(draft(courses=[run.course]))
    analyzed(experiment)
    ship(experiment, ada)

    assert pass_mark(run.course, module=module) == Decimal("0.8")


@pytest.mark.parametrize("verdict", ["stop", "inconclusive", "invalid"])
def test_any_other_verdict_leaves_the_ordinary_values(
    run: CourseRun, ada: User, verdict: str
) -> None:
    experiment = start(draft(courses=[run.course]))
    found = decisions.decide(experiment, ada, verdict=verdict, reason="No effect.", now=NOW)

    assert (found.state, found.verdict) == ("decided", verdict)
    assert not ParameterChange.objects.exists()


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (None, "Analyze the experiment"),
        ("invalid", "do not match the weights"),
        ("too-early", "too early to ship"),
    ],
)
def test_what_the_analysis_does_not_allow_cannot_be_shipped(
    run: CourseRun, ada: User, verdict: str | None, sentence: str
) -> None:
    experiment = start(draft(courses=[run.course]))
    if verdict:
        analyzed(experiment, verdict)
    with pytest.raises(ValidationError, match=sentence):
        ship(experiment, ada)

    experiment.refresh_from_db()
    assert experiment.is_running
    assert not Parameter.objects.filter(course=run.course).exists()


def test_the_control_and_foreign_variants_cannot_be_shipped(run: CourseRun, ada: User) -> None:
    experiment = start(draft(courses=[run.course]))
    analyzed(experiment)
    for variant in (experiment.variants.get(key="control"), strict_of(draft("other"))):
        with pytest.raises(ValidationError, match="Choose the variant to ship"):
            ship(experiment, ada, variant=variant)


def test_a_decision_is_made_once(run: CourseRun, ada: User) -> None:
    experiment = start(draft(courses=[run.course]))
    analyzed(experiment)
    ship(experiment, ada)
    with pytest.raises(ValidationError, match="Decided by ada"):
        decisions.decide(experiment, ada, verdict="stop", reason="No.")

    assert ParameterChange.objects.count() == 1


def test_a_decision_needs_a_reason(run: CourseRun, ada: User) -> None:
    experiment = start(draft(courses=[run.course]))
    with pytest.raises(ValidationError, match="Enter a reason"):
        decisions.decide(experiment, ada, verdict="stop", reason=" ")


def drafted_by_rule() -> tuple[Experiment, Adjustment]:
    course, _ = course_with_rule(mode="experiment")
    month("2026-03", 60, course)
    assert answer(APRIL) == 1
    return Experiment.objects.get(), Adjustment.objects.get()


def run_from_rule() -> tuple[Experiment, Adjustment]:
    experiment, adjustment = drafted_by_rule()
    enroll_many(CourseRun.objects.get(), 5)
    Experiment.objects.update(planned_effect=0.1, planned_n=100, underpowered_reason="A test.")
    return lifecycle.start(experiment, None, now=APRIL), adjustment


def test_a_rule_drafts_the_old_value_against_the_new_one() -> None:
    experiment, adjustment = drafted_by_rule()

    assert experiment.is_draft
    assert experiment.adjustment == adjustment
    assert [one.kpi for one in experiment.metrics.all()] == [PLANNED]
    value = experiment.variants.get(key="proposal").values.get()
    assert (value.parameter_key, value.value) == (ITEMS, adjustment.new_value)
    assert list(experiment.courses.all()) == [adjustment.course]


def test_what_is_tested_is_not_adjusted_meanwhile(ada: User) -> None:
    _, adjustment = run_from_rule()

    with pytest.raises(ValidationError, match="is testing this parameter"):
        adjustments.approve(adjustment, ada)
    assert answer(APRIL + 90 * DAY) == 0


def test_shipping_applies_and_watches_the_proposal(ada: User) -> None:
    experiment, adjustment = run_from_rule()
    analyzed(experiment)
    ship(experiment, ada, variant=experiment.variants.get(key="proposal"))
    adjustment.refresh_from_db()

    assert adjustment.status == "watched"
    assert adjustment.course is not None
    assert value_in(adjustment.course, NOW + DAY) == float(adjustment.new_value)


def test_any_other_verdict_rejects_the_proposal(ada: User) -> None:
    experiment, adjustment = run_from_rule()
    decisions.decide(experiment, ada, verdict="stop", reason="No effect.", now=NOW)
    adjustment.refresh_from_db()

    assert (adjustment.status, adjustment.decision_reason) == ("rejected", "No effect.")
