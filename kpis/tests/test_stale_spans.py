"""Stale days are logged as spans: one row however many days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kpis.models import StaleDay, StalePeriod
from kpis.recompute import stale_days, stale_periods
from kpis.tests import kernel
from kpis.tests.kernel import moment, run_of

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")
MAY = date(2026, 5, 1)


def day(number: int) -> date:
    return MAY + timedelta(days=number - 1)


def spans() -> list[tuple[int, int]]:
    rows = StaleDay.objects.order_by("first").values_list("first", "last")
    return [((first - MAY).days + 1, (last - MAY).days + 1) for first, last in rows]


def test_days_of_a_batch_that_follow_one_another_are_one_row() -> None:
    course = run_of("r1").course_id
    stale_days.write_spans({"test": [(course, day(at), day(at)) for at in (3, 1, 2, 2, 7)]})

    assert spans() == [(1, 3), (7, 7)]


def test_spans_of_a_batch_that_overlap_are_one_row() -> None:
    course = run_of("r1").course_id
    some = [(course, day(1), day(9)), (course, day(4), day(12))]
    stale_days.write_spans({"test": [*some, (course, day(2), day(3)), (course, day(20), day(21))]})

    assert spans() == [(1, 12), (20, 21)]


def test_spans_of_courses_and_of_the_site_stay_apart() -> None:
    courses = [run_of("r1").course_id, run_of("s1", course="sql").course_id, None]
    stale_days.write_spans({"test": [(course, day(1), day(2)) for course in courses]})

    assert spans() == [(1, 2)] * 3


def test_a_span_becomes_the_periods_around_it_that_have_begun() -> None:
    stale_days.write_spans({"test": [(None, date(2026, 6, 29), date(2026, 9, 1))]})
    stale_periods.gather(NOW)
    ranks = StalePeriod.objects.values_list("rank", flat=True)

    # June and July; the weeks of 29 June and 6 July; 29 June to 10 July; two quarters
    assert [sorted(ranks).count(rank) for rank in range(4)] == [2, 2, 12, 2]
    assert not StaleDay.objects.exists()


def test_a_mark_for_one_kind_of_period_becomes_only_those() -> None:
    weeks = [date(2026, 5, 4), date(2026, 5, 11)]
    StaleDay.objects.create(
        key="test", first=weeks[0], last=weeks[1] + timedelta(days=6), kind="week"
    )
    stale_periods.gather(NOW)

    assert sorted(StalePeriod.objects.values_list("rank", "start")) == [(1, at) for at in weeks]


def test_months_of_every_kpi_and_course_come_before_weeks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel.declare(monkeypatch)
    courses = [run_of("r1").course_id, run_of("s1", course="sql").course_id]
    kernel.mark_days_stale("test.started", [(courses[0], day(1))])
    kernel.mark_days_stale("test.planned", [(courses[1], day(1) - timedelta(days=400))])
    stale_periods.gather(NOW)
    groups = stale_periods.groups()

    assert {(one.key, one.periods[0][0].kind) for one in groups} == {
        ("test.started", "month"),
        ("test.planned", "month"),
    }
