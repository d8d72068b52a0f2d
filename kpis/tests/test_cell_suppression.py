"""No figure of a small group can be derived by subtracting the figures that a reader sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.reader import Reader
from core import reporting_clock
from curriculum.models import Course, CourseRun, Enrollment, Learner
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import Measurement
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.recompute import recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import PLANNED, STARTED, moment, plans, run_of, starts

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")
DAYS = ("2026-01-14", "2026-02-11", "2026-02-12", "2026-03-11")
# two to three in a week, over the ends of a month and of a quarter
EDGES = ("2026-02-27", "2026-03-01", "2026-03-12", "2026-03-30", "2026-03-31", "2026-04-01")
Row = dict[int, Fraction]


@pytest.fixture(autouse=True)
def _small_is_under_three(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    kernel.declare(monkeypatch)
    settings.KPI_MIN_GROUP = 3


def manager(*courses: Course) -> Reader:
    return Reader(True, False, False, frozenset(one.pk for one in courses))


def period(day: str, kind: str) -> Period:
    when = moment(day)
    return containing(when.date(), kind, reporting_clock.reporting_zone())


def is_shown(reader: Reader, scope: Scope, when: Period) -> bool:
    return status(reader, scope, when) != "suppressed"


def status(reader: Reader, scope: Scope, when: Period, kpi: str = STARTED) -> str:
    return KpiQueryService(reader, NOW).metric_values(REGISTRY[kpi], scope, [when])[when].status


def crowd(run: CourseRun, day: str, people: int) -> None:
    for number in range(people):
        starts(f"{run.key}-{day}-{number}", run, day)


def of_course(run: CourseRun) -> Scope:
    return Scope(frozenset({run.course_id}))


def of_run(run: CourseRun) -> Scope:
    return Scope(frozenset({run.course_id}), run.pk)


def test_a_small_group_is_hidden_in_every_query() -> None:
    run = run_of("r1")
    crowd(run, "2026-02-11", 2)
    recompute_stale.recompute_stale(now=NOW)
    bo, february = manager(run.course), period("2026-02-11", "month")

    assert not is_shown(bo, of_course(run), february)
    assert not is_shown(bo, of_run(run), february)
    assert not is_shown(bo, of_course(run), period("2026-02-11", "day"))


def test_the_run_beside_a_small_one_is_hidden_too() -> None:
    small, large = run_of("r1"), run_of("r2")
    crowd(small, "2026-02-11", 1)
    crowd(large, "2026-02-11", 5)
    recompute_stale.recompute_stale(now=NOW)
    bo, february = manager(small.course), period("2026-02-11", "month")

    assert is_shown(bo, of_course(small), february)
    assert not is_shown(bo, of_run(large), february)


def test_a_small_run_hides_no_run_of_another_course() -> None:
    small, large, other = run_of("r1"), run_of("r2"), run_of("s1", course="sql")
    for run, people in ((small, 1), (large, 9), (other, 4)):
        crowd(run, "2026-02-11", people)
    recompute_stale.recompute_stale(now=NOW)
    bo = manager(small.course, other.course)
    question = question_of("2026-02-11", Scope(bo.course_ids), by="run")
    groups = KpiQueryService(bo, NOW).groups(REGISTRY[STARTED], question)

    assert {group.group.pk: group.answer.status for group in groups} == {
        small.pk: "suppressed",
        large.pk: "suppressed",
        other.pk: "low_n",
    }


def question_of(day: str, scope: Scope, *, by: str) -> KpiQuery:
    months = [period(day, "month")]
    return KpiQuery("month", months, None, scope, None, None, None, by, None, NOW)


@pytest.mark.parametrize("kind", ["day", "week", "month", "quarter"])
def test_a_run_is_hidden_by_course_where_it_is_hidden_alone(kind: str) -> None:
    small, large = run_of("r1"), run_of("r2")
    crowd(small, "2026-02-11", 2)
    crowd(large, "2026-02-11", 9)
    recompute_stale.recompute_stale(now=NOW)
    bo, then = manager(small.course), period("2026-02-11", kind)
    by_course = {
        scope: KpiQueryService(bo, NOW).group_values(
            REGISTRY[STARTED], scope, "course", {then: [then]}
        )[then][small.course_id]
        for scope in (of_run(small), of_course(small))
    }

    assert by_course[of_run(small)].status == "suppressed"
    assert by_course[of_course(small)].status != "suppressed"
    assert not is_shown(bo, of_run(small), then)


@pytest.mark.parametrize("kind", ["day", "week", "month"])
def test_a_module_is_hidden_by_course_where_it_is_hidden_alone(kind: str) -> None:
    run = run_of("r1")
    first, second = run.course.modules.order_by("position")
    for who in range(9):
        one = starts(f"p{who}", run, "2026-02-01")
        plans(one, first if who < 2 else second, "2026-02-11")
    recompute_stale.recompute_stale(now=NOW)
    bo, then = manager(run.course), period("2026-02-11", kind)
    scope = Scope(frozenset({run.course_id}), None, first.pk)
    groups = KpiQueryService(bo, NOW).group_values(
        REGISTRY[PLANNED], scope, "course", {then: [then]}
    )[then]

    assert {one.status for one in groups.values()} == {"suppressed"}


def test_everything_inside_a_hidden_month_is_hidden() -> None:
    run = run_of("r1")
    crowd(run, "2026-01-14", 2)
    crowd(run, "2026-02-11", 4)
    crowd(run, "2026-03-11", 5)
    recompute_stale.recompute_stale(now=NOW)
    bo = manager(run.course)

    # February is hidden with January, so its days must not add up to it
    assert not is_shown(bo, of_course(run), period("2026-02-11", "month"))
    assert not is_shown(bo, of_course(run), period("2026-02-11", "day"))
    assert not is_shown(bo, of_course(run), period("2026-02-11", "week"))
    assert is_shown(bo, of_course(run), period("2026-03-11", "month"))
    assert is_shown(bo, of_course(run), period("2026-02-11", "quarter"))


def test_readers_with_the_permission_see_small_groups() -> None:
    run = run_of("r1")
    crowd(run, "2026-02-11", 1)
    recompute_stale.recompute_stale(now=NOW)
    ada = Reader(True, True, True, frozenset())

    assert status(ada, of_run(run), period("2026-02-11", "month")) == "low_n"


def test_the_range_of_a_query_does_not_change_what_is_hidden() -> None:
    run = run_of("r1")
    for day, people in zip(DAYS, (2, 4, 4, 5), strict=True):
        crowd(run, day, people)
    recompute_stale.recompute_stale(now=NOW)
    bo, scope = manager(run.course), of_run(run)
    months = [period(f"2026-0{month}-01", "month") for month in range(1, 7)]
    together = KpiQueryService(bo, NOW).metric_values(REGISTRY[STARTED], scope, months)

    assert [together[one].status for one in months] == [status(bo, scope, one) for one in months]


def test_modules_of_runs_are_hidden_in_both_directions() -> None:
    runs = [run_of("r1"), run_of("r2")]
    modules = list(runs[0].course.modules.order_by("position"))
    for run, people in zip(runs, ((1, 4), (4, 4)), strict=True):
        for module, number in zip(modules, people, strict=True):
            for who in range(number):
                one = starts(f"{run.key}-{module.key}-{who}", run, "2026-02-01")
                plans(one, module, "2026-02-11")
    recompute_stale.recompute_stale(now=NOW)
    bo, february = manager(runs[0].course), period("2026-02-11", "month")
    course = frozenset({runs[0].course_id})
    crossed = [Scope(course, run.pk, module.pk) for run in runs for module in modules]
    totals = [Scope(course, run.pk) for run in runs]
    totals += [Scope(course, None, module.pk) for module in modules]

    # one learner in r1 and py-1; the others follow from the totals
    assert {status(bo, one, february, PLANNED) for one in crossed} == {"suppressed"}
    assert {status(bo, one, february, PLANNED) for one in totals} == {"low_n"}


PEOPLE = st.lists(st.integers(0, 6), min_size=18, max_size=18)


# suppression is computed from measurements, so the database does not matter
@pytest.mark.once
@settings(
    max_examples=5,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(PEOPLE)
@example([1, 4, 0, 4, 4, 4] + 12 * [4])
@example([4, 0, 2, 4, 4, 4, 0, 0, 4, 4, 4, 4, 0, 0, 5, 5, 5, 5])
def test_no_small_group_can_be_derived_from_what_is_shown(people: list[int]) -> None:
    reset()
    runs = [run_of("r1"), run_of("r2"), run_of("s1", course="sql")]
    atoms = [(run, day) for run in runs for day in EDGES]
    for (run, day), number in zip(atoms, people, strict=True):
        crowd(run, day, number)
    recompute_stale.recompute_stale(now=NOW)
    bo = manager(*{run.course for run in runs})
    cells = list(cells_of(atoms, bo))
    # a shown figure reveals a sum of atoms; an empty one reveals that all its atoms are empty
    shown = [(inside, when) for inside, scope, when in cells if is_shown(bo, scope, when)]
    known = [inside for inside, _ in shown]
    known += [frozenset({at}) for at, number in enumerate(people) if number == 0]
    small = {inside for inside, _, _ in cells if 0 < sum(people[at] for at in inside) < 3}
    pairs = product({inside for inside, _ in shown}, repeat=2)

    assert [sorted(one) for one in small if follows(one, known)] == []
    assert small & {one - other for one, other in pairs if other < one} == set()


def reset() -> None:
    for model in (Measurement, Enrollment, Learner, CourseRun, Course):
        model.objects.all().delete()


def cells_of(
    atoms: Sequence[tuple[CourseRun, str]], reader: Reader
) -> Iterator[tuple[frozenset[int], Scope, Period]]:
    """Return every figure with the atoms that it adds up."""
    periods = {period(day, kind) for day in EDGES for kind in ("day", "week", "month", "quarter")}
    scopes = {Scope(reader.course_ids)}
    scopes |= {of_course(run) for run, _ in atoms} | {of_run(run) for run, _ in atoms}
    for scope in scopes:
        for when in periods:
            inside = {
                at
                for at, (run, day) in enumerate(atoms)
                if run.course_id in (scope.course_ids or ())
                and scope.run_id in (None, run.pk)
                and when.first <= moment(day).date() < when.after
            }
            yield frozenset(inside), scope, when


def follows(wanted: frozenset[int], known: Sequence[frozenset[int]]) -> bool:
    """True if the sum of the atoms is a linear combination of known sums (Gauss)."""
    basis: dict[int, Row] = {}
    for inside in known:
        row = reduced({at: Fraction(1) for at in inside}, basis)
        if row:
            basis[min(row)] = row
    return not reduced({at: Fraction(1) for at in wanted}, basis)


def reduced(row: Row, basis: dict[int, Row]) -> Row:
    while pivots := sorted(set(row) & set(basis)):
        pivot = pivots[0]
        factor = row[pivot] / basis[pivot][pivot]
        for at, value in basis[pivot].items():
            row[at] = row.get(at, Fraction(0)) - factor * value
        row = {at: value for at, value in row.items() if value}
    return row


def test_suppression_follows_changed_figures() -> None:
    run = run_of("r1")
    crowd(run, "2026-02-11", 2)
    recompute_stale.recompute_stale(now=NOW)
    bo, week = manager(run.course), period("2026-02-11", "week")
    assert not is_shown(bo, of_run(run), week)

    crowd(run, "2026-02-12", 2)
    recompute_stale.recompute_stale(now=NOW)
    assert is_shown(bo, of_run(run), week)


def test_readers_with_the_same_access_share_an_audit() -> None:
    run = run_of("r1")
    crowd(run, "2026-02-11", 5)
    recompute_stale.recompute_stale(now=NOW)
    bo, week = manager(run.course), period("2026-02-11", "week")
    assert is_shown(bo, of_run(run), week)

    with CaptureQueriesContext(connection) as asked:
        disclosure = KpiQueryService(bo, NOW).disclosure
        disclosure.suppression_of(REGISTRY[STARTED], of_run(run)).periods(of_run(run), [week])
    assert len(asked) == 1


@pytest.mark.parametrize("kind", ["week", "month"])
def test_a_mixed_run_is_hidden_beside_runs_in_which_everyone_completed(kind: str) -> None:
    small, all_done, some_done = run_of("r1"), run_of("r2"), run_of("r3")
    for run, people, completed in ((small, 2, 2), (all_done, 3, 3), (some_done, 5, 1)):
        for at in range(people):
            starts(f"{run.key}-{at}", run, "2026-02-11", done=at < completed)
    recompute_stale.recompute_stale(now=NOW)
    bo, then = manager(small.course), period("2026-02-11", kind)

    # 6 of 10 less 1 of 5 would be 5 of 5: both of r1 completed
    assert not is_shown(bo, of_run(some_done), then)
    assert is_shown(bo, of_course(small), then)
