"""The sums of each learner and run, in groups and around a moment of their own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db.models import Count, F

from core import reporting_clock
from curriculum.models import CourseRun, Enrollment, Learner
from kpis.aggregation.grouped_sums import sums_by
from kpis.aggregation.unit_sums import UnitSums, sums_by_group, unit_sums
from kpis.definitions.facts import Moments
from kpis.definitions.periods import WINDOW, Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.statistics.intervals import Spread
from kpis.tests import kernel
from kpis.tests.kernel import PLANNED, plans, run_of, starts

pytestmark = pytest.mark.django_db

ZONE = reporting_clock.reporting_zone
CUSTOMERS = REGISTRY["business.retention"]
WEEKS = REGISTRY["engagement.interaction-rate"]
VARIANTS = "variants"


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def window(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last), WINDOW, ZONE())


YEAR = ("2026-01-01", "2027-01-01")


def planned_of(who: str, run: CourseRun, *dues: tuple[str, int]) -> Enrollment:
    """Plan modules with these due dates and minutes; 60 minutes or more count in the numerator."""
    made = starts(who, run, "2026-01-02")
    for module, (due, minutes) in zip(run.course.modules.all(), dues, strict=False):
        plans(made, module, due, minutes=minutes)
    return made


def exposed(who: str, at: str, variant: str = "a") -> None:
    """Expose a learner to a variant: here, an enrollment in a run named after it."""
    starts(who, exposure_run(variant), at)


def exposure_run(variant: str) -> CourseRun:
    found = CourseRun.objects.filter(course__key=VARIANTS, key=variant).first()
    return found or run_of(variant, course=VARIANTS, modules=0)


def moments(**options: Any) -> Moments:
    rows = Enrollment.objects.filter(run__course__key=VARIANTS)
    return Moments(rows=rows, unit="learner", moment="enrolled_at", group="run__key", **options)


def planned() -> Indicator:
    return REGISTRY[PLANNED]


def test_each_learner_has_own_sums() -> None:
    run = run_of("r1", modules=3)
    planned_of("ada", run, ("2026-02-01", 60), ("2026-02-02", 30), ("2026-02-03", 90))
    planned_of("bob", run, ("2026-02-01", 30))

    found = unit_sums(planned(), window(*YEAR))

    names = dict(Learner.objects.values_list("pk", "key"))
    assert {(names[pk], y, x) for pk, y, x in found} == {("ada", 2, 3), ("bob", 0, 1)}


def test_they_add_up_to_the_sums_of_the_kpi() -> None:
    run, other = run_of("r1", modules=3), run_of("s1", course="sql", modules=2)
    planned_of("ada", run, ("2026-02-01", 60), ("2026-02-02", 30), ("2026-02-03", 90))
    planned_of("ada", other, ("2026-02-01", 60), ("2026-02-02", 60))
    planned_of("bob", other, ("2026-02-01", 30))

    rows = [(y, x) for _, y, x in unit_sums(planned(), window(*YEAR))]
    whole = sums_by(planned(), window(*YEAR))[()]

    assert (whole.total, whole.weight) == (sum(y for y, _ in rows), sum(x for _, x in rows))
    assert whole.spread == Spread(
        units=2,
        yy=sum(y * y for y, _ in rows),
        xx=sum(x * x for _, x in rows),
        xy=sum(x * y for y, x in rows),
    )


def test_runs_are_units_too() -> None:
    run, other = run_of("r1"), run_of("r2")
    planned_of("ada", run, ("2026-02-01", 60), ("2026-02-02", 30))
    planned_of("bob", run, ("2026-02-01", 60))
    planned_of("cy", other, ("2026-02-01", 30))

    found = set(unit_sums(planned(), window(*YEAR), unit="run"))

    assert found == {(run.pk, 2, 3), (other.pk, 0, 1)}


def test_groups_have_means_variances_and_the_covariance() -> None:
    run = run_of("r1", modules=3)
    planned_of("ada", run, ("2026-02-01", 60), ("2026-02-02", 30), ("2026-02-03", 90))
    planned_of("bob", run, ("2026-02-01", 30))
    planned_of("cy", run, ("2026-02-01", 60))
    for who, variant in (("ada", "a"), ("bob", "a"), ("cy", "b")):
        exposed(who, "2026-01-05", variant)

    found = sums_by_group(planned(), window(*YEAR), moments())

    # ada has y = 2 of x = 3, bob 0 of 1
    a = found["a"]
    assert (a.n, a.total, a.weight, a.value) == (2, 2, 4, 0.5)
    assert (a.mean_total, a.mean_weight) == (1, 2)
    assert (a.variance_of_total, a.variance_of_weight, a.covariance) == (2, 2, 2)
    assert (found["b"].n, found["b"].value, found["b"].covariance) == (1, 1, None)


def test_a_unit_without_rows_counts_with_zero() -> None:
    run = run_of("r1")
    planned_of("ada", run, ("2026-02-01", 60), ("2026-02-02", 60))
    for who in ("ada", "bob"):
        exposed(who, "2026-01-05")

    found = sums_by_group(planned(), window(*YEAR), moments())

    assert found == {"a": UnitSums(total=2, weight=2, spread=Spread(2, 4, 4, 4), without_rows=1)}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (2, 2)),
        ({"days": 10}, (1, 1)),
        ({"is_before": True}, (1, 2)),
        ({"is_before": True, "days": 10}, (0, 1)),
    ],
)
def test_rows_count_after_or_before_the_moment_of_their_learner(
    options: dict[str, Any], expected: tuple[int, int]
) -> None:
    run = run_of("r1", modules=4)
    dues = ("2026-02-01", 60), ("2026-02-28", 30), ("2026-03-01", 60), ("2026-04-01", 60)
    planned_of("ada", run, *dues)
    exposed("ada", "2026-03-01")

    found = sums_by_group(planned(), window(*YEAR), moments(**options))["a"]

    assert (found.total, found.weight) == expected


def test_each_learner_has_a_moment_of_their_own() -> None:
    run = run_of("r1")
    for who in ("ada", "bob"):
        planned_of(who, run, ("2026-02-01", 60), ("2026-03-01", 60))
    exposed("ada", "2026-01-15")
    exposed("bob", "2026-02-15")

    sums = {y for _, y, _ in unit_sums(planned(), window(*YEAR), moments=moments())}

    assert sums == {2, 1}


def test_a_kpi_without_such_units_says_so() -> None:
    with pytest.raises(ValueError, match="cannot be broken down by run"):
        unit_sums(CUSTOMERS, window(*YEAR), unit="run")


def test_units_are_learners_or_runs() -> None:
    rows = Enrollment.objects.annotate(n=Count("plan"), course_key=F("run__course__key"))
    wrong = Moments(rows=rows, unit="run__course", moment="enrolled_at", group="course_key")
    with pytest.raises(ValueError, match="leads to Course, not to learners or runs"):
        sums_by_group(planned(), window(*YEAR), wrong)


@pytest.mark.parametrize(
    ("options", "weeks"),
    [
        ({}, ["2026-03-09", "2026-03-16"]),
        ({"days": 13}, ["2026-03-09"]),
        ({"is_before": True}, ["2026-02-16", "2026-02-23"]),
    ],
)
def test_the_week_of_the_moment_is_on_neither_side(
    options: dict[str, Any], weeks: list[str]
) -> None:
    made = starts("ada", run_of("r1"), "2026-01-02")
    for week in ("2026-02-16", "2026-02-23", "2026-03-02", "2026-03-09", "2026-03-16"):
        presence: Any = WEEKS.facts and WEEKS.facts.model
        presence.objects.create(enrollment=made, week=week, is_productive=True)
    # a Wednesday
    exposed("ada", "2026-03-04T12:00:00")

    found = sums_by_group(WEEKS, window(*YEAR), moments(**options))["a"]

    assert found.weight == len(weeks)


def test_a_stored_day_takes_the_place_of_the_day_of_the_moment() -> None:
    made = starts("ada", run_of("r1"), "2026-01-02")
    for week in ("2026-03-09", "2026-03-16"):
        presence: Any = WEEKS.facts and WEEKS.facts.model
        presence.objects.create(enrollment=made, week=week, is_productive=True)
    exposed("ada", "2026-03-04T12:00:00")
    CourseRun.objects.filter(course__key=VARIANTS).update(starts_on="2026-03-09")

    found = sums_by_group(WEEKS, window(*YEAR), moments(day="run__starts_on"))["a"]

    assert found.weight == 1
