"""Figures are computed and compared as columns; each fact is read once for all its periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db.models import Count, Q, Sum

from kpis.aggregation.fact_rows import RowSums
from kpis.aggregation.people import People
from kpis.aggregation.person_sums import SUMS, Read, Reading, merged
from kpis.aggregation.person_sums import read as read_directly
from kpis.aggregation.segments import read
from kpis.definitions.facts import Cut, Facts, Ratio
from kpis.definitions.periods import Period, between
from kpis.recompute.compare_columns import Stored, changes_between
from kpis.recompute.figure_columns import COURSE, Figures, of_groups
from kpis.tests import kernel
from kpis.tests.kernel import moment, run_of, starts

pytestmark = pytest.mark.django_db

NOW = moment("2026-03-20T12:00:00")
MARCH = date(2026, 3, 1), date(2026, 3, 31)
STARTED = kernel.INDICATORS[kernel.STARTED]


def periods_of(*kinds: str, now: Any = None) -> dict[int, Period]:
    some = [one for kind in kinds for one in between(*MARCH, kind, ZoneInfo("UTC"))]
    begun = [one for one in some if now is None or one.has_begun(now)]
    return {at: one.as_of(now) if now else one for at, one in enumerate(begun)}


def reading_of(facts: Facts | None, periods: dict[int, Period]) -> Reading:
    assert facts
    return Reading(facts, "run", periods, by_enrollment=True)


def rows_of(found: Read) -> list[tuple[Any, ...]]:
    people = found.people
    columns = (people.period, people.group, people.person, people.n, people.y, people.x)
    return sorted(zip(*(one.tolist() for one in columns), strict=True))


def read_by_period(reading: Reading) -> Read:
    return merged(reading, read_directly([reading])[0])


def read_with(reading: Reading) -> list[Reading]:
    """Read, and return what the database is asked for."""
    with patch("kpis.aggregation.person_sums.read", wraps=read_directly) as asked:
        read([reading])
    found: list[Reading] = asked.call_args.args[0]
    return found


def test_facts_that_are_read_once_are_in_all_their_periods() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-02", done=True)
    starts("bo", run, "2026-03-20")
    reading = reading_of(STARTED.facts, periods_of("day", "week", "month"))

    assert len(rows_of(read([reading])[0])) == 6
    assert rows_of(read([reading])[0]) == rows_of(read_by_period(reading))


def test_the_bounds_of_periods_cut_them_into_segments() -> None:
    (asked,) = read_with(reading_of(STARTED.facts, periods_of("week", "month")))

    # the first of March is a Sunday, the last a Tuesday
    days = [(one.first.day, one.after.day) for one in asked.periods.values()]
    assert days == [(23, 1), (1, 2), (2, 9), (9, 16), (16, 23), (23, 30), (30, 1), (1, 6)]


def test_what_lies_between_periods_is_not_read() -> None:
    days = periods_of("day")
    (asked,) = read_with(reading_of(STARTED.facts, {3: days[3], 20: days[20]}))

    assert [one.first.day for one in asked.periods.values()] == [4, 21]


def test_an_open_month_is_read_until_now() -> None:
    (asked,) = read_with(reading_of(STARTED.facts, periods_of("day", "month", now=NOW)))

    ends = [one.end for one in asked.periods.values() if one.first.day >= 19]
    assert ends == [moment("2026-03-20T00:00:00"), NOW, NOW]


def test_what_depends_on_the_end_of_the_period_is_read_for_each_period() -> None:
    def done_in_time(rows: kernel.Rows, cut: Cut) -> Ratio:
        done = Count("pk", filter=Q(completed_at__lt=cut.period.end))
        return Ratio(total=done, weight=Count("pk"))

    facts = kernel.starts_read_by(done_in_time)
    reading = reading_of(facts, periods_of("day", "month"))

    assert read_with(reading) == [reading]


def test_a_person_who_is_there_on_two_days_is_one_in_the_month() -> None:
    starts("ada", run_of("r1"), "2026-03-02", done=True)
    starts("ada", run_of("r2"), "2026-03-09", done=True)
    facts = kernel.starts_read_by(kernel.people)
    reading = reading_of(facts, periods_of("day", "month"))
    reading = replace(reading, level="site", by_enrollment=False)

    assert [row[3:] for row in rows_of(read([reading])[0])] == [(1, 1.0, 1.0)] * 3
    assert rows_of(read([reading])[0]) == rows_of(read_by_period(reading))


def test_a_learner_with_two_enrollments_is_one_person() -> None:
    starts("ada", run_of("r1"), "2026-03-02", done=True)
    starts("ada", run_of("r2"), "2026-03-02")
    facts = kernel.starts_read_by(kernel.people)
    reading = replace(reading_of(facts, periods_of("month")), level="site", by_enrollment=False)

    assert [row[3:] for row in rows_of(read([reading])[0])] == [(1, 1.0, 1.0)]


def test_the_database_adds_up_what_numpy_cannot() -> None:
    sums = {"n": Count("pk"), "total": Count("course", distinct=True), "weight": Sum("minutes")}

    assert RowSums.of(sums, person="learner") is None


def test_rows_of_a_person_are_added_up_with_their_parent() -> None:
    once = np.array([1, 1, 1])
    y, x = np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0])
    people = People(0 * once, np.array([5, 5, 6]), once, once, y, x)
    counted, parent = RowSums({}, frozenset({SUMS[2]})).merged(people, np.array([9, 9, 8]), SUMS)

    assert (counted.n.tolist(), counted.y.tolist()) == ([2, 1], [3, 4])
    # counted as present, once
    assert counted.x.tolist() == [1, 1]
    assert parent.tolist() == [9, 8]


def figures(*totals: float) -> Figures:
    """Figures of the courses 1, 2 and so on, of 4 people each."""
    size = len(totals)
    some = np.full(size, 4)
    course = np.arange(size) + 1
    numbers = np.array([totals, [4.0] * size, [4] * size, totals, [4.0] * size, totals])
    scope = np.full(size, COURSE)
    return Figures(0 * scope, scope, course, course, some, some, numbers.reshape(6, size))


def changes(computed: Figures, stored: Figures, version: int = 1) -> list[int]:
    rows: Any = [None] * len(stored)
    known = Stored(stored, np.full(len(stored), version), rows)
    found: list[int] = changes_between(STARTED, computed, known, []).figures.scope_id.tolist()
    return found


def test_only_figures_that_differ_are_stored() -> None:
    assert changes(figures(1, 2, 3), figures(1, 5)) == [2, 3]


def test_rounding_is_no_difference() -> None:
    assert changes(figures(0.1 + 0.2), figures(0.3)) == []


def test_figures_of_an_older_definition_are_stored_again() -> None:
    assert changes(figures(1), figures(1), version=0) == [1]


def test_a_figure_without_a_spread_gets_one() -> None:
    stored = figures(1)
    stored.numbers[2:] = np.nan

    assert changes(figures(1), stored) == [1]


def test_groups_without_observations_are_no_figures() -> None:
    none, nothing = np.zeros(1, int), np.zeros(1)
    empty = People(none, none, none, none, nothing, nothing).sums()

    assert len(of_groups(STARTED, COURSE, empty, np.zeros(1, int))) == 0
