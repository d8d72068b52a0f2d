from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Session
from curriculum.models import Course, Module
from dashboard.live import topics, versions
from kpis.models import Measurement
from kpis.tests.measured import COMPLETION, SCORES, VIDEO, course, fed, measured, staff

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_in_july_2026")]

Opens = Callable[..., Page]
MONTHS = ("2026-03", "2026-04", "2026-05", "2026-06", "2026-07")


@pytest.fixture
def opens(browser: Browser, live_server: LiveServer, _in_july_2026: None) -> Iterator[Opens]:
    """Open a page as a staff member and wait until live updates are on."""
    _one_course()
    client = Client()
    client.force_login(staff())
    session = client.cookies["sessionid"].value
    context = browser.new_context(viewport={"width": 1100, "height": 700}, reduced_motion="reduce")
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])

    def open_(path: str = "/kpi-dashboard") -> Page:
        page = context.new_page()
        page.goto(live_server.url + path)
        expect(page.locator("[data-live]")).to_be_visible()
        return page

    yield open_
    context.close()


def _one_course() -> None:
    python = course("py", "loops", "tests")
    fed(python)
    for month in MONTHS:
        for kpi in (COMPLETION, SCORES, VIDEO):
            measured(kpi, month, total=160, n=200)
    for module in Module.objects.all():
        measured(SCORES, "2026-06", total=70, n=100, of=module)


def change_june(kpi: str = COMPLETION, *, to: int = 180) -> None:
    """Change the June value to `to` of 200 and publish the change."""
    june = Measurement.objects.filter(kpi=kpi, scope="site", period_start="2026-06-01")
    june.update(total=to)
    versions.publish_change(topics.topics_of_change("engagement.month"))


def value(page: Page) -> Any:
    return page.get_by_role("article", name="Completion rate").locator(".value")


def test_a_changed_value_appears_without_reloading_the_page(opens: Opens) -> None:
    page = opens()
    page.evaluate("window.isTheSame = true")
    change_june(to=180)

    # 180 of 200
    expect(value(page)).to_have_text("90.0%")
    expect(page.get_by_role("status").first).to_contain_text("Updated at ")
    assert page.evaluate("window.isTheSame")


def test_table_and_chart_change_together(opens: Opens) -> None:
    page = opens()
    change_june(to=180)

    expect(page.locator("tr", has_text="June 2026").first).to_contain_text("90.0%")
    line = "Chart.getChart(document.querySelector('canvas')).data.datasets[0].data"
    assert 90 in page.evaluate(line)


def test_focus_scroll_position_and_open_details_are_kept(opens: Opens) -> None:
    page = opens()
    definition = page.get_by_role("article", name="Completion rate").locator("details")
    definition.locator("summary").click()
    page.get_by_label("Course", exact=True).focus()
    chart = page.get_by_role("img", name="Line chart")
    chart.scroll_into_view_if_needed()
    at = chart.bounding_box()
    change_june(to=180)
    expect(value(page)).to_have_text("90.0%")

    assert definition.evaluate("one => one.open")
    expect(page.get_by_label("Course", exact=True)).to_be_focused()
    assert at
    assert chart.bounding_box() == pytest.approx(at, abs=1)


def test_a_selection_in_a_changed_text_is_kept(opens: Opens) -> None:
    page = opens()
    value(page).evaluate(
        "one => getSelection().setBaseAndExtent(one.firstChild, 0, one.firstChild, 4)"
    )
    change_june(to=180)
    expect(value(page)).to_have_text("90.0%")

    assert page.evaluate("String(getSelection())") == "90.0"


def test_the_tooltip_of_a_chart_stays_open(opens: Opens) -> None:
    page = opens(f"/kpi-dashboard/{COMPLETION}")
    page.locator("canvas").hover()
    tooltip = "Chart.getChart(document.querySelector('canvas')).tooltip"
    before = page.evaluate(f"{tooltip}.getActiveElements().map(one => one.index)")
    for month in MONTHS:
        Measurement.objects.filter(kpi=COMPLETION, period_start=f"{month}-01").update(total=180)
    change_june(to=180)
    expect(page.locator(".value").first).to_have_text("90.0%")

    assert before
    assert page.evaluate(f"{tooltip}.getActiveElements().map(one => one.index)") == before
    assert page.evaluate(f"{tooltip}.opacity") > 0


