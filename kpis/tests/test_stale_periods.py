"""Stale periods: each exists once, months come first, one process recomputes at a time."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime
from typing import Any
from unittest.mock import patch

import pytest

from curriculum.models import Course
from kpis.models import StalePeriod
from kpis.recompute import at_once, jobs, recompute_stale, stale_periods
from kpis.tests import kernel
from kpis.tests.kernel import moment, run_of, starts

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def test_a_day_that_becomes_stale_often_is_recomputed_once() -> None:
    starts("ada", run_of("r1"), "2026-03-10")
    for _ in range(3):
        kernel.mark_days_stale("test.started", [(Course.objects.get().pk, date(2026, 3, 10))])
    stale_periods.gather(NOW)

    assert StalePeriod.objects.count() == 4


def test_a_month_that_becomes_stale_later_comes_before_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(at_once, "MOST_ROWS", 0)
    starts("ada", run_of("r1"), "2026-03-10")
    order: list[str] = []
    real = jobs.run_jobs

    def run_jobs(some: Any, now: datetime, **more: Any) -> Any:
        order.append(some[0].all_periods[0].label)
        if len(order) == 1:
            starts("bo", run_of("s1", course="sql"), "2026-05-04")
        return real(some, now, **more)

    with patch("kpis.recompute.recompute_stale.run_jobs", run_jobs):
        recompute_stale.recompute_stale(now=NOW)

    assert order[:2] == ["2026-03", "2026-05"]
    assert order[-2:] == ["2026-Q2", "2026-Q1"]


def test_every_process_takes_the_same_periods_first(monkeypatch: pytest.MonkeyPatch) -> None:
    courses = [run_of("r1").course, run_of("s1", course="sql").course]
    rows = [
        StalePeriod(key=key, course=course, rank=0, start=date(2026, 3, 1))
        for key in ("other", "test")
        for course in courses
    ]
    monkeypatch.setattr(stale_periods, "PERIODS_PER_BATCH", 3)

    assert first_groups(rows) == first_groups(rows[::-1])


def first_groups(rows: list[StalePeriod]) -> list[tuple[str, set[int]]]:
    """The key and courses of each group to recompute first, whatever the order of the rows."""
    StalePeriod.objects.all().delete()
    StalePeriod.objects.bulk_create([copy(row) for row in rows])
    return [
        (group.key, {pk for _, courses in group.periods for pk in courses})
        for group in stale_periods.groups()
    ]


# PostgreSQL lets one connection take a lock twice
@pytest.mark.once
def test_only_one_process_recomputes() -> None:
    with (
        recompute_stale.recompute_lock() as first,
        recompute_stale.recompute_lock(patience=0.0) as second,
    ):
        assert (first, second) == (True, False)
