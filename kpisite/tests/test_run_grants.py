"""A manager of one run sees the figures of that run, everywhere, and nothing else of its course."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.reader import Reader
from accounts.tests.people import account, course, run_of
from curriculum.models import CourseRun
from dashboard.weekly_summary import changes, subscribed_managers
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.query.query_service import KpiQueryService
from kpis.recompute import recompute_stale
from kpisite.tests.worlds import BERLIN, World

pytestmark = pytest.mark.django_db

LMS = Sender("lms", creates_unknown=True)
WITH_RUNS = [one for one in REGISTRY.values() if one.has_runs]
WITHOUT_RUNS = [one for one in REGISTRY.values() if not one.has_runs]
COMPUTED_AT = re.compile(r'"computed_at":"[^"]*"')
DATES = "from=2026-01-01&to=2026-06-30"


BERLIN_AND_TWO = {"KPI_TIME_ZONE": "Europe/Berlin", "KPI_MIN_GROUP": 2}


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, CourseRun]]:
    """Runs a and b of "py" and "db", with a world of events in them, once for these tests."""
    with (
        django_db_blocker.unblock(),
        override_settings(**BERLIN_AND_TWO),
        transaction.atomic(),
    ):
        made = [run_of(one, key) for one in (course("py", modules=2), course("db", modules=2))
                for key in ("a", "b")]  # fmt: skip
        for batch in World(3).batches():
            receive(batch, LMS, now=datetime(2026, 9, 1, tzinfo=UTC))
        recompute_stale.recompute_stale(now=timezone.now())
        yield {f"{one.course.key}/{one.key}": one for one in made}
        transaction.set_rollback(True)


@pytest.fixture
def runs(world: dict[str, CourseRun], settings: Settings) -> dict[str, CourseRun]:
    for name, value in BERLIN_AND_TWO.items():
        setattr(settings, name, value)
    return {name: CourseRun.objects.select_related("course").get(pk=one.pk)
            for name, one in world.items()}  # fmt: skip


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def cleo(runs: dict[str, CourseRun]) -> Client:
    """The manager of run a of "py"."""
    return client_of(account("Cleo", runs=(runs["py/a"],)))


@pytest.fixture
def bo(runs: dict[str, CourseRun]) -> Client:
    """The manager of the course "py"."""
    return client_of(account("Bo", grants=(runs["py/a"].course,)))


def answer(client: Client, path: str) -> tuple[int, str]:
    response = client.get(path)
    # what is not stored is computed when it is asked for
    return response.status_code, COMPUTED_AT.sub("", response.content.decode())


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter"])
def test_the_figures_are_those_that_a_manager_of_the_course_sees_of_the_run(
    cleo: Client, bo: Client, period: str
) -> None:
    days = "from=2026-02-01&to=2026-03-31" if period == "day" else DATES
    for one in WITH_RUNS:
        asked = f"{one.api_url}?course=py&run=a&period={period}&{days}"

        assert answer(cleo, asked) == answer(bo, asked), one.key
        # the run need not be named: there is no other
        assert answer(cleo, f"{one.api_url}?period={period}&{days}") == answer(bo, asked)


def test_something_is_shown_to_compare(cleo: Client) -> None:
    found = cleo.get(f"/api/kpi/engagement/completion-rate?{DATES}").json()

    assert any(one["value"] is not None for one in found["series"])


def test_random_queries_never_answer_more_than_the_run(cleo: Client, bo: Client) -> None:
    random = Random(7)  # noqa: S311
    for _ in range(60):
        one = random.choice(WITH_RUNS)
        query = "&".join(
            part
            for part in (
                DATES,
                f"period={random.choice(['week', 'month', 'quarter'])}",
                random.choice(["", "course=py", "run=a"]),
                random.choice(["", "by=course", "by=run", *(["by=module"] * one.has_modules)]),
                random.choice(["", "module=m1"]) if one.has_modules else "",
            )
            if part
        )
        named = query if "run=a" in query else f"{query}&run=a"
        named = named if "course=py" in named else f"{named}&course=py"

        assert answer(cleo, f"{one.api_url}?{query}") == answer(bo, f"{one.api_url}?{named}")


@pytest.mark.parametrize("query", ["run=b", "course=db", "course=db&run=a", "course=py&run=b"])
def test_other_runs_and_courses_do_not_exist(cleo: Client, query: str) -> None:
    assert cleo.get(f"/api/kpi/engagement/completion-rate?{query}").status_code == 400
    assert cleo.get(f"/kpi-dashboard?{query}").status_code == 400
    assert cleo.get(f"/api/kpi/findings?category=engagement&{query}").status_code == 400


def test_kpis_without_runs_are_not_answered(cleo: Client) -> None:
    for one in WITHOUT_RUNS:
        assert cleo.get(one.api_url).status_code == 400, one.key
        assert cleo.get(f"/kpi-dashboard/{one.key}").status_code == 403, one.key


def test_every_page_works_and_shows_only_the_run(cleo: Client, bo: Client) -> None:
    for tab in ("engagement", "outcome", "business"):
        page = cleo.get(f"/kpi-dashboard?tab={tab}&{DATES}")
        assert page.status_code == 200
        assert 'value="b"' not in page.content.decode()
    for one in WITH_RUNS:
        assert cleo.get(f"/kpi-dashboard/{one.key}?{DATES}").status_code == 200, one.key
    for path in ("/", "/alerts", "/curriculum-framework", "/curriculum-parameters", "/experiments",
                 "/curriculum-adjustments", "/api/alerts"):  # fmt: skip
        assert cleo.get(path).status_code in (200, 302), path


def test_the_list_of_courses_has_the_run_only(cleo: Client) -> None:
    [py] = cleo.get("/api/courses").json()["results"]

    assert (py["key"], [one["key"] for one in py["runs"]]) == ("py", ["a"])


def test_drill_downs_are_of_the_run_or_not_answered(cleo: Client, bo: Client) -> None:
    for one in WITH_RUNS:
        for drill in one.drill_downs.values():
            path = f"{one.api_url}/{drill.key}"
            mine = answer(cleo, f"{path}?{DATES}")

            if drill.has_runs:
                assert mine == answer(bo, f"{path}?{DATES}&course=py&run=a"), path
            else:
                assert mine[0] == 400, path


def test_every_drill_down_with_runs_reads_the_rows_of_the_run_only(
    runs: dict[str, CourseRun],
) -> None:
    period = containing(datetime(2026, 3, 1).date(), "quarter", BERLIN)  # noqa: DTZ001
    run = CourseRun.objects.create(pk=987_654, course=runs["py/a"].course, key="nobody")
    for one in WITH_RUNS:
        for drill in one.drill_downs.values():
            if drill.has_runs:
                with CaptureQueriesContext(connection):
                    table = drill.table(period, Scope(frozenset({run.course_id}), run.pk))

                people = sum(row.get("learners") or row.get("n") or 0 for row in table.rows)
                assert people == 0, (one.key, drill.key, table.rows)


def test_whoever_forgets_to_ask_the_reader_gets_no_figure(runs: dict[str, CourseRun]) -> None:
    mine, other = runs["py/a"], runs["py/b"]
    service = KpiQueryService(Reader.of(account("Cleo", runs=(mine,))), timezone.now())
    period = containing(datetime(2026, 3, 1).date(), "month", BERLIN)  # noqa: DTZ001
    py = frozenset({mine.course_id})
    service.metric_values(WITH_RUNS[0], Scope(py, mine.pk), [period])
    for scope in (Scope(), Scope(py), Scope(py, other.pk), Scope(py, module_id=1)):
        with pytest.raises(PermissionDenied):
            service.metric_values(WITH_RUNS[0], scope, [period])
        with pytest.raises(PermissionDenied):
            service.group_values(WITH_RUNS[0], scope, "run", {period: [period]})
        with pytest.raises(PermissionDenied):
            service.group_reader(WITH_RUNS[:1], scope, period)


def test_a_course_and_a_run_of_another_are_both_seen(runs: dict[str, CourseRun]) -> None:
    both = client_of(account("Both", grants=(runs["db/a"].course,), runs=(runs["py/a"],)))
    url = "/api/kpi/engagement/completion-rate"

    assert answer(both, url) == answer(both, f"{url}?course=db")
    assert answer(both, f"{url}?course=py") == answer(both, f"{url}?course=py&run=a")
    assert both.get(f"{url}?course=py&run=b").status_code == 400
    assert both.get(f"{url}?run=b").status_code == 200
    assert both.get("/kpi-dashboard").status_code == 200


def test_a_run_grant_ends_with_its_course_but_not_with_the_run(runs: dict[str, CourseRun]) -> None:
    cleo = account("Cleo", runs=(runs["py/a"],))
    CourseRun.objects.filter(pk=runs["py/a"].pk).update(
        starts_on="2020-01-01", ends_on="2020-02-01"
    )
    assert Reader.of(cleo).reads_kpis
    runs["py/a"].course.delete()

    assert not Reader.of(cleo).reads_kpis


def test_the_weekly_summary_is_about_the_run(runs: dict[str, CourseRun]) -> None:
    cleo = account("Cleo", runs=(runs["py/a"],))

    assert cleo in subscribed_managers()
    assert changes(Reader.of(cleo), datetime(2026, 4, 13, 8, tzinfo=UTC)) is not None


def test_no_page_takes_more_queries_for_a_run(cleo: Client, bo: Client) -> None:
    with CaptureQueriesContext(connection) as of_run:
        cleo.get("/kpi-dashboard")
    with CaptureQueriesContext(connection) as of_course:
        bo.get("/kpi-dashboard?course=py&run=a")

    assert len(of_run) <= len(of_course) + 2
