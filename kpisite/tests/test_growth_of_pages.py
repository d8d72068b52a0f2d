"""Pages and the API need as many queries for many courses and a long history as for few."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.dashboard import MODULES_SHOWN
from insights.report import SHOWN
from kpis.tests.measured import COMPLETION, SCORES, VIDEO, course, fed, measured, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

KPIS = (COMPLETION, SCORES, VIDEO)
PATHS = [
    "/kpi-dashboard",
    f"/kpi-dashboard/{COMPLETION}",
    "/api/kpi/findings",
    "/api/kpi/engagement/completion-rate",
    "/api/kpi/engagement/completion-rate?by=course",
    "/api/kpi/engagement/assessment-performance?by=module",
]


def grow(first: int, last: int, *, since: int = 2026, modules: int = 4) -> None:
    """Add courses, each with modules that do worse than the course."""
    months = [
        f"{year}-{month:02}"
        for year in range(since, 2027)
        for month in range(1, 13)
        if date(year, month, 1) < date(2026, 7, 1)
    ]
    for number in range(first, last):
        made = course(f"c{number:02}", *(f"m{at}" for at in range(modules)))
        fed(made)
        for kpi in KPIS:
            for month in months:
                measured(kpi, month, 80, 100, of=made)
            for module in made.modules.all():
                measured(kpi, "2026-06", 10, 100, of=module)


def queries_of(client: Client) -> dict[str, int]:
    found = {}
    for path in PATHS:
        assert client.get(path).status_code == 200, path
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        found[path] = len(queries)
    return found


@pytest.fixture
def ada(client: Client) -> Client:
    for kpi in KPIS:
        measured(kpi, "2026-06", 80, 100)
    client.force_login(staff())
    return client


def test_more_courses_need_no_more_queries(ada: Client) -> None:
    grow(0, 3)
    before = queries_of(ada)
    grow(3, 20)

    assert queries_of(ada) == before


def test_a_longer_history_needs_no_more_queries(ada: Client) -> None:
    grow(0, 3)
    before = queries_of(ada)
    grow(3, 4, since=2018)

    assert queries_of(ada) == before


def test_a_page_lists_some_findings_and_modules_and_links_to_all_of_them(ada: Client) -> None:
    grow(0, 15)
    page = ada.get("/kpi-dashboard").content.decode()
    everything = ada.get("/kpi-dashboard?show=all").content.decode()

    assert page.count("data-finding") == SHOWN
    assert page.count('<tr class="course">') == MODULES_SHOWN // 4
    assert 'href="?tab=engagement&amp;show=all#modules">Show all 60 modules' in page
    assert 'href="?tab=engagement&amp;show=all#findings">Show all' in page
    assert everything.count("data-finding") > 100
    assert everything.count('<tr class="course">') == 15
    assert "Show all" not in everything
