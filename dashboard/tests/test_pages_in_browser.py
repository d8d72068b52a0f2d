from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from curriculum.models import Module
from kpis.tests.measured import COMPLETION, SCORES, VIDEO, course, fed, measured, staff

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_in_july_2026")]

Opens = Callable[..., Page]
PAGES = ["/kpi-dashboard", "/kpi-dashboard?tab=outcome", f"/kpi-dashboard/{COMPLETION}"]
HAS_PIXELS = """canvas => canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.some(part => part > 0)"""

# the width of A4 paper between its margins, in CSS pixels
PAPER_WIDTH = 680
ENROLLMENT = "business.enrollment"
RECORD_PRINT_WIDTH = """addEventListener("beforeprint", () => {
    printed = document.querySelector("canvas").style.width;
})"""
AXIS_MINIMUM = "canvas => Chart.getChart(canvas).scales.y.min"
RIGHT_EDGES = "all => all.map(one => one.getBoundingClientRect().right)"


@pytest.fixture
def console_messages() -> list[str]:
    """The console messages of the opened pages."""
    return []


@pytest.fixture
def opens(
    browser: Browser, live_server: LiveServer, _in_july_2026: None, console_messages: list[str]
) -> Iterator[Opens]:
    """Open a page as a staff member, with two measured courses."""
    _two_courses()
    client = Client()
    client.force_login(staff())
    session = client.cookies["sessionid"].value

    def open_(path: str, **window: Any) -> Page:
        context = browser.new_context(**window)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: console_messages.append(message.text))
        page.on("pageerror", lambda error: console_messages.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_
    for context in browser.contexts:
        context.close()


def _two_courses() -> None:
    python, ruby = course("py", "loops", "tests"), course("rb", "blocks")
    fed(python, ruby)
    for month in ("2026-03", "2026-04", "2026-05", "2026-06", "2026-07"):
        for kpi in (COMPLETION, SCORES, VIDEO):
            measured(kpi, month, total=160, n=200)
            measured(kpi, month, total=90, n=100, of=python)
    for module in Module.objects.all():
        measured(SCORES, "2026-06", total=7, n=9, of=module)


@pytest.mark.parametrize("path", [PAGES[0], PAGES[2]])
def test_the_chart_is_drawn_over_its_table(opens: Opens, path: str) -> None:
    page = opens(path)
    canvas = page.locator("figure[data-drawn] canvas")

    expect(canvas).to_be_visible()
    expect(page.get_by_role("img", name="Line chart of 13 periods")).to_be_visible()
    assert canvas.evaluate(HAS_PIXELS)


def test_the_axis_of_a_count_does_not_go_below_zero(opens: Opens) -> None:
    measured(ENROLLMENT, "2025-05", total=20, n=20)
    for month in ("2026-04", "2026-05", "2026-06"):
        measured(ENROLLMENT, month, total=0, n=0)
    page = opens(f"/kpi-dashboard/{ENROLLMENT}")

    assert page.locator("figure[data-drawn] canvas").evaluate(AXIS_MINIMUM) == 0


@pytest.mark.parametrize("path", [PAGES[0], PAGES[2]])
def test_printed_charts_fit_the_paper(opens: Opens, path: str) -> None:
    page = opens(path, viewport={"width": 1440, "height": 900})
    page.locator("figure[data-drawn]").first.wait_for()

    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_WIDTH, "height": 900})

    widths = page.locator("figure canvas").evaluate_all(RIGHT_EDGES)
    assert widths
    assert max(widths) <= PAPER_WIDTH


def test_a_chart_gets_the_width_of_the_paper_only_for_printing(opens: Opens) -> None:
    page = opens(PAGES[0], viewport={"width": 1440, "height": 900}, color_scheme="dark")
    canvas = page.locator("figure[data-drawn] canvas")
    on_screen = canvas.evaluate("canvas => canvas.clientWidth")
    page.evaluate(RECORD_PRINT_WIDTH)

    page.pdf()

    assert page.evaluate("printed") == f"{PAPER_WIDTH}px"
    assert canvas.evaluate("canvas => canvas.clientWidth") == on_screen > PAPER_WIDTH


@pytest.mark.parametrize("path", PAGES)
def test_pages_write_nothing_to_the_console(
    opens: Opens, console_messages: list[str], path: str
) -> None:
    # open pages keep polling: the network is never idle
    opens(path).wait_for_load_state("load")

    assert console_messages == []


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways_on_a_phone(opens: Opens, path: str, locale: str) -> None:
    page = opens(path, viewport={"width": 360, "height": 740}, locale=locale)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_pages_show_numbers_and_tables_without_scripts(opens: Opens) -> None:
    page = opens(PAGES[0], java_script_enabled=False)

    expect(page.get_by_role("article", name="Completion rate")).to_contain_text("80.0%")
    expect(page.get_by_role("row", name="June 2026")).to_be_visible()
    expect(page.locator("figure[data-chart]")).to_be_hidden()


def test_filters_work_without_scripts(opens: Opens) -> None:
    page = opens(PAGES[0], java_script_enabled=False)

    page.get_by_label("Course", exact=True).select_option("py")
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_role("article", name="Completion rate")).to_contain_text("90.0%")


def test_choosing_a_course_loads_its_modules_but_not_the_page(opens: Opens) -> None:
    page = opens(PAGES[0])
    address = page.url

    page.get_by_label("Course", exact=True).select_option("py")

    module = page.get_by_label("Module", exact=True)
    expect(module).to_be_enabled()
    expect(module.locator("option")).to_have_text(["All modules", "Loops", "Tests"])
    assert page.url == address

    page.get_by_role("button", name="Apply").click()

    expect(page).to_have_url(re.compile("period=month&course=py$"))


def test_courses_can_be_browsed_by_keyboard(opens: Opens) -> None:
    page = opens(PAGES[0])
    courses = page.get_by_label("Course", exact=True)
    courses.focus()

    for _ in range(2):
        page.keyboard.press("ArrowDown")

    expect(courses).to_have_value("rb")
    expect(page.get_by_label("Module", exact=True).locator("option")).to_have_text(
        ["All modules", "Blocks"]
    )
    expect(courses).to_be_focused()


def test_the_first_tab_stop_skips_the_header(opens: Opens) -> None:
    page = opens(PAGES[0])

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#content")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_are_accessible(opens: Opens, path: str, scheme: str) -> None:
    page = opens(path, color_scheme=scheme, reduced_motion="reduce")

    result = Axe().run(page)

    assert [one["id"] for one in result.response["violations"]] == []
