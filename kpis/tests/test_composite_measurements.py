"""How the components of a composite vary together: computed, stored and used for its interval."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core import reporting_clock
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import CompositeMeasurement, Measurement, Restatement
from kpis.recompute import from_scratch
from kpis.recompute.recompute_stale import recompute_stale
from kpis.statistics.intervals import CrossSums
from kpis.tests import kernel
from kpis.tests.kernel import BOTH, moment, plans, run_of, starts

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")


@pytest.fixture(autouse=True)
def both(monkeypatch: pytest.MonkeyPatch) -> Indicator:
    kernel.declare(monkeypatch)
    return kernel.declare_both(monkeypatch)


def march() -> Period:
    return containing(date(2026, 3, 1), "month", reporting_clock.reporting_zone())


def world() -> np.ndarray:
    """Each person's (y, x) of enrollments completed and (y, x) of long modules."""
    run, other = run_of("r1", modules=3), run_of("s1", course="sql", modules=3)
    people = (("ada", True, (60, 30)), ("bo", False, (30,)), ("cy", True, (90, 60, 60)))
    for who, done, minutes in people:
        for each in (run, other) if who == "cy" else (run,):
            made = starts(who, each, "2026-03-02", done=done)
            for module, long in zip(each.course.modules.all(), minutes, strict=False):
                plans(made, module, "2026-03-20", minutes=long)
    return np.array([(1, 1, 1, 2), (0, 1, 0, 1), (2, 2, 6, 6)], dtype=float)


def crosses_of(people: np.ndarray) -> CrossSums:
    y, x, v, u = people.T
    return CrossSums(float(y @ v), float(y @ u), float(x @ v), float(x @ u))


def test_products_are_summed_over_people(both: Indicator) -> None:
    people = world()

    assert sums_by(both, march())[()].crosses == (crosses_of(people),)


def test_they_are_stored_for_each_course_and_run(both: Indicator) -> None:
    people = world()
    recompute_stale(now=NOW)
    row = CompositeMeasurement.objects.get(
        kpi=BOTH, period_kind="month", scope="course", course__key="py"
    )

    people[2] /= 2
    assert row.sums.crosses == (crosses_of(people),)
    assert row.sums.learners == 3
    assert not Measurement.objects.filter(kpi=BOTH).exists()


def test_a_person_in_two_runs_of_a_course_is_one(both: Indicator) -> None:
    for key in ("r1", "r2"):
        run = run_of(key)
        made = starts("ada", run, "2026-03-02", done=True)
        for module in run.course.modules.all():
            plans(made, module, "2026-03-20")
    recompute_stale(now=NOW)
    row = CompositeMeasurement.objects.get(kpi=BOTH, period_kind="month", scope="course")

    # 2 enrollments and 4 modules, all completed and long
    assert row.sums.crosses == (CrossSums(8, 8, 8, 8),)


def test_they_follow_their_components() -> None:
    world()
    recompute_stale(now=NOW)
    starts("dan", run_of("r9"), "2026-03-05", done=True)
    recompute_stale(now=NOW)

    jobs = from_scratch.jobs_for([REGISTRY[BOTH]], date(2026, 1, 1), date(2026, 7, 1), NOW)
    assert list(from_scratch.differences(jobs, NOW)) == []
    assert not Restatement.objects.filter(measurement__kpi=BOTH).exists()