def test_a_hidden_line_stays_hidden(opens: Opens) -> None:
    page = opens()
    chart = "Chart.getChart(document.querySelector('canvas'))"
    page.evaluate(f"{chart}.hide(0)")
    change_june(to=180)
    expect(value(page)).to_have_text("90.0%")

    assert not page.evaluate(f"{chart}.isDatasetVisible(0)")


def test_a_new_row_does_not_move_the_row_under_the_pointer(opens: Opens) -> None:
    page = opens()
    tests = page.get_by_role("row", name="Tests").first
    tests.hover()
    tests.evaluate("one => { one.isTheSame = true }")
    at = tests.bounding_box()
    python = Course.objects.get()
    Module.objects.filter(key="tests").update(position=3)
    made = Module.objects.create(course=python, key="asserts", title="Asserts", position=2)
    measured(SCORES, "2026-06", total=7, n=9, of=made)
    change_june(to=180)
    expect(page.get_by_role("row", name="Asserts").first).to_be_attached()

    assert tests.evaluate("one => one.isTheSame")
    assert at
    assert tests.bounding_box() == pytest.approx(at, abs=1)


def test_new_content_above_the_view_does_not_scroll_it(opens: Opens) -> None:
    page = opens()
    row = page.get_by_role("row", name="Tests").first
    # as if the server had more to show than before
    page.evaluate("document.querySelector('form.filters').remove()")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    at = row.bounding_box()
    change_june(to=180)
    expect(page.locator("form.filters")).to_be_attached()

    assert at
    assert row.bounding_box() == pytest.approx(at, abs=1)


def test_a_paused_page_does_not_change_until_resumed(opens: Opens) -> None:
    page = opens()
    pause = page.get_by_role("button", name="Pause live updates")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    change_june(to=180)
    page.wait_for_timeout(1_500)
    expect(value(page)).to_have_text("80.0%")
    page.reload()
    expect(value(page)).to_have_text("90.0%")
    expect(pause).to_have_attribute("aria-pressed", "true")
    change_june(to=100)
    pause.click()

    expect(value(page)).to_have_text("50.0%")


def test_a_hidden_page_stops_polling_and_updates_when_visible(opens: Opens) -> None:
    page = opens()
    _set_hidden(page, hidden=True)
    requested: list[str] = []
    page.wait_for_timeout(500)
    page.on("request", lambda request: requested.append(request.url))
    change_june(to=180)
    page.wait_for_timeout(1_500)
    assert requested == []
    _set_hidden(page, hidden=False)

    expect(value(page)).to_have_text("90.0%")


def _set_hidden(page: Page, *, hidden: bool) -> None:
    """Pretend that the tab is hidden: a headless browser cannot hide it."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_updates_are_announced_at_most_every_ten_seconds(opens: Opens) -> None:
    page = opens()
    page.evaluate(
        """() => {
            window.announcements = 0;
            new MutationObserver(() => { window.announcements += 1; })
                .observe(document.querySelector("[data-live] [role=status]"), { childList: true });
        }"""
    )
    for total in (180, 170, 150):
        change_june(to=total)
        expect(value(page)).to_have_text(f"{total / 2:.1f}%")

    assert page.evaluate("window.announcements") == 1


def test_a_signed_out_reader_is_notified(opens: Opens) -> None:
    page = opens()
    Session.objects.all().delete()
    change_june(to=180)

    expect(page.get_by_role("status").first).to_contain_text("You are signed out")
    expect(value(page)).to_have_text("80.0%")


def test_a_page_reconnects_after_an_outage(opens: Opens) -> None:
    page = opens()
    page.route("**/live?*", lambda route: route.abort())
    expect(page.get_by_role("status").first).to_contain_text("No connection", timeout=15_000)
    change_june(to=180)
    page.unroute("**/live?*")

    expect(value(page)).to_have_text("90.0%", timeout=15_000)
    assert page.locator(".notice").count() == 0


def test_an_updated_page_is_accessible(opens: Opens) -> None:
    page = opens()
    change_june(to=180)
    expect(value(page)).to_have_text("90.0%")

    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
