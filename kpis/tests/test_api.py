from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from curriculum.models import Course, CourseRun
from kpis.definitions.registry import REGISTRY
from kpis.models import DataFreshness
from kpis.query.targets import set_target
from kpis.recompute import recompute_stale
from kpis.tests import kernel
from kpis.tests.consumer import Consumer
from kpis.tests.kernel import STARTED, moment, plans, run_of, starts
from kpis.tests.measured import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_july")]

JANUARY = date(2026, 1, 1)


def test_the_current_value_is_for_the_last_month_that_is_over(run: CourseRun) -> None:
    set_target(STARTED, Decimal(85), valid_from=JANUARY)
    reply = Consumer().reads()

    assert (reply["kpi"], reply["unit"], reply["period"]) == (STARTED, "percent", "month")
    # Wilson of 1 in 2: 0.5 ± 0.4055
    assert reply["current"] == {
        "value": 50.0,
        "numerator": 1.0,
        "denominator": 2.0,
        "n": 2,
        "ci_low": pytest.approx(9.4531, abs=1e-4),
        "ci_high": pytest.approx(90.5469, abs=1e-4),
        "status": "ok",
        "unit": "percent",
        "period_start": "2026-06-01T00:00:00Z",
        "period_end": "2026-07-01T00:00:00Z",
        "tz": "UTC",
        "definition_version": 1,
        "target": 85.0,
        "target_version": 1,
        "computed_at": "2026-07-10T12:00:00Z",
        "data_through": "2026-07-10T12:00:00Z",
        "restated_at": None,
    }


def test_the_series_ends_with_the_open_period(run: CourseRun) -> None:
    starts("dee", run, "2026-07-02")
    recompute_stale.recompute_stale(now=NOW)
    series = Consumer().reads()["series"]

    assert [(one["value"], one["status"]) for one in series[-4:]] == [
        (None, "no_data"),
        (100.0, "low_n"),
        (50.0, "ok"),
        (0.0, "provisional"),
    ]


def test_a_month_without_later_data_is_stale(run: CourseRun) -> None:
    DataFreshness.objects.update(data_through=moment("2026-06-20"))

    assert Consumer().reads()["current"]["status"] == "stale"


def test_each_period_has_the_target_in_force_at_its_end(run: CourseRun) -> None:
    set_target(STARTED, Decimal(60), valid_from=JANUARY)
    set_target(STARTED, Decimal(70), valid_from=date(2026, 6, 15))
    series = Consumer().reads()["series"]

    assert [one["target"] for one in series[-3:]] == [60, 70, 70]


def test_a_window_covers_exactly_the_days_from_first_to_last(run: CourseRun) -> None:
    reply = Consumer().reads(**{"from": "2026-05-04", "to": "2026-06-10"})

    assert (reply["window"]["numerator"], reply["window"]["denominator"]) == (2, 2)
    assert reply["window"]["period_end"] == "2026-06-11T00:00:00Z"
    assert [one["period_start"][:7] for one in reply["series"]] == ["2026-05", "2026-06"]


def test_readers_without_small_groups_get_whole_periods(run: CourseRun, settings: Settings) -> None:
    settings.KPI_MIN_GROUP = 1
    reply = Consumer("kpis:read").reads(**{"from": "2026-05-04", "to": "2026-06-10"})

    assert reply["window"]["period_start"] == "2026-05-01T00:00:00Z"
    assert reply["window"]["period_end"] == "2026-07-01T00:00:00Z"
    assert reply["window"]["denominator"] == 3


def test_a_window_with_a_suppressed_month_is_suppressed(run: CourseRun, settings: Settings) -> None:
    settings.KPI_MIN_GROUP = 2
    reply = Consumer("kpis:read").reads(**{"from": "2026-05-04", "to": "2026-06-10"})

    assert [one["status"] for one in reply["series"]] == ["suppressed", "suppressed"]
    assert reply["window"]["status"] == "suppressed"


def test_a_suppressed_value_has_no_numbers_in_json_or_csv(run: CourseRun) -> None:
    bi = Consumer("kpis:read")
    hidden = bi.reads()["current"]
    (row,) = [one for one in rows(bi.asks(format="csv")) if one["period_start"][:7] == "2026-06"]

    figures = ("value", "numerator", "denominator", "n", "ci_low", "ci_high")
    assert (hidden["status"], {hidden[name] for name in figures}) == ("suppressed", {None})
    assert {row[name] for name in figures} == {""}


