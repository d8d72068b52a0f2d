"""The plan of an enrollment has the planned days and the extension of the learner's variant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from curriculum import enrolling
from curriculum.models import CourseRun, Enrollment, Learner, Module
from curriculum.parameter_definitions import DEADLINE_EXTENSION, PLANNED_DAYS
from experiments import lifecycle
from experiments.drafts import PlannedValue, PlannedVariant
from experiments.models import Assignment, Experiment
from experiments.tests.trials import CONTROL, DAY, STARTED_AT, STRICT, draft, start

pytestmark = pytest.mark.django_db
SOON, LATER = STARTED_AT + DAY, STARTED_AT + 5 * DAY


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


@pytest.fixture
def experiment(run: CourseRun) -> Experiment:
    """Half of the learners get 3 days more for each module, and the first takes 10 days."""
    first = Module.objects.get(course=run.course, position=1)
    return start(draft(courses=[run.course], variants=(CONTROL, slower(first)), only_new=True))


def slower(first: Module) -> PlannedVariant:
    values = (
        PlannedValue(parameter_key=PLANNED_DAYS, module=first, value=Decimal(10)),
        PlannedValue(parameter_key=DEADLINE_EXTENSION, value=Decimal(3)),
    )
    return replace(STRICT, key="slower", values=values)


def learners(number: int = 20) -> list[Learner]:
    Learner.objects.bulk_create(Learner(key=f"L{one}") for one in range(number))
    return list(Learner.objects.order_by("key"))


def sign_up(some: list[Learner], run: CourseRun, at: datetime) -> None:
    enrolling.enroll(
        enrolling.SignUp(learner_id=one.pk, run_id=run.pk, enrolled_at=at) for one in some
    )


def days_of(one: Learner) -> list[int]:
    """Return after how many days each module is due."""
    enrollment = Enrollment.objects.get(learner=one)
    dates = enrollment.plan.order_by("position").values_list("due_at", flat=True)
    return [(due - enrollment.started_at) // DAY for due in dates if due]


def by_variant(some: list[Learner]) -> dict[str, set[tuple[int, ...]]]:
    """Return the plans that the learners of each variant have."""
    variants = dict(Assignment.objects.values_list("learner", "variant__key"))
    found: dict[str, set[tuple[int, ...]]] = {}
    for one in some:
        found.setdefault(variants.get(one.pk, "none"), set()).add(tuple(days_of(one)))
    return found


def ordinary(run: CourseRun) -> tuple[int, ...]:
    first, second = run.course.modules.order_by("position")
    return first.planned_days, first.planned_days + second.planned_days


def slow(run: CourseRun) -> tuple[int, ...]:
    second = run.course.modules.get(position=2)
    return 10 + 3, 10 + second.planned_days + 3


@pytest.mark.usefixtures("experiment")
def test_a_sign_up_is_planned_with_the_days_of_the_learner_s_variant(run: CourseRun) -> None:
    some = learners()
    sign_up(some, run, SOON)

    assert by_variant(some) == {"control": {ordinary(run)}, "slower": {slow(run)}}
    # as of the sign-up, so that an exposure right after it is not before the assignment
    assert set(Assignment.objects.values_list("assigned_at", flat=True)) == {SOON}


@pytest.mark.usefixtures("experiment")
def test_a_sign_up_before_the_start_is_planned_as_usual(run: CourseRun) -> None:
    some = learners()
    sign_up(some, run, STARTED_AT - DAY)

    assert by_variant(some) == {"none": {ordinary(run)}}


def test_plans_stay_when_the_experiment_stops(run: CourseRun, experiment: Experiment) -> None:
    some = learners()
    sign_up(some, run, SOON)
    before = by_variant(some)
    lifecycle.stop(experiment, None, reason="Enough.", now=LATER)

    assert by_variant(some) == before
    more = [Learner.objects.create(key=f"M{one}") for one in range(10)]
    sign_up(more, run, LATER + DAY)
    assert by_variant(more) == {"none": {ordinary(run)}}


def test_days_of_a_plan_cannot_be_tried_on_those_who_have_one(run: CourseRun) -> None:
    first = Module.objects.get(course=run.course, position=1)
    experiment = draft(courses=[run.course], variants=(CONTROL, slower(first)))

    with pytest.raises(ValidationError, match="Choose “Only new enrollments”"):
        start(experiment)


@pytest.mark.parametrize("is_over", [False, True])
def test_an_earlier_sign_up_that_is_reported_later_gives_the_same_plan(
    run: CourseRun, experiment: Experiment, *, is_over: bool
) -> None:
    some = learners()
    sign_up(some, run, LATER)
    if is_over:
        lifecycle.stop(experiment, None, reason="Enough.", now=LATER + DAY)
    sign_up(some, run, SOON)

    assert by_variant(some) == {"control": {ordinary(run)}, "slower": {slow(run)}}


@pytest.mark.parametrize("is_over", [False, True])
def test_a_sign_up_that_turns_out_to_be_before_the_start_is_planned_as_usual(
    run: CourseRun, experiment: Experiment, *, is_over: bool
) -> None:
    some = learners()
    sign_up(some, run, LATER)
    if is_over:
        lifecycle.stop(experiment, None, reason="Enough.", now=LATER + DAY)
    sign_up(some, run, STARTED_AT - DAY)

    assert {plan for plans in by_variant(some).values() for plan in plans} == {ordinary(run)}
