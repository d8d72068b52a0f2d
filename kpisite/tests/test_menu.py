"""A visitor has the same menu on every page, including error pages."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.test import Client

from accounts.models import User
from accounts.tests.people import account, course

pytestmark = pytest.mark.django_db

FIGURES = ["Dashboard", "Alerts", "Curriculum", "Experiments"]
PAGES = {"/r": 200, "/r/none": 404, "/nowhere": 404, "/api/docs": 200, "/alerts": 200}


def visits(user: User | None, path: str, status: int) -> str:
    """Return the header of the page up to the end of its menu."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == status
    html = answer.content.decode()
    header = html[html.index("<header") : html.index("</header>")]
    return header.partition("</nav>")[0]


def links(header: str) -> list[str]:
    return re.findall(r'<a href="[^"]*"[^>]*>(\w[\w ]*)', header)


@pytest.mark.parametrize(("path", "status"), PAGES.items())
def test_staff_and_managers_have_their_menu_on_every_page(path: str, status: int) -> None:
    ada, bo = account("Ada", is_staff=True), account("Bo", grants=(course(),))

    assert [one.strip() for one in links(visits(ada, path, status))] == [*FIGURES, "Admin", "Help"]
    assert [one.strip() for one in links(visits(bo, path, status))] == [*FIGURES, "Help"]


@pytest.mark.parametrize(
    ("path", "status"), [("/my-progress", 200), ("/kpi-dashboard", 403), ("/r", 200)]
)
def test_a_learner_has_links_to_what_is_their_own(path: str, status: int) -> None:
    assert links(visits(account("Cleo"), path, status)) == [
        *("Progress", "Certificates", "Your data", "Help")
    ]


@pytest.mark.parametrize(("path", "status"), [("/sign-in", 200), ("/nowhere", 404)])
def test_strangers_have_no_menu(path: str, status: int) -> None:
    assert links(visits(None, path, status)) == []


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/alerts", '<a href="/alerts" aria-current="page">'),
        ("/kpi-dashboard/engagement.depth", '<a href="/kpi-dashboard" aria-current="true">'),
        ("/curriculum-parameters", '<a href="/curriculum-parameters" aria-current="page">'),
        ("/curriculum-adjustments", '<a href="/curriculum-parameters" aria-current="true">'),
        ("/experiments/power", '<a href="/experiments" aria-current="true">'),
        ("/help/kpis", '<a href="/help" aria-current="true">'),
    ],
)
def test_the_menu_highlights_the_current_page(path: str, marked: str) -> None:
    header = visits(account("Ada", is_staff=True), path, 200)

    assert marked in header
    assert header.count("aria-current") == 1


@pytest.mark.parametrize(("fault", "status"), [(SuspiciousOperation, 400), (KeyError, 500)])
def test_error_pages_keep_the_menu(fault: type[Exception], status: int) -> None:
    with patch("dashboard.views.query_service_of", side_effect=fault):
        header = visits(account("Ada", is_staff=True), "/kpi-dashboard", status)

    assert [one.strip() for one in links(header)] == [*FIGURES, "Admin", "Help"]


def test_an_error_page_is_shown_even_if_the_menu_fails() -> None:
    ada = account("Ada", is_staff=True)
    with patch("accounts.reader.Reader.of", side_effect=DatabaseError):
        assert links(visits(ada, "/kpi-dashboard", 500)) == []
