from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext, override_settings

from curriculum.models import Enrollment
from kpis import dirty, measure, stale
from kpis.models import DirtyDay, Measurement, MeasureRun, Restatement, StalePeriod
from kpis.record import same
from kpis.registry import REGISTRY
from kpis.stats import Sums
from kpis.tests import kernel
from kpis.tests.kernel import PLANNED, STARTED, moment, plans, run_of, starts, table

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def measured(now: datetime = NOW) -> int:
    return measure.measure_dirty(now=now)


def in_two_runs() -> None:
    """Ada completes in run r1, Bo does not in r2, both begun on Tuesday, 10 March."""
    starts("ada", run_of("r1"), "2026-03-10", done=True)
    starts("bo", run_of("r2"), "2026-03-10")


def test_every_scope_is_measured_in_every_kind_of_period() -> None:
    in_two_runs()

    assert measured() == 16
    for kind, start in {
        "day": "2026-03-10",
        "week": "2026-03-09",
        "month": "2026-03-01",
        "quarter": "2026-01-01",
    }.items():
        assert table(kind) == {
            ("site", "", start, 1, 2),
            ("course", "py", start, 1, 2),
            ("run", "r1", start, 1, 1),
            ("run", "r2", start, 0, 1),
        }


def test_modules_are_measured_by_month_alone() -> None:
    ada = starts("ada", run_of("r1"), "2026-03-10")
    first, second = ada.run.course.modules.order_by("position")
    plans(ada, first, "2026-03-17")
    plans(ada, second, "2026-03-24", minutes=30)
    measured()

    assert table("month", PLANNED) == {
        ("site", "", "2026-03-01", 1, 2),
        ("course", "py", "2026-03-01", 1, 2),
        ("run", "r1", "2026-03-01", 1, 2),
        ("module", "py-1", "2026-03-01", 1, 1),
        ("module", "py-2", "2026-03-01", 0, 1),
    }
    assert not Measurement.objects.filter(scope="module").exclude(period_kind="month").exists()


def test_measuring_again_writes_nothing() -> None:
    in_two_runs()
    measured()
    dirty.mark("test", [(one.run.course_id, one.started_at.date()) for one in everybody()])

    assert measured(NOW + timedelta(hours=1)) == 0
    assert waiting() == set()


def everybody() -> list[Enrollment]:
    return list(Enrollment.objects.select_related("run"))


def test_only_cells_of_the_day_and_course_are_written() -> None:
    in_two_runs()
    sql = run_of("s1", course="sql")
    starts("cleo", sql, "2026-03-10")
    starts("cleo", run_of("s2", course="sql"), "2026-05-04")
    measured()
    later = NOW + timedelta(hours=1)
    starts("ada", sql, "2026-03-11", done=True)
    measured(later)

    assert table_at(later) == {
        *((scope, kind) for scope in ("site", "course", "run") for kind in KINDS),
    }
    assert courses_at(later) == {"sql", None}
    assert ("run", "s2", "2026-05-01", 0, 1) in table()


KINDS = ("day", "week", "month", "quarter")


def table_at(computed_at: datetime) -> set[tuple[str, str]]:
    rows = Measurement.objects.filter(computed_at=computed_at)
    return set(rows.values_list("scope", "period_kind"))


def courses_at(computed_at: datetime) -> set[str | None]:
    return set(
        Measurement.objects.filter(computed_at=computed_at).values_list("course__key", flat=True)
    )


def test_a_run_killed_in_the_middle_is_finished_by_the_next() -> None:
    in_two_runs()
    with patch("kpis.measure.run_together", _killed_after(1)), pytest.raises(KeyboardInterrupt):
        measured()

    assert waiting() == {"week", "day", "quarter"}
    assert table("quarter") == set()
    measured()
    assert ("site", "", "2026-01-01", 1, 2) in table("quarter")
    assert waiting() == set()


def waiting() -> set[str]:
    """The kinds of the periods that wait to be measured, once the marks are gathered."""
    stale.gather(NOW)
    return {str(stale.SOONEST_FIRST[row.rank]) for row in StalePeriod.objects.all()}


