"""How many units a KPI's past asks for, whether learners or runs are assigned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from curriculum.models import CourseRun, Enrollment
from experiments.sizing import Question, Sizing, answer
from experiments.tests.trials import DAY, STARTED_AT, enroll_many
from kpis.tests import kernel
from kpis.tests.kernel import COUNT, STARTED, run_of

pytestmark = pytest.mark.django_db
# of 20 learners of each run, so many completed: half of all
COMPLETED = [4, 6, 8, 9, 10, 10, 11, 12, 14, 16]


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


def run_with(key: str, learners: int, completed: int = 0) -> CourseRun:
    first = CourseRun.objects.first()
    run = CourseRun.objects.create(course=first.course, key=key) if first else run_of(key)
    enrolled = enroll_many(run, learners, prefix=key)
    done = Enrollment.objects.filter(learner__in=enrolled[:completed])
    done.update(completed_at=STARTED_AT - 10 * DAY)
    return run


def ten_runs() -> None:
    for number, completed in enumerate(COMPLETED):
        run_with(f"r{number}-", 20, completed)


def sizing(kpi: str = STARTED, effect: float = 0.1, **asked: object) -> Sizing:
    question = Question(kpi=kpi, effect=effect, **asked)  # type: ignore[arg-type]
    return answer(question, STARTED_AT, present=40, per_week=2.0)


def test_learners_are_planned_by_the_share() -> None:
    ten_runs()

    # R: power.prop.test(p1 = .5, p2 = .6, power = .8) gives n = 387.3385
    assert sizing().needed == 388


def test_runs_are_planned_by_how_alike_their_learners_are() -> None:
    ten_runs()
    found = sizing(by_run=True)

    # squares between runs 114 / 20 / 9 = 0.633, within (50 − 5.7) / 190 = 0.233, so
    # (0.633 − 0.233) / (0.633 + 19 · 0.233) = 0.0790, and 1 + 19 · 0.0790 = 2.50
    assert found.correlation == pytest.approx(0.0790, abs=0.0001)
    assert found.design_effect == pytest.approx(2.50, abs=0.005)
    assert found.cluster_size == 20
    # 384.6 · 2.50 / 20 = 48.1 runs by the normal distribution, and one more by Student's t
    assert found.needed == 50


def test_few_runs_are_compared_with_few_degrees_of_freedom() -> None:
    ten_runs()
    found = sizing(by_run=True, effect=0.3)

    # the normal distribution would say (1.96 + 0.84)² · (0.25 + 0.16) · 2.50 / 20 / 0.3² = 4.5
    assert found.needed == 6


def test_one_run_does_not_say_how_alike_the_learners_of_a_run_are() -> None:
    run_with("r0-", 20, 10)

    assert sizing().needed == 388
    assert sizing(by_run=True).needed is None


def test_runs_of_one_learner_are_planned_like_learners() -> None:
    for number in range(12):
        run_with(f"r{number}-", 1, number % 2)
    found = sizing(by_run=True)

    # Student's t, and the variances of 0.5 and 0.6, where learners have the pooled one
    assert found.needed == pytest.approx(sizing().needed, abs=2)


def test_a_sequential_plan_asks_for_ten_runs_at_least() -> None:
    ten_runs()

    assert sizing(by_run=True, effect=0.4, is_sequential=True).needed == 10


def test_the_total_of_a_run_is_that_of_all_its_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare_also(monkeypatch, COUNT)
    for number, learners in enumerate((10, 20, 30, 40)):
        run_with(f"r{number}-", learners)
    found = sizing(COUNT, 10.0, by_run=True)

    # the mean is 25, the variance (225 + 25 + 25 + 225) / 3 = 166.7;
    # R: power.t.test(delta = 10, sd = sqrt(166.7), power = .8) gives n = 27.16
    assert found.baseline == 25
    assert found.needed == 28
    assert found.cluster_size is None


def test_with_the_planned_runs_the_power_is_as_planned() -> None:
    ten_runs()
    needed = sizing(by_run=True).needed or 0
    # half of the audience of 40 and of 2 new ones a week is in each variant
    end = (STARTED_AT + timedelta(weeks=needed - 20)).date()
    found = sizing(by_run=True, end=end)

    assert found.available == needed
    assert found.power == pytest.approx(0.8, abs=0.01)
    assert found.detectable == pytest.approx(0.1, abs=0.001)
