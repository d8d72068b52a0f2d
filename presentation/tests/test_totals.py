"""KPIs that are not shares: totals, and counts of distinct people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest

from accounts.models import User
from accounts.reader import Reader
from core import reporting_clock
from curriculum.models import Course
from kpis.api.response_models import KpiValue
from kpis.definitions.periods import WINDOW, Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import Measurement
from kpis.query.kpi_query import KpiQueryForm
from kpis.query.query_service import KpiQueryService
from kpis.query.results import MetricValue
from kpis.query.targets import set_target
from kpis.recompute import at_once, jobs, recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import COUNT, PEOPLE, STARTED, moment, run_of, starts, table
from presentation.figures import Figure

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")


@pytest.fixture(autouse=True)
def _kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)
    kernel.declare_also(monkeypatch, PEOPLE)
    kernel.declare_also(monkeypatch, COUNT)


def value_of(kpi: str, day: str, kind: str = "month", scope: Scope | None = None) -> MetricValue:
    staff, _ = User.objects.get_or_create(email="ada@example.com", is_staff=True, is_superuser=True)
    period = containing(date.fromisoformat(day), kind, reporting_clock.reporting_zone())
    service = KpiQueryService(Reader.of(staff), NOW)
    return service.metric_values(REGISTRY[kpi], scope or Scope(), [period])[period]


def window(kpi: str, first: str, last: str) -> MetricValue:
    staff = Reader(True, True, True, frozenset())
    form = KpiQueryForm({"from": first, "to": last}, reader=staff, now=NOW)
    assert form.is_valid()
    values = KpiQueryService(staff, NOW).ask(REGISTRY[kpi], form.to_query()).window
    assert values
    return values


def test_an_empty_month_counts_zero_only_after_the_first_start() -> None:
    starts("ada", run_of("r1"), "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)

    values = {month: value_of(COUNT, f"2026-{month}-01") for month in ("02", "03", "04", "08")}

    assert [one.shown for one in values.values()] == [None, 1, 0, None]
    assert [one.status for one in values.values()] == ["no_data", "ok", "ok", "no_data"]


def test_a_total_has_no_denominator_and_no_interval() -> None:
    starts("ada", run_of("r1"), "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)

    body = KpiValue.of(value_of(COUNT, "2026-03-01")).as_json()

    assert (body["value"], body["numerator"], body["denominator"]) == (1, 1, None)
    assert (body["ci_low"], body["ci_high"], body["unit"]) == (None, None, "count")


def test_the_target_of_a_total_applies_to_one_month_of_all_courses() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)
    set_target(COUNT, Decimal(150), valid_from=date(2026, 1, 1))
    in_python = Scope(frozenset({run.course_id}))

    assert value_of(COUNT, "2026-03-01").difference == -149
    for other, why in (
        (value_of(COUNT, "2026-03-01", "quarter"), "The target of 150 is for one month"),
        (
            value_of(COUNT, "2026-03-01", scope=in_python),
            "The target of 150 is for all courses together",
        ),
    ):
        assert other.target is None
        assert Figure(other).no_target == why


def test_dates_that_form_one_month_are_compared_like_the_month() -> None:
    starts("ada", run_of("r1"), "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)
    set_target(COUNT, Decimal(150), valid_from=date(2026, 1, 1))

    assert window(COUNT, "2026-03-01", "2026-03-31").difference == -149
    assert window(COUNT, "2026-02-15", "2026-03-14").difference is None


def test_the_target_of_a_length_dependent_kpi_applies_to_one_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(REGISTRY, PEOPLE, replace(REGISTRY[PEOPLE], depends_on_length=True))
    starts("ada", run_of("r1"), "2026-03-10", done=True)
    recompute_stale.recompute_stale(now=NOW)
    set_target(PEOPLE, Decimal(85), valid_from=date(2026, 1, 1))

    assert value_of(PEOPLE, "2026-03-01").difference == 15
    assert window(PEOPLE, "2026-01-01", "2026-03-31").difference is None


def test_a_person_in_two_courses_counts_once() -> None:
    starts("ada", run_of("r1"), "2026-03-10", done=True)
    starts("ada", run_of("s1", course="sql"), "2026-03-11")
    recompute_stale.recompute_stale(now=NOW)

    month = table("month", PEOPLE)

    assert {one for one in month if one[0] != "run"} == {
        ("site", "", "2026-03-01", 1, 1),
        ("course", "py", "2026-03-01", 1, 1),
        ("course", "sql", "2026-03-01", 0, 1),
    }


def test_people_of_several_courses_are_counted_and_not_added_up() -> None:
    courses = [run_of(key, course=key) for key in ("py", "sql", "web")]
    for run in courses:
        starts("ada", run, "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)
    two = Scope(frozenset(run.course_id for run in courses[:2]))

    assert value_of(PEOPLE, "2026-03-01", scope=two).sums.n == 1


def test_a_stale_mark_without_a_course_recomputes_the_site() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)
    Measurement.objects.all().delete()

    kernel.mark_days_stale(PEOPLE, [(None, date(2026, 3, 10))])
    recompute_stale.recompute_stale(now=NOW)

    assert table("month", PEOPLE) == {("site", "", "2026-03-01", 0, 1)}


def test_a_stale_mark_of_one_kpi_does_not_recompute_others() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)
    Measurement.objects.all().delete()

    kernel.mark_days_stale(COUNT, [(run.course_id, date(2026, 3, 10))])
    recompute_stale.recompute_stale(now=NOW)

    assert set(Measurement.objects.values_list("kpi", flat=True)) == {COUNT}


def test_a_period_with_data_that_is_not_computed_is_pending() -> None:
    starts("ada", run_of("r1"), "2026-03-10")

    assert value_of(PEOPLE, "2026-03-10").status == "pending"
    assert value_of(PEOPLE, "2026-02-10").status == "no_data"
    recompute_stale.recompute_stale(now=NOW)
    assert value_of(PEOPLE, "2026-03-10").value == 0


def test_a_total_that_is_not_computed_is_pending_and_not_zero() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-02-10")
    recompute_stale.recompute_stale(now=NOW)
    starts("bo", run, "2026-03-10")
    march = value_of(COUNT, "2026-03-01")

    assert (march.status, march.shown) == ("pending", None)
    # without new facts, it is 0
    assert value_of(COUNT, "2026-04-01").shown == 0


def test_the_site_is_pending_until_its_own_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "MOST_ROWS", 0)
    starts("ada", run_of("r1"), "2026-03-10")
    killed = patch.object(jobs, "_claimed_by", side_effect=[{1}, KeyboardInterrupt])
    with killed, pytest.raises(KeyboardInterrupt):
        recompute_stale.recompute_stale(now=NOW)
    in_python = Scope(frozenset(Course.objects.values_list("pk", flat=True)))

    assert value_of(STARTED, "2026-03-01").status == "pending"
    assert value_of(STARTED, "2026-03-01", scope=in_python).status == "low_n"


def test_pending_data_of_another_course_does_not_matter() -> None:
    python = run_of("r1").course_id
    starts("ada", run_of("s1", course="sql"), "2026-03-10")
    scope = Scope(frozenset({python}))

    assert value_of(STARTED, "2026-03-10", scope=scope).status == "no_data"


def test_selected_dates_and_their_groups_show_that_a_day_was_restated() -> None:
    """Twenty days of March are closed when another enrollment of the 10th comes in."""
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    recompute_stale.recompute_stale(now=NOW)
    later = NOW + timedelta(hours=1)
    starts("bo", run, "2026-03-10")
    recompute_stale.recompute_stale(now=later)
    march = Period(date(2026, 3, 1), date(2026, 4, 1), WINDOW, reporting_clock.reporting_zone())
    may = Period(date(2026, 5, 1), date(2026, 6, 1), WINDOW, reporting_clock.reporting_zone())
    staff = User.objects.create(email="bo@example.com", is_staff=True, is_superuser=True)
    service = KpiQueryService(Reader.of(staff), NOW)
    (group,) = service.group_values(REGISTRY[STARTED], Scope(), "run", {march: [march]})[
        march
    ].values()

    assert group.restated_at == later
    values = service.metric_values(REGISTRY[STARTED], Scope(), [march, may])
    assert [one.restated_at for one in values.values()] == [later, None]
