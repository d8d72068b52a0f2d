from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from alerts.tests.alerted import create_alert
from kpis.tests.measured import COMPLETION, course, fed, measured, staff

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_in_july_2026")]

Opens = Callable[..., Page]
PATHS = ["/alerts", "/alerts/{}"]


@pytest.fixture
def opens(browser: Browser, live_server: LiveServer, _in_july_2026: None) -> Iterator[Opens]:
    """Open a page of the one alert as Ada of the staff, in a browser window."""
    python = course("py")
    fed(python)
    for month, done in (("2026-05", 90), ("2026-06", 60)):
        measured(COMPLETION, month, total=done, n=100, of=python)
    alert = create_alert(python, severity="critical")
    client = Client()
    client.force_login(staff())
    session = client.cookies["sessionid"].value

    def open_(path: str, **window: Any) -> Page:
        context = browser.new_context(reduced_motion="reduce", **window)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path.format(alert.pk))
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


def test_the_chart_shades_the_periods_of_the_alert(opens: Opens) -> None:
    page = opens(PATHS[1])
    canvas = page.locator("figure[data-drawn] canvas")

    expect(canvas).to_be_visible()
    spans = canvas.evaluate("it => Chart.getChart(it).options.plugins.span.periods.join()")
    assert spans == "6,6"


def test_without_javascript_forms_work_and_show_errors(
    opens: Opens,
) -> None:
    page = opens(PATHS[1], java_script_enabled=False)

    page.get_by_role("button", name="Close as expected").click()
    expect(page.get_by_role("textbox", name="Reason").last).to_have_accessible_description(
        "Enter a reason for closing the alert."
    )
    page.get_by_role("textbox", name="Reason").last.fill("The exam was moved.")
    page.get_by_role("button", name="Close as expected").click()

    expect(page.get_by_role("status")).to_have_text("Alert closed as expected.")
    assert Alert.objects.get().is_expected


def test_an_alert_is_acknowledged_by_keyboard(opens: Opens) -> None:
    page = opens(PATHS[1])

    page.get_by_label("Note (optional)").focus()
    page.keyboard.type("Ours.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Owner: Ada. Ours.")).to_be_visible()
