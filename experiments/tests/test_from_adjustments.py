"""A rule with the mode experiment drafts one, with what can be planned already."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from curriculum.models import CourseRun, PlannedModule
from experiments.models import Experiment
from experiments.tests.trials import enroll_many
from improvement.answer import answer
from improvement.tests.answering import APRIL, course_with_rule, month, proposed
from kpis.tests.kernel import PLANNED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_kpis")]


def drafted() -> Experiment:
    """Return the draft of a proposal: Planned is 60%, and its target 85%."""
    made = proposed(mode="experiment")
    return Experiment.objects.get(adjustment=made)


def plan_modules(run: CourseRun, learners: int) -> None:
    """Plan a module for each learner, which is long for three of five of them."""
    module, due = run.course.modules.order_by("pk")[0], APRIL - timedelta(days=20)
    enroll_many(run, learners)
    PlannedModule.objects.bulk_create(
        PlannedModule(
            enrollment=one,
            module=module,
            position=1,
            effort_minutes=60 if number % 5 < 3 else 30,
            planned_due_at=due,
            due_at=due,
        )
        for number, one in enumerate(run.enrollments.order_by("pk"))
    )


def test_the_planned_effect_closes_the_gap_to_the_target() -> None:
    one = drafted()

    # 85% − 60%
    assert one.planned_effect == pytest.approx(0.25)
    assert one.metrics.get(role="primary").kpi == PLANNED
    assert one.hypothesis == "Planned is 60.0% (target 85.0%). Rule: More practice"


@pytest.mark.parametrize("learners", [0, 5, 20])
def test_units_are_planned_if_enough_learners_say_how_the_kpi_varies(learners: int) -> None:
    course, _ = course_with_rule(mode="experiment")
    plan_modules(course.runs.get(), learners)
    month("2026-03", 60, course)
    assert answer(APRIL) == 1
    found = Experiment.objects.get().planned_n

    # 60% against 85% with 80% power: (1.96 + 0.84)² × (0.24 + 0.1275) ÷ 0.25² = 46
    assert (found is None) == (learners < 10)
    assert found is None or 44 <= found <= 52


def test_figures_of_a_small_group_are_not_in_the_draft(settings: Settings) -> None:
    settings.KPI_MIN_GROUP = 2_000
    one = drafted()

    assert (one.planned_effect, one.planned_n) == (None, None)
    assert "60" not in one.hypothesis
    assert "improves Planned." in one.hypothesis
