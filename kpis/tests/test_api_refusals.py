from __future__ import annotations

import pytest
from django.test import Client

from curriculum.models import CourseRun
from kpis.tests.consumer import Consumer
from kpis.tests.kernel import run_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_july")]


@pytest.mark.parametrize("query", [{"learner": "ada"}, {"by": "learner"}])
def test_readers_without_small_groups_cannot_choose_learners(
    run: CourseRun, query: dict[str, str]
) -> None:
    response = Consumer("kpis:read").asks(**query)

    assert response.status_code == 403
    assert "kpis:small-groups" in response.json()["detail"]


WRONG = [
    ({"period": "fortnight"}, "period", "Choose one of: day, week"),
    ({"from": "yesterday"}, "from", "2026-03-31"),
    ({"from": "2026-02-30"}, "from", "2026-03-31"),
    ({"from": "0001-01-01"}, "from", "1990 to 2199"),
    ({"to": "0001-01-01"}, "to", "1990 to 2199"),
    ({"from": "9999-12-31"}, "from", "1990 to 2199"),
    ({"to": "9999-12-31"}, "to", "1990 to 2199"),
    ({"from": "2026-05-01", "to": "2026-04-01"}, "from", "Swap the two"),
    ({"from": "1990-01-01", "to": "2199-12-31", "period": "day"}, "from", "at most 800"),
    ({"course": "no"}, "course", "Available courses: py, sql."),
    ({"run": "no"}, "run", "Available runs: r1, r2, s1."),
    ({"run": "same"}, "run", "Choose the course as well"),
    ({"course": "sql", "run": "r1"}, "run", "Available runs: "),
    ({"module": "sql-1", "course": "py"}, "module", "Available modules: py-1, py-2."),
    ({"module": "sql-1", "run": "r1"}, "module", "belong to different courses"),
    ({"run": "a\0b"}, "run", "Null"),
    ({"course": "c" * 101}, "course", "100"),
    ({"learner": "nobody"}, "learner", "Unknown learner “nobody”"),
    ({"learner": "a\0b"}, "learner", "Unknown learner"),
    ({"by": "teacher"}, "by", "course, run, module, learner"),
    ({"compare": "tomorrow"}, "compare", "previous, last-year, target, none"),
    ({"format": "xml"}, "format", "json or csv"),
    ({"perid": "day"}, "perid", "Unknown parameter “perid”. Allowed: period, from, to"),
]


@pytest.mark.parametrize(("query", "field", "part"), WRONG)
def test_a_wrong_value_is_rejected_with_its_field(
    query: dict[str, str], field: str, part: str
) -> None:
    for key, course in (("r1", "py"), ("r2", "py"), ("s1", "sql")):
        run_of(key, course=course)
    if query.get("run") == "same":
        run_of("same")
        run_of("same", course="sql")
    response = Consumer().asks("test/planned", **query)
    problem = response.json()

    assert (response.status_code, problem["field"]) == (400, field)
    assert part in problem["detail"]


@pytest.mark.parametrize("query", [{"by": "module"}, {"module": "py-1"}])
def test_a_kpi_without_modules_rejects_them(run: CourseRun, query: dict[str, str]) -> None:
    assert Consumer().asks(**query).json()["detail"].startswith("Started cannot be")


@pytest.mark.parametrize("path", ["/api/kpi/test/started", "/api/kpi/test/started/", "/api/kpi/"])
def test_a_url_works_with_and_without_a_slash_at_the_end(path: str) -> None:
    assert Consumer().client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/kpi/test/nothing", 404, "not_found"),
        ("get", "/api/kpi/test/started/nothing", 404, "not_found"),
        ("get", "/api/nothing", 404, "not_found"),
        ("post", "/api/kpi/test/started", 405, "method_not_allowed"),
    ],
)
def test_every_error_has_a_code_and_a_detail(
    method: str, path: str, status: int, code: str
) -> None:
    response = getattr(Consumer().client, method)(path)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["detail"]


def test_requests_without_a_key_or_its_scope_are_rejected() -> None:
    stranger = Client().get("/api/kpi/test/started")
    sender = Consumer("events:write").asks()

    assert (stranger.status_code, stranger.json()["code"]) == (401, "not_authenticated")
    assert (sender.status_code, sender.json()["code"]) == (403, "permission_denied")
