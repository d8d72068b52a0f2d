from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from experiments.tests.analyzed import analyzed
from experiments.tests.trials import draft
from kpis.tests.kernel import run_of
from kpis.tests.measured import staff

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("few_kpis", "_in_july_2026")]

Opens = Callable[..., Page]
PATHS = [
    "/experiments",
    "/experiments/new",
    "/experiments/power",
    "/experiments/strict-marks",
    "/experiments/a-draft",
    "/experiments/a-draft/edit",
]


@pytest.fixture
def opens(
    browser: Browser, live_server: LiveServer, few_kpis: None, _in_july_2026: None
) -> Iterator[Opens]:
    """Open a page as Ada of the staff; one experiment has results, one is a draft."""
    run = run_of("r1")
    analyzed(run)
    draft("a-draft", courses=[run.course])
    client = Client()
    client.force_login(staff())
    session = client.cookies["sessionid"].value

    def open_(path: str, **window: Any) -> Page:
        context = browser.new_context(reduced_motion="reduce", **window)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    yield open_
    for context in browser.contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_pages_are_accessible(opens: Opens, path: str, scheme: str) -> None:
    found = Axe().run(opens(path, color_scheme=scheme))

    assert [one["id"] for one in found.response["violations"]] == []


@pytest.mark.parametrize("path", PATHS)
def test_pages_fit_a_phone(opens: Opens, path: str) -> None:
    page = opens(path, viewport={"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_draft_is_checked_without_javascript(opens: Opens) -> None:
    page = opens("/experiments/a-draft/edit", java_script_enabled=False)

    page.get_by_role("button", name="Check without saving").click()

    assert page.get_by_role("heading", name="Checklist").is_visible()