def _killed_after(batches: int) -> Any:
    real, left = measure.run_together, iter(range(batches))

    def run_together(*args: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(*args)

    return run_together


def test_a_mark_made_meanwhile_is_not_lost() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10", done=True)
    real, late = measure.run_jobs, iter([True])

    def run_jobs(*args: Any, **more: Any) -> Any:
        done = real(*args, **more)
        if next(late, False):
            starts("bo", run, "2026-03-10")
        return done

    with patch("kpis.measure.run_jobs", run_jobs):
        measured()

    assert ("site", "", "2026-03-01", 1, 2) in table()


def test_a_kpi_that_fails_takes_no_other_down(monkeypatch: pytest.MonkeyPatch) -> None:
    in_two_runs()
    whole = REGISTRY[PLANNED]
    monkeypatch.setitem(REGISTRY, PLANNED, _broken())
    measured()

    assert ("site", "", "2026-03-01", 1, 2) in table()
    assert waiting() == {"month", "week", "day", "quarter"}
    monkeypatch.setitem(REGISTRY, PLANNED, whole)
    measured()
    assert waiting() == set()


def _broken() -> Any:
    def tally(_: object) -> Any:
        raise ZeroDivisionError

    return replace(kernel.INDICATORS[PLANNED], tally=tally)


def test_a_cycle_with_a_failure_is_made_good_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    measure.measure_open(moment("2026-03-31T12:00:00"))
    starts("ada", run_of("r1"), "2026-03-31T20:00:00")
    whole = REGISTRY[STARTED]
    monkeypatch.setitem(REGISTRY, STARTED, replace(whole, tally=_broken().tally))

    assert measure.measure_open(moment("2026-04-01T12:00:00")) is None
    monkeypatch.setitem(REGISTRY, STARTED, whole)
    measure.measure_open(moment("2026-04-02T12:00:00"))
    assert ("site", "", "2026-03-01", 0, 1) in table()


def test_a_database_that_is_away_is_for_the_task_to_try_again() -> None:
    in_two_runs()
    with (
        patch("kpis.measure.run_together", side_effect=OperationalError),
        pytest.raises(OperationalError),
    ):
        measured()

    assert waiting() == {"month", "week", "day", "quarter"}


def late_completion(now: datetime) -> None:
    in_two_runs()
    measured()
    Enrollment.objects.filter(learner__key="bo").update(completed_at=NOW)
    dirty.mark("test", [(one.run.course_id, one.started_at.date()) for one in everybody()])
    measured(now)


def test_a_closed_value_that_changes_is_kept_and_marked() -> None:
    later = NOW + timedelta(days=1)
    late_completion(later)
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")
    before = Restatement.objects.get(measurement=site)

    assert (site.total, site.n, site.restated_at) == (2, 2, later)
    assert (before.total, before.n, before.computed_at, before.restated_at) == (1, 2, NOW, later)
    # of the site, the course and Bo's run, in four kinds of period; Ada's run stays as it was
    assert Restatement.objects.count() == 12


def test_what_is_kept_is_what_stood_when_the_day_began() -> None:
    later = NOW + timedelta(days=1)
    late_completion(later)
    for hours, name in ((1, "cleo"), (2, "dee"), (24, "eli")):
        starts(name, run_of(f"run of {name}"), "2026-03-10")
        measured(later + timedelta(hours=hours))
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (site.n, site.restated_at) == (5, later + timedelta(hours=24))
    # one of two had completed when the first day began, two of four when the next did
    assert [(one.total, one.n) for one in site.restatements.order_by("restated_at")] == [
        (1, 2), (2, 4),
    ]  # fmt: skip


def test_a_mark_of_restating_stays() -> None:
    later = NOW + timedelta(days=1)
    late_completion(later)
    starts("cleo", run_of("r3"), "2026-03-10")
    with patch("kpis.record.Restatement.objects.bulk_create"):
        measured(later + timedelta(days=1))
    run = Measurement.objects.get(scope="run", period_kind="month", total=1, restated_at=later)

    assert run.n == 1


@pytest.mark.parametrize("now", ["2026-03-20T12:00:00", "2026-04-03T23:59:59"])
def test_until_the_close_lag_is_over_nothing_is_restated(now: str) -> None:
    in_two_runs()
    measured(moment("2026-03-15T12:00:00"))
    Enrollment.objects.filter(learner__key="bo").update(completed_at=NOW)
    dirty.mark("test", [(one.run.course_id, one.started_at.date()) for one in everybody()])
    measured(moment(now))
    month = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (month.total, month.restated_at) == (2, None)


def test_after_an_outage_an_unfinished_value_is_no_restated_one() -> None:
    in_two_runs()
    measured(moment("2026-03-15T12:00:00"))
    starts("cleo", run_of("r3"), "2026-03-20")
    measured()
    month = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (month.n, month.restated_at) == (3, None)


def test_a_value_that_stood_when_its_period_closed_is_restated_however_old() -> None:
    in_two_runs()
    measured(moment("2026-03-15T12:00:00"))
    measure.measure_open(moment("2026-04-10T12:00:00"))
    starts("cleo", run_of("r3"), "2026-03-20")
    measured()
    month = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (month.n, month.restated_at) == (3, NOW)


def test_a_cell_that_became_empty_says_so() -> None:
    in_two_runs()
    measured()
    Enrollment.objects.filter(learner__key="bo").update(withdrawn_at=moment("2026-03-01"))
    dirty.mark("test", [(one.run.course_id, one.started_at.date()) for one in everybody()])
    measured()

    assert table() == {
        ("site", "", "2026-03-01", 1, 1),
        ("course", "py", "2026-03-01", 1, 1),
        ("run", "r1", "2026-03-01", 1, 1),
        ("run", "r2", "2026-03-01", 0, 0),
    }


def test_what_falls_due_later_is_measured_when_its_time_comes() -> None:
    ada = starts("ada", run_of("r1"), "2026-07-01")
    plans(ada, ada.run.course.modules.all()[0], "2026-08-03")
    measured()
    measure.measure_open(NOW)

    assert table("month", PLANNED) == set()
    assert waiting() == set()
    measure.measure_open(moment("2026-08-02T23:59:59"))
    assert table("day", PLANNED) == set()
    measure.measure_open(moment("2026-08-03T01:00:00"))
    assert ("site", "", "2026-08-03", 1, 1) in table("day", PLANNED)
    assert ("module", "py-1", "2026-08-01", 1, 1) in table("month", PLANNED)


def test_after_an_outage_the_cycle_measures_all_it_missed() -> None:
    ada = starts("ada", run_of("r1"), "2026-07-01")
    plans(ada, ada.run.course.modules.all()[0], "2026-09-03")
    measured()
    measure.measure_open(NOW)
    measure.measure_open(NOW + timedelta(days=200))

    assert ("site", "", "2026-09-01", 1, 1) in table("month", PLANNED)


def test_the_cycle_remembers_how_far_it_came() -> None:
    measure.measure_open(NOW)
    measure.measure_open(NOW)

    assert [run.as_of for run in MeasureRun.objects.all()] == [NOW]


def test_somebody_in_two_courses_is_one_learner_of_the_site() -> None:
    starts("ada", run_of("r1"), "2026-03-10")
    starts("ada", run_of("s1", course="sql"), "2026-03-11")
    measured()
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (site.n, site.learners) == (2, 1)


def test_a_site_whose_facts_are_newer_than_its_courses_is_stored() -> None:
    """Two courses of one learner each are stored; two more sign up before one is measured."""
    starts("ada", run_of("r1"), "2026-03-10")
    sql = run_of("s1", course="sql")
    starts("bo", sql, "2026-03-10")
    measured()
    go = run_of("g1", course="go")
    for who in ("cleo", "dan", "eve"):
        starts(who, go, "2026-03-10")
    DirtyDay.objects.exclude(course=go.course).delete()
    Enrollment.objects.filter(run=go).exclude(learner__key="eve").update(run=sql)
    measured()
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    # as of the courses, of which one is about to follow: three enrolments, not five learners
    assert (site.n, site.learners) == (3, 3)


def test_where_many_learn_their_number_is_bounded_and_not_counted() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    starts("bo", run, "2026-03-10")
    starts("ada", run_of("r2"), "2026-03-10")
    with override_settings(KPI_MIN_GROUP=2):
        measured()
    course = Measurement.objects.get(kpi=STARTED, scope="course", period_kind="month")

    assert (course.n, course.learners) == (3, 2)


def test_the_work_grows_with_the_batch_and_not_with_the_history() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    measured()
    starts("bo", run, "2026-03-10")
    measured()  # the day's first restatement, which the next one is not
    starts("dee", run, "2026-03-10")
    young = queries()
    for month in range(1, 13):
        starts(f"p{month}", run, f"2025-{month:02}-10")
    measured()
    starts("cleo", run, "2026-03-10")

    assert queries() == young


def queries() -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        measured()
    return len(caught)


def test_fractions_added_in_another_order_are_the_same() -> None:
    one = Sums(3, 0.1 + 0.2 + 0.3, 3, 0.14, 3)

    assert same(one, Sums(3, 0.3 + 0.2 + 0.1, 3, 0.14, 3))
    assert not same(one, Sums(3, 0.61, 3, 0.14, 3))
    assert not same(one, Sums(3, one.total, 3, None, 3))
