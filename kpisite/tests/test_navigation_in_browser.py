"""What scripts and the keyboard add to the header: the theme, the search and the menu."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from kpis.tests.measured import COMPLETION, course, fed, measured

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_in_july_2026")]

GROUND = "getComputedStyle(document.body).getPropertyValue('--ground')"
DARK = "#0e1218"
HEADER_HEIGHT = "document.querySelector('header.site').offsetHeight"
TREE = """
- banner:
  - link "Learning KPIs"
  - navigation "Main menu"
- main:
  - heading "KPI dashboard" [level=1]
  - navigation "Categories"
  - region "KPIs":
    - article "Completion rate"
"""


@pytest.fixture
def ada(page: Page, live_server: LiveServer) -> Page:
    fed(course("py", "loops"))
    measured(COMPLETION, "2026-06", total=160, n=200)
    client = Client()
    client.force_login(User.objects.create_superuser("ada@example.com", name="Ada"))
    value = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": value, "url": live_server.url}])
    page.goto(f"{live_server.url}/kpi-dashboard")
    return page


def test_a_theme_is_remembered_on_the_site_and_in_the_admin(
    ada: Page, live_server: LiveServer
) -> None:
    ada.get_by_role("button", name="Dark").click()
    assert ada.evaluate(GROUND) == DARK

    ada.goto(f"{live_server.url}/admin/")
    assert ada.evaluate(GROUND) == DARK
    expect(ada.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")

    ada.get_by_role("button", name="Light").click()
    assert ada.evaluate(GROUND) != DARK


def test_search_opens_suggests_and_leads_by_keyboard(ada: Page) -> None:
    ada.keyboard.press("/")
    ada.keyboard.type("completion ra")
    ada.get_by_role("dialog").get_by_role("link", name="Completion rate").first.wait_for()
    ada.keyboard.press("ArrowDown")
    ada.keyboard.press("Enter")

    expect(ada.get_by_role("heading", name="Completion rate", level=1)).to_be_visible()

    ada.keyboard.press("Control+k")
    expect(ada.get_by_role("dialog").get_by_role("searchbox")).to_be_focused()
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("dialog")).to_have_count(0)


def test_the_header_is_one_row_and_its_menu_opens_by_keyboard_on_a_phone(ada: Page) -> None:
    for width in (1280, 390):
        ada.set_viewport_size({"width": width, "height": 800})
        assert ada.evaluate(HEADER_HEIGHT) < 60

    alerts = ada.get_by_role("navigation", name="Main menu").get_by_role("link", name="Alerts")
    expect(alerts).to_be_hidden()
    ada.get_by_role("button", name="Menu").press("Enter")
    expect(alerts).to_be_visible()
    ada.keyboard.press("Escape")
    expect(alerts).to_be_hidden()


def test_the_tab_key_walks_from_the_skip_link_through_the_menu(ada: Page) -> None:
    walked = []
    for _ in range(4):
        ada.keyboard.press("Tab")
        walked.append(ada.evaluate("document.activeElement.textContent.trim()"))

    assert walked == ["Skip to content", "Learning KPIs", "Dashboard", "Alerts"]


def test_a_screen_reader_hears_the_dashboard_in_order(ada: Page) -> None:
    expect(ada.locator("body")).to_match_aria_snapshot(TREE)


def test_the_wall_goes_on_until_it_is_paused(ada: Page, live_server: LiveServer) -> None:
    ada.goto(f"{live_server.url}/kpi-wall?seconds=5")
    heading = ada.get_by_role("heading", level=1)
    expect(heading).to_have_text("Engagement & Learning")
    expect(heading).to_have_text("Outcome & Impact")

    ada.get_by_role("button", name="Pause", exact=True).click()
    expect(ada.get_by_role("button", name="Continue")).to_be_visible()
