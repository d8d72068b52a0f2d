"""With KPI_HOLD_OPEN_FIGURES, open figures stay as they are until enough people changed them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.reader import Reader
from curriculum.models import CourseRun, Enrollment
from curriculum.parameter_definitions import WINDOW_FACTOR
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import HeldFigure
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.recompute import recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import STARTED, moment, plans, run_of, starts

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")
JULY = containing(NOW.date(), "month", NOW.tzinfo)  # type: ignore[arg-type]
BO = Reader(True, True, False, frozenset())
ADA = Reader(True, True, True, frozenset())


@pytest.fixture(autouse=True)
def _three_people_may_move_a_figure(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    kernel.declare(monkeypatch)
    settings.KPI_MIN_GROUP = 3
    settings.KPI_HOLD_OPEN_FIGURES = True


@pytest.fixture
def run() -> CourseRun:
    """Return a run in which five started in July and nobody has completed."""
    run = run_of("r1")
    for who in ("ada", "bo", "cleo", "dan", "eve"):
        starts(who, run, "2026-07-02")
    recompute_stale.recompute_stale(now=NOW)
    return run


def completes(*who: str) -> None:
    for one in who:
        made = Enrollment.objects.get(learner__key=one)
        Enrollment.objects.filter(pk=made.pk).update(completed_at=NOW)
        kernel.mark_days_stale("test", [(made.run.course_id, made.started_at.date())])
    recompute_stale.recompute_stale(now=NOW)


def total(reader: Reader = BO, *, now: object = NOW, period: Period = JULY) -> float:
    """Return the number of completions that the reader sees."""
    answers = KpiQueryService(reader, now).metric_values(REGISTRY[STARTED], Scope(), [period])  # type: ignore[arg-type]
    return answers[period].sums.total


def test_by_default_an_open_figure_follows_events_live(run: CourseRun, settings: Settings) -> None:
    settings.KPI_HOLD_OPEN_FIGURES = False
    assert total() == 0
    completes("ada")

    assert total() == 1
    assert not HeldFigure.objects.exists()


def test_a_held_figure_waits_for_enough_people(run: CourseRun) -> None:
    assert total() == 0
    completes("ada")
    assert total() == 0
    completes("bo")
    assert total() == 0

    completes("cleo")
    assert total() == 3
    completes("dan")
    assert total() == 3


def test_readers_with_the_permission_see_it_live(run: CourseRun) -> None:
    assert total() == 0
    completes("ada")

    assert (total(ADA), total(BO)) == (1, 0)


def test_a_closed_figure_is_not_held(run: CourseRun) -> None:
    assert total() == 0
    completes("ada")

    assert total(now=moment("2026-08-02")) == 1


def test_the_figure_of_a_group_is_held_too(run: CourseRun) -> None:
    def of_the_course() -> float:
        question = KpiQuery("month", [JULY], None, Scope(), None, None, None, "course", None, NOW)
        (group,) = KpiQueryService(BO, NOW).groups(REGISTRY[STARTED], question)
        return group.answer.sums.total

    assert of_the_course() == 0
    completes("ada")
    assert of_the_course() == 0
    completes("bo", "cleo")
    assert of_the_course() == 3


def test_the_interval_of_a_held_composite_tells_of_nobody(
    run: CourseRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = kernel.declare_both(monkeypatch, (WINDOW_FACTOR, WINDOW_FACTOR))
    for at, made in enumerate(Enrollment.objects.order_by("pk")):
        for module in run.course.modules.all():
            plans(made, module, "2026-07-05", minutes=60 if at % 2 else 30)
    completes("bo", "eve")

    def seen() -> list[object]:
        service = KpiQueryService(BO, NOW)
        of_site = service.metric_values(both, Scope(), [JULY])[JULY]
        (of_course,) = service.group_values(both, Scope(), "course", {JULY: [JULY]})[JULY].values()
        return [(one.status, one.value, one.interval) for one in (of_site, of_course)]

    before = seen()
    completes("ada")
    assert seen() == before
    completes("cleo", "dan")
    assert seen() != before


def test_held_figures_are_deleted_after_their_period(run: CourseRun) -> None:
    total()
    starts("fay", run, "2026-08-02")
    recompute_stale.recompute_stale(now=moment("2026-08-03"))
    total(now=moment("2026-08-03"), period=JULY.next)

    assert [str(one.after) for one in HeldFigure.objects.all()] == ["2026-09-01"]


def test_closed_periods_cost_no_query(run: CourseRun) -> None:
    later = moment("2026-10-02")
    with CaptureQueriesContext(connection) as held:
        total(now=later)

    assert not [one for one in held if "heldfigure" in one["sql"]]