def rows(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_compare_previous_adds_the_period_before(run: CourseRun) -> None:
    compared = Consumer().reads(compare="previous")["comparison"]

    assert (compared["to"], compared["value"], compared["difference"]) == ("previous", 100, -50)
    assert compared["answer"]["period_start"] == "2026-05-01T00:00:00Z"


def test_compare_target_adds_the_difference_from_the_target(run: CourseRun) -> None:
    set_target(STARTED, Decimal(85), valid_from=JANUARY)

    assert Consumer().reads(compare="target")["comparison"] == {
        "to": "target",
        "value": 85,
        "difference": -35,
    }


def test_by_run_adds_a_value_per_run(run: CourseRun) -> None:
    starts("dee", run_of("r2"), "2026-06-12")
    recompute_stale.recompute_stale(now=NOW)
    groups = Consumer().reads(by="run")["groups"]

    assert [(one["key"], one["course"], one["value"]) for one in groups] == [
        ("r1", "py", 50),
        ("r2", "py", 0),
    ]


def test_learners_can_be_selected_and_broken_down(run: CourseRun) -> None:
    reply = Consumer().reads(by="learner", learner=["ada", "cleo"])

    assert [(one["key"], one["value"]) for one in reply["groups"]] == [("ada", 100)]
    assert reply["current"]["denominator"] == 1


def test_a_learner_can_be_selected_by_any_spelling_of_the_address(run: CourseRun) -> None:
    starts("eve@example.com", run, "2026-06-12", done=True)

    assert Consumer().reads(learner="Eve@Example.com ")["current"]["denominator"] == 1


def test_a_group_has_the_target_of_its_course(run: CourseRun) -> None:
    set_target(STARTED, Decimal(60), course=run.course, valid_from=JANUARY)
    groups = Consumer().reads(by="run")["groups"]

    assert [one["target"] for one in groups] == [60]


def test_modules_can_be_selected_and_broken_down(run: CourseRun) -> None:
    ada = starts("dee", run, "2026-06-01")
    for module, minutes in zip(run.course.modules.all(), (60, 30), strict=True):
        plans(ada, module, "2026-06-20", minutes=minutes)
    recompute_stale.recompute_stale(now=NOW)
    bi = Consumer()

    assert bi.reads("test/planned", module="py-2")["current"]["value"] == 0
    groups = bi.reads("test/planned", by="module", run="r1")["groups"]
    assert [(one["key"], one["value"]) for one in groups] == [("py-1", 100), ("py-2", 0)]


def test_an_unchanged_answer_is_not_sent_again(run: CourseRun) -> None:
    bi = Consumer()
    tag = bi.asks()["ETag"]
    again = bi.client.get("/api/kpi/test/started", headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")
    starts("dee", run, "2026-06-12")
    recompute_stale.recompute_stale(now=NOW)
    changed = bi.client.get("/api/kpi/test/started", headers={"If-None-Match": tag})
    assert changed.status_code == 200


def test_the_csv_has_a_row_per_period(run: CourseRun) -> None:
    response = Consumer().asks(format="csv")

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="test-started.csv"' in response["Content-Disposition"]
    assert [(one["period_start"][:7], one["value"]) for one in rows(response)[-3:]] == [
        ("2026-05", "100.0"),
        ("2026-06", "50.0"),
        ("2026-07", ""),
    ]


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝", "＋", "－", "＠"]
)
def test_a_title_in_a_csv_is_never_a_formula(run: CourseRun, start: str) -> None:
    Course.objects.update(title=f'{start}HYPERLINK("x")')
    (row,) = rows(Consumer().asks(format="csv", by="course"))

    assert row["title"] == f'\'{start}HYPERLINK("x")'


def test_an_answer_from_stored_rows_takes_few_queries(
    run: CourseRun, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bi = Consumer()
    bi.asks()
    # the key and its courses, the sums, the targets and the data freshness
    with django_assert_max_num_queries(8):
        bi.asks()


def test_a_kpi_that_cannot_be_computed_has_the_status_error(
    run: CourseRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REGISTRY, STARTED, replace(REGISTRY[STARTED], facts=kernel.broken()))
    reply = Consumer().reads(**{"from": "2026-06-02", "to": "2026-06-20"})

    assert (reply["current"]["status"], reply["current"]["value"]) == ("error", None)
