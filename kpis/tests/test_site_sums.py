"""The site's figures follow from what changes in courses, and equal the sum of all courses."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from unittest.mock import patch

import pytest

from core import reporting_clock
from core.changes import gathered
from curriculum.models import Course, Enrollment, Learner
from kpis.definitions.periods import containing
from kpis.models import Measurement
from kpis.recompute import at_once, from_scratch, site_sums, stored_rows
from kpis.recompute.site_sums import moved
from kpis.recompute.store_measurements import Cell, Change
from kpis.recompute.stored_rows import MEASUREMENTS, StoredRow
from kpis.statistics.intervals import NOTHING, Spread, Sums
from kpis.tests import kernel
from kpis.tests.kernel import STARTED, plans, run_of, starts, table
from kpis.tests.two_runs import NOW, measured

pytestmark = pytest.mark.django_db

MARCH = containing(date(2026, 3, 1), "month", reporting_clock.reporting_zone())


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)
    kernel.declare_both(monkeypatch)


def sums(n: int, total: float, learners: int) -> Sums:
    return Sums(n, total, n, learners, Spread(learners, total, n, total))


def change(before: Sums | None, after: Sums) -> Change:
    """Return a change of a course's cell in March."""
    row = None
    if before:
        columns = MEASUREMENTS.columns_of(before)
        named = (STARTED, 1, "course", 1, 1, "month", MARCH.first, 1, None, None)
        row = StoredRow(MEASUREMENTS, (*named, *columns))
    return Change(Cell(MARCH, "course", 1, 1, after), row)


def test_the_site_moves_by_what_changed_in_a_course() -> None:
    site = sums(100, 40, 50)

    assert moved(site, [change(sums(20, 8, 20), sums(25, 9, 22))]) == Sums(
        105, 41, 105, 50, Spread(52, 41, 105, 41)
    )


def test_a_new_largest_course_is_the_bound_of_learners() -> None:
    found = moved(sums(100, 40, 50), [change(sums(20, 8, 20), sums(70, 9, 60))])

    assert found
    assert found.learners == 60


@pytest.mark.parametrize(
    ("site", "before", "after"),
    [
        # the largest course shrinks: another one may now be the largest
        (sums(100, 40, 50), sums(60, 8, 50), sums(59, 8, 49)),
        # 13 learners of the site may have been counted, in courses of fewer than 10
        (sums(15, 4, 13), sums(7, 1, 7), sums(8, 1, 8)),
        # what is left of a million is the rounding of a million
        (sums(100, 1e6, 50), sums(20, 1e6, 20), sums(20, 0.1, 20)),
        # of whom the spread is not known
        (sums(100, 40, 50), sums(20, 8, 20), Sums(21, 8, 21, 21)),
    ],
)
def test_the_site_is_summed_up_where_it_depends_on_other_courses(
    site: Sums, before: Sums, after: Sums
) -> None:
    assert moved(site, [change(before, after)]) is None


def test_a_site_without_observations_has_no_sums() -> None:
    assert moved(sums(20, 8, 20), [change(sums(20, 8, 20), NOTHING)]) == NOTHING


def test_figures_moved_many_times_equal_figures_from_scratch() -> None:
    chance = Random(3)  # noqa: S311
    runs = [run_of(f"r{at}", course=key) for at, key in enumerate(("py", "go", "js"))]
    for step in range(12):
        for number in range(chance.choice((1, 3, 12))):
            at = f"2026-03-{chance.randint(1, 9):02}"
            one = starts(f"p{step}-{number}", chance.choice(runs), at, done=chance.random() < 0.5)
            plans(one, one.run.course.modules.all()[0], at, minutes=chance.choice((30, 90)))
        measured(NOW + timedelta(hours=step))
        assert differences() == []


def differences() -> list[str]:
    jobs = from_scratch.jobs_for(
        from_scratch.aggregated_indicators(), date(2026, 3, 1), date(2026, 3, 9), NOW
    )
    return [str(one) for one in from_scratch.differences(jobs, NOW + timedelta(days=1))]


def test_other_courses_are_not_read_where_the_site_moves() -> None:
    run = run_of("r1")
    for number in range(12):
        starts(f"p{number}", run, "2026-03-10")
    for key in ("go", "js"):
        starts("ada", run_of(f"{key}-1", course=key), "2026-03-10")
    measured()
    starts("bo", run, "2026-03-10", done=True)
    with patch.object(
        site_sums, "rows_of_all_courses", wraps=stored_rows.rows_of_all_courses
    ) as read:
        measured()

    assert table("month") >= {("site", "", "2026-03-01", 1, 15)}
    assert not read.called


def test_the_site_is_summed_up_without_a_deleted_course() -> None:
    starts("ada", run_of("r1"), "2026-03-10", done=True)
    starts("bo", run_of("s1", course="sql"), "2026-03-10")
    measured()
    Course.objects.get(key="sql").delete()
    measured()

    assert {row for row in table() if row[0] == "site"} == {("site", "", "2026-03-01", 1, 1)}


@pytest.mark.parametrize("most_at_once", [at_once.MOST_ROWS, 0])
def test_other_people_in_a_course_are_other_people_of_the_site(
    most_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "MOST_ROWS", most_at_once)
    one, _ = (starts("ada", run_of(f"{key}-1", course=key), "2026-03-10") for key in ("py", "go"))
    measured()
    assert learners_of_the_site() == {1}
    is_now_of(one, "bo")
    measured(NOW + timedelta(hours=1))

    assert learners_of_the_site() == {2}
    assert differences() == []


def is_now_of(one: Enrollment, who: str) -> None:
    """Give an enrollment to another learner, which leaves all sums of its course as they are."""
    learner = Learner.objects.create(key=who)
    Enrollment.objects.filter(pk=one.pk).update(learner=learner)
    with gathered() as changes:
        changes.changed(Enrollment.objects.filter(pk=one.pk))


def learners_of_the_site() -> set[int]:
    rows = Measurement.objects.filter(kpi=STARTED, scope="site", n__gt=0)
    return set(rows.values_list("learners", flat=True))
