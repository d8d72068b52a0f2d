from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from core.registry import Registry
from curriculum.models import CourseRun
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.registry import REGISTRY, Column, DrillDown, Table
from kpis.definitions.units import COUNT
from kpis.recompute import recompute_stale
from kpis.tests.consumer import SMALL, Consumer
from kpis.tests.kernel import STARTED, run_of, starts
from kpis.tests.measured import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_july")]


def add_drill_down(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = (Column.of("course"), Column("begun", "Begun", COUNT))

    def table(when: Any, scope: Any) -> Table:
        found = sums_by(REGISTRY[STARTED], when, ("run",), scope)
        return Table(
            columns,
            [
                {"course": "Py", "run": str(run), "begun": one.n, "learners": one.learners}
                for (run,), one in sorted(found.items())
            ],
        )

    drill_downs: Registry[DrillDown] = Registry("Drill-down")
    drill_downs.register("runs", DrillDown("runs", "Runs", "", table))
    monkeypatch.setitem(REGISTRY, STARTED, replace(REGISTRY[STARTED], drill_downs=drill_downs))


def test_a_drill_down_is_for_the_last_month_that_is_over(
    run: CourseRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_drill_down(monkeypatch)
    reply = Consumer().reads("test/started/runs")

    assert reply["rows"] == [{"course": "Py", "begun": 2}]
    assert reply["period_start"] == "2026-06-01T00:00:00Z"


def test_a_small_row_of_a_drill_down_suppresses_another(
    run: CourseRun, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    add_drill_down(monkeypatch)
    settings.KPI_MIN_GROUP = 2
    other = run_of("r2")
    for who in ("ada", "bo", "cleo"):
        starts(who, other, "2026-06-12")
        starts(who, run_of(f"x-{who}"), "2026-04-12")
    recompute_stale.recompute_stale(now=NOW)
    bi = Consumer("kpis:read")

    # In May, Cleo is alone in r1, so that row is suppressed, and June's with it.
    assert bi.reads("test/started/runs", **{"from": "2026-05-01", "to": "2026-05-31"})["rows"] == [
        {"course": "Py", "begun": None, "status": "suppressed"}
    ]
    june = bi.reads("test/started/runs")["rows"]
    assert [row["begun"] for row in june] == [None, None]


@pytest.mark.parametrize("name", ["by", "compare", "perid"])
def test_a_drill_down_rejects_unsupported_parameters(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_drill_down(monkeypatch)
    response = Consumer().asks("test/started/runs", **{name: "course"})

    assert (response.status_code, response.json()["field"]) == (400, name)


def test_an_empty_drill_down_still_has_its_columns_in_csv(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_drill_down(monkeypatch)

    assert Consumer().asks("test/started/runs", format="csv").content == b"course,begun\r\n"


def test_measurements_are_listed_and_filtered(run: CourseRun) -> None:
    bi = Consumer()
    query = {"kpi": STARTED, "scope": "run", "run": "r1", "period": "month", "from": "2026-06-01"}
    (row,) = bi.reads("measurements", **query)["results"]

    assert (row["course"], row["period_start"], row["total"], row["n"]) == (
        "py",
        "2026-06-01",
        1,
        2,
    )
    assert bi.reads("measurements", course="no")["results"] == []
    assert bi.reads("measurements", restated="true")["results"] == []
    assert len(bi.reads("measurements", limit=5)["results"]) == 5


@pytest.mark.parametrize("query", [{"kpi": "no"}, {"from": "x"}, {"perid": "day"}, {"scope": "x"}])
def test_a_wrong_filter_of_measurements_is_rejected(query: dict[str, str]) -> None:
    response = Consumer().asks("measurements", **query)

    assert (response.status_code, response.json()["field"]) == (400, next(iter(query)))


# DRF's cursors: an offset and a position in base 64
WRONG = {
    "limit": ["null", "-1", "0", "abc", "1000000", "1001", "٣"],
    "period": ["", " "],
    "to": [""],
    "cursor": ["cD14", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cD0lMDA=", "x", ""],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_an_invalid_value_is_not_replaced_by_the_default(name: str, value: str) -> None:
    response = Consumer(*SMALL).asks("measurements", **{name: value})

    assert (response.status_code, response.json()["field"]) == (400, name)


@pytest.mark.parametrize("name", ["period", "to", "course"])
def test_an_empty_parameter_is_rejected(name: str, run: CourseRun) -> None:
    response = Consumer().asks(**{name: ""})

    assert (response.status_code, response.json()["field"]) == (400, name)


@pytest.mark.parametrize("cursor", ["cD0lMDA=", "x"])
def test_an_invalid_cursor_of_courses_is_rejected(cursor: str) -> None:
    response = Consumer().client.get("/api/courses", {"cursor": cursor})

    assert (response.status_code, response.json()["field"]) == (400, "cursor")


def test_measurements_require_the_scope_for_small_groups(run: CourseRun) -> None:
    assert Consumer("kpis:read").asks("measurements").status_code == 403


def test_measurements_are_limited_to_the_courses_of_the_key(run: CourseRun) -> None:
    starts("dee", run_of("s1", course="sql"), "2026-06-12")
    recompute_stale.recompute_stale(now=NOW)
    found = Consumer(*SMALL, courses=(run.course,)).reads("measurements", limit=1000)["results"]

    assert {row["course"] for row in found} == {"py"}


def test_courses_are_listed_with_their_runs_and_modules(run: CourseRun) -> None:
    run_of("s1", course="sql")
    bi = Consumer(courses=(run.course,))
    (found,) = bi.client.get("/api/courses").json()["results"]

    assert (found["key"], [one["key"] for one in found["runs"]]) == ("py", ["r1"])
    assert [one["key"] for one in found["modules"]] == ["py-1", "py-2"]
    assert bi.client.get("/api/courses?cours=py").json()["field"] == "cours"
