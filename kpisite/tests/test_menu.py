"""The menu: the same on every page of a visitor, whatever the page has to say."""

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

FIGURES = ["Dashboard", "Alerts", "API"]
PAGES = {"/r": 200, "/r/none": 404, "/nowhere": 404, "/api/docs": 200, "/alerts": 200}


def visits(user: User | None, path: str, status: int) -> str:
    """The header of the page."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == status
    html = answer.content.decode()
    return html[html.index("<header") : html.index("</header>")]


def links(header: str) -> list[str]:
    return re.findall(r'<a href="[^"]*"[^>]*>(\w[\w ]*)', header)


@pytest.mark.parametrize(("path", "status"), PAGES.items())
def test_staff_and_managers_have_their_menu_everywhere(path: str, status: int) -> None:
    ada, bo = account("Ada", is_staff=True), account("Bo", grants=(course(),))

    assert [one.strip() for one in links(visits(ada, path, status))] == [*FIGURES, "Admin"]
    assert [one.strip() for one in links(visits(bo, path, status))] == FIGURES


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/kpi-dashboard", 403), ("/r", 200)])
def test_a_learner_finds_courses_and_link(path: str, status: int) -> None:
    assert links(visits(account("Cleo"), path, status)) == ["Courses", "Referral link"]


@pytest.mark.parametrize(("path", "status"), [("/sign-in", 200), ("/nowhere", 404)])
def test_a_stranger_has_no_menu(path: str, status: int) -> None:
    assert links(visits(None, path, status)) == []


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/alerts", '<a href="/alerts" aria-current="page">'),
        ("/kpi-dashboard/engagement.depth", '<a href="/kpi-dashboard" aria-current="true">'),
        ("/api/docs", '<a href="/api/docs" aria-current="page">'),
    ],
)
def test_the_menu_marks_where_one_is(path: str, marked: str) -> None:
    header = visits(account("Ada", is_staff=True), path, 200)

    assert marked in header
    assert header.count("aria-current") == 1


@pytest.mark.parametrize(("fault", "status"), [(SuspiciousOperation, 400), (KeyError, 500)])
def test_what_fails_keeps_the_menu(fault: type[Exception], status: int) -> None:
    with patch("dashboard.views.query_service_of", side_effect=fault):
        header = visits(account("Ada", is_staff=True), "/kpi-dashboard", status)

    assert [one.strip() for one in links(header)] == [*FIGURES, "Admin"]


def test_a_failure_has_its_page_also_where_the_menu_cannot_be_made() -> None:
    ada = account("Ada", is_staff=True)
    with patch("accounts.access.Reader.of", side_effect=DatabaseError):
        assert links(visits(ada, "/kpi-dashboard", 500)) == []
