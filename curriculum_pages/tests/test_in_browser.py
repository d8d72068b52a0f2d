from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from curriculum import parameters
from curriculum.models import Parameter
from curriculum_pages.tests.adjusted import proposed
from improvement.models import Adjustment
from kpis.tests.measured import course, staff

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_in_july_2026")]

Opens = Callable[..., Page]
PASS_MARK = "module.pass-mark"
ONE = f"/curriculum-parameters/{PASS_MARK}?course=py"
PATHS = [
    "/curriculum-parameters",
    ONE,
    "/curriculum-parameters/add",
    "/curriculum-adjustments",
    "/curriculum-adjustments/{}",
]


@pytest.fixture
def opens(browser: Browser, live_server: LiveServer, _in_july_2026: None) -> Iterator[Opens]:
    """Open a page as Ada of the staff; a course has a pass mark of its own, and a proposal."""
    ada, row = staff(), parameters.parameter_for(PASS_MARK, course=course("py", "lists"))
    parameters.set_value(row, Decimal("0.7"), reason="The certificate asks for it.", by=ada)
    adjustment = proposed(row.course)
    client = Client()
    client.force_login(ada)
    session = client.cookies["sessionid"].value

    def open_(path: str, **window: Any) -> Page:
        context = browser.new_context(reduced_motion="reduce", **window)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path.format(adjustment.pk))
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


def test_without_javascript_a_value_is_set_and_a_mistake_is_explained(opens: Opens) -> None:
    page = opens(ONE, java_script_enabled=False)

    form = page.get_by_role("form", name="Set a value")

    form.get_by_role("textbox", name="Value").fill("82%")
    form.get_by_label("Reason").fill("Too easy.")
    form.get_by_role("button", name="Set the value").click()
    field = form.get_by_role("textbox", name="Value")
    expect(field).to_have_accessible_description(
        re.compile("Pass mark changes in steps of 5%: 80% or 85%, not 82%.")
    )
    field.fill("80%")
    form.get_by_role("button", name="Set the value").click()

    expect(page.get_by_role("status")).to_have_text("The value was changed.")
    assert Parameter.objects.get(key=PASS_MARK, course__key="py").value == Decimal("0.8")


def test_a_change_is_reverted_by_keyboard(opens: Opens) -> None:
    page = opens(ONE)

    page.get_by_text("Revert", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("It was a mistake.")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_have_text("The change was reverted.")


def test_without_javascript_an_adjustment_is_approved_on_the_timeline(opens: Opens) -> None:
    page = opens("/curriculum-adjustments", java_script_enabled=False)

    page.get_by_text("Decide", exact=True).click()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Enter a reason for rejecting.")).to_be_visible()
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("status")).to_have_text("Adjustment approved.")
    assert Adjustment.objects.get().decided_by_id


def test_forms_are_not_printed(opens: Opens) -> None:
    page = opens(ONE)
    page.emulate_media(media="print")

    expect(page.get_by_role("button", name="Set the value")).to_be_hidden()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
