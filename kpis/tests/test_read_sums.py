"""Stored sums equal sums computed from the facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core import reporting_clock
from curriculum.models import Course, CourseRun, Enrollment, Learner, Module
from curriculum.tests.histories import enough
from kpis import read_sums
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import CompositeMeasurement, Measurement
from kpis.recompute import recompute_stale
from kpis.statistics.intervals import Sums
from kpis.tests import kernel
from kpis.tests.kernel import BOTH, PEOPLE, PLANNED, STARTED, moment, plans, run_of, starts

pytestmark = pytest.mark.django_db

NOW = moment("2026-04-01T12:00:00")
DAYS = ("2025-12-31", "2026-01-01", "2026-02-16", "2026-03-31", "2026-05-01")
WHO = ("ada", "bo", "cleo")


@pytest.fixture(autouse=True)
def _three_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)
    kernel.declare_also(monkeypatch, PEOPLE)
    kernel.declare_both(monkeypatch)


ENROLMENTS = st.lists(
    st.tuples(
        st.sampled_from(WHO), st.integers(0, 2), st.sampled_from(DAYS), st.booleans(), st.booleans()
    ),
    max_size=9,
    unique_by=lambda one: one[:2],
)


@settings(
    max_examples=enough(6, 3),
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ENROLMENTS)
def test_stored_sums_equal_those_of_the_facts(
    enrolments: list[tuple[str, int, str, bool, bool]],
) -> None:
    for model in (Measurement, CompositeMeasurement, Enrollment, Learner, CourseRun, Course):
        model.objects.all().delete()
    runs = [run_of("r1"), run_of("r2"), run_of("s1", course="sql")]
    for who, at, day, done, is_short in enrolments:
        one = starts(who, runs[at], day, done=done)
        for module in runs[at].course.modules.all():
            plans(one, module, day, minutes=30 if is_short else 60)
    recompute_stale.recompute_stale(now=NOW)

    for kpi, scope, kind in asked(runs):
        periods = [
            containing(moment(day).date(), kind, reporting_clock.reporting_zone()) for day in DAYS
        ]
        kept = read_sums.series(REGISTRY[kpi], scope, periods, NOW)
        for period in periods:
            counted = read_sums.from_facts(REGISTRY[kpi], scope, [period], NOW)[period]
            expected = counted.sums
            if scope.run_id is None and kpi != PEOPLE and len(scope.course_ids or runs) > 1:
                # learners in several courses are taken for independent ones
                added = kept[period].sums
                expected = replace(expected, spread=added.spread, crosses=added.crosses)
            if not expected.n:
                expected = replace(expected, crosses=kept[period].sums.crosses)
            assert kept[period].sums == expected, (kpi, scope, period)


def asked(runs: list[CourseRun]) -> Iterator[tuple[str, Scope, str]]:
    courses = [frozenset({run.course_id}) for run in runs]
    scopes = [Scope(), Scope(frozenset().union(*courses)), *map(Scope, courses)]
    scopes += [Scope(course, run.pk) for course, run in zip(courses, runs, strict=True)]
    for kind in ("day", "week", "month", "quarter"):
        for scope in scopes:
            yield STARTED, scope, kind
            yield PLANNED, scope, kind
            yield PEOPLE, scope, kind
            yield BOTH, scope, kind
    for module in Module.objects.all():
        yield PLANNED, Scope(frozenset({module.course_id}), None, module.pk), "month"


def test_a_period_that_has_not_begun_is_empty() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-05-01")
    period = containing(moment("2026-05-01").date(), "month", reporting_clock.reporting_zone())

    assert read_sums.from_facts(REGISTRY[STARTED], Scope(), [period], NOW)[period].sums == Sums()
