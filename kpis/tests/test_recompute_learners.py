from __future__ import annotations

import pytest
from django.test.utils import override_settings

from curriculum.models import Enrollment
from kpis.models import Measurement, StaleDay
from kpis.tests import kernel
from kpis.tests.kernel import STARTED, run_of, starts
from kpis.tests.two_runs import measured

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def test_a_learner_in_two_courses_counts_once_for_the_site() -> None:
    starts("ada", run_of("r1"), "2026-03-10")
    starts("ada", run_of("s1", course="sql"), "2026-03-11")
    measured()
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (site.n, site.learners) == (2, 1)


def test_a_site_whose_facts_are_newer_than_its_courses_is_stored() -> None:
    """Two courses of one learner each are stored; two more enroll before one is recomputed."""
    starts("ada", run_of("r1"), "2026-03-10")
    sql = run_of("s1", course="sql")
    starts("bo", sql, "2026-03-10")
    measured()
    go = run_of("g1", course="go")
    for who in ("cleo", "dan", "eve"):
        starts(who, go, "2026-03-10")
    StaleDay.objects.exclude(course=go.course).delete()
    Enrollment.objects.filter(run=go).exclude(learner__key="eve").update(run=sql)
    measured()
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    # as of the courses, one of which is still stale: three enrollments, not five learners
    assert (site.n, site.learners) == (3, 3)


def test_the_number_of_many_learners_is_bounded_instead_of_counted() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    starts("bo", run, "2026-03-10")
    starts("ada", run_of("r2"), "2026-03-10")
    with override_settings(KPI_MIN_GROUP=2):
        measured()
    course = Measurement.objects.get(kpi=STARTED, scope="course", period_kind="month")

    assert (course.n, course.learners) == (3, 2)
