from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement, RecomputeRun, StalePeriod
from kpis.recompute import at_once, compute_cells, jobs, recompute_stale, stale_days, stale_periods
from kpis.recompute.same_sums import same
from kpis.statistics.intervals import Spread, Sums
from kpis.tests import kernel
from kpis.tests.kernel import PLANNED, STARTED, moment, plans, run_of, starts, table
from kpis.tests.two_runs import NOW, everybody, in_two_runs, measured

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture
def much_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take anything stale for much."""
    monkeypatch.setattr(at_once, "MOST_ROWS", 0)


def test_every_scope_is_computed_in_every_kind_of_period() -> None:
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


def test_modules_are_computed_by_month_only() -> None:
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


def test_recomputing_unchanged_facts_writes_nothing() -> None:
    in_two_runs()
    measured()
    kernel.mark_days_stale(
        "test", [(one.run.course_id, one.started_at.date()) for one in everybody()]
    )

    assert measured(NOW + timedelta(hours=1)) == 0
    assert stale_kinds() == set()


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


def test_little_is_recomputed_in_one_step() -> None:
    in_two_runs()
    with CaptureQueriesContext(connection) as caught:
        measured()

    writes = (re.search(r'(?:INSERT INTO|DELETE FROM) "(kpis_\w+)"', one["sql"]) for one in caught)
    assert [one[1] for one in writes if one] == ["kpis_measurement", "kpis_staleday"]


def test_a_killed_step_is_repeated_by_the_next_run() -> None:
    in_two_runs()
    with (
        patch("kpis.recompute.at_once.stale_days.remove", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
        transaction.atomic(),
    ):
        measured()

    assert not Measurement.objects.exists()
    measured()
    assert table() == {
        ("site", "", "2026-03-01", 1, 2),
        ("course", "py", "2026-03-01", 1, 2),
        ("run", "r1", "2026-03-01", 1, 1),
        ("run", "r2", "2026-03-01", 0, 1),
    }


def test_a_killed_run_is_completed_by_the_next(much_is_stale: None) -> None:
    in_two_runs()
    with (
        patch("kpis.recompute.jobs.run_together", _killed_after(2)),
        pytest.raises(KeyboardInterrupt),
    ):
        measured()

    assert stale_kinds() == {"week", "day", "quarter"}
    assert table("quarter") == set()
    measured()
    assert ("site", "", "2026-01-01", 1, 2) in table("quarter")
    assert stale_kinds() == set()


def test_a_run_killed_before_the_site_leaves_the_site_to_the_next(much_is_stale: None) -> None:
    in_two_runs()
    with (
        patch("kpis.recompute.jobs.run_together", _killed_after(1)),
        pytest.raises(KeyboardInterrupt),
    ):
        measured()

    assert {scope for scope, *_ in table()} == {"course", "run"}
    measured()
    assert ("site", "", "2026-03-01", 1, 2) in table()


def stale_kinds() -> set[str]:
    """Gather stale days, and return the kinds of stale periods."""
    stale_periods.gather(NOW)
    return {str(stale_days.KIND_ORDER[row.rank]) for row in StalePeriod.objects.all()}


def _killed_after(batches: int) -> Any:
    real, left = jobs.run_together, iter(range(batches))

    def run_together(*args: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(*args)

    return run_together


def test_a_day_that_becomes_stale_meanwhile_is_not_lost() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10", done=True)
    real, late = compute_cells.compute_all, iter([True])

    def compute_all(*args: Any, **more: Any) -> Any:
        cells = real(*args, **more)
        if next(late, False):
            starts("bo", run, "2026-03-10")
        return cells

    with patch("kpis.recompute.jobs.compute_all", compute_all):
        measured()

    assert ("site", "", "2026-03-01", 1, 2) in table()


def test_while_events_keep_arriving_steps_keep_their_pace() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10", done=True)
    real, late, steps = compute_cells.compute_all, iter([True]), list[float]()

    def compute_all(*args: Any, **more: Any) -> Any:
        steps.append(time.monotonic())
        if next(late, False):
            starts("bo", run, "2026-03-11")
        return real(*args, **more)

    began = time.monotonic()
    with patch("kpis.recompute.jobs.compute_all", compute_all):
        recompute_stale.recompute_stale(now=NOW, pace=0.3)

    assert steps[-1] - began >= 0.3
    assert ("site", "", "2026-03-01", 1, 2) in table()


def test_a_failing_kpi_does_not_stop_others(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = REGISTRY[PLANNED]
    monkeypatch.setitem(REGISTRY, PLANNED, _broken())
    in_two_runs()
    measured()

    assert ("site", "", "2026-03-01", 1, 2) in table()
    assert stale_kinds() == {"month", "week", "day", "quarter"}
    monkeypatch.setitem(REGISTRY, PLANNED, whole)
    measured()
    assert stale_kinds() == set()


def _broken() -> Any:
    return replace(kernel.INDICATORS[PLANNED], facts=kernel.broken())


def test_a_cycle_with_a_failure_is_repeated_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    recompute_stale.recompute_open(moment("2026-03-31T12:00:00"))
    starts("ada", run_of("r1"), "2026-03-31T20:00:00")
    whole = REGISTRY[STARTED]
    monkeypatch.setitem(REGISTRY, STARTED, replace(whole, facts=kernel.broken()))

    assert recompute_stale.recompute_open(moment("2026-04-01T12:00:00")) is None
    monkeypatch.setitem(REGISTRY, STARTED, whole)
    recompute_stale.recompute_open(moment("2026-04-02T12:00:00"))
    assert ("site", "", "2026-03-01", 0, 1) in table()


def test_the_task_retries_if_the_database_is_unreachable() -> None:
    in_two_runs()
    with (
        patch("kpis.recompute.jobs.compute_all", side_effect=OperationalError),
        pytest.raises(OperationalError),
    ):
        measured()

    assert stale_kinds() == {"month", "week", "day", "quarter"}


def test_modules_that_are_due_later_count_when_they_are_due() -> None:
    ada = starts("ada", run_of("r1"), "2026-07-01")
    plans(ada, ada.run.course.modules.all()[0], "2026-08-03")
    measured()
    recompute_stale.recompute_open(NOW)

    assert table("month", PLANNED) == set()
    assert stale_kinds() == set()
    recompute_stale.recompute_open(moment("2026-08-02T23:59:59"))
    assert table("day", PLANNED) == set()
    recompute_stale.recompute_open(moment("2026-08-03T01:00:00"))
    assert ("site", "", "2026-08-03", 1, 1) in table("day", PLANNED)
    assert ("module", "py-1", "2026-08-01", 1, 1) in table("month", PLANNED)


def test_after_an_outage_the_cycle_recomputes_everything_it_missed() -> None:
    ada = starts("ada", run_of("r1"), "2026-07-01")
    plans(ada, ada.run.course.modules.all()[0], "2026-09-03")
    measured()
    recompute_stale.recompute_open(NOW)
    recompute_stale.recompute_open(NOW + timedelta(days=200))

    assert ("site", "", "2026-09-01", 1, 1) in table("month", PLANNED)


def test_the_cycle_records_how_far_it_came() -> None:
    recompute_stale.recompute_open(NOW)
    recompute_stale.recompute_open(NOW)

    assert [run.as_of for run in RecomputeRun.objects.all()] == [NOW]


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


def test_sums_that_differ_by_rounding_are_the_same() -> None:
    spread = Spread(3, 0.1 + 0.2 + 0.3, 3, 0.6)
    one = Sums(3, 0.1 + 0.2 + 0.3, 3, 3, spread)

    assert same(one, Sums(3, 0.3 + 0.2 + 0.1, 3, 3, Spread(3, 0.3 + 0.2 + 0.1, 3, 0.6)))
    assert not same(one, Sums(3, 0.61, 3, 3, spread))
    assert not same(one, Sums(3, one.total, 3, 3, Spread(3, 0.7, 3, 0.6)))
    assert not same(one, Sums(3, one.total, 3, 3))
