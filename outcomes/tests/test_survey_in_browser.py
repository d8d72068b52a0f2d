from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from outcomes.models import Response, Wave
from outcomes.surveys import links
from outcomes.tests.asking import invited, wave_of
from outcomes.tests.school import school

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Opens = Callable[..., Page]


@pytest.fixture
def opens(browser: Browser, live_server: LiveServer) -> Iterator[Opens]:
    """Open the survey as Ada, whose browser runs no scripts and takes no cookies from us."""
    wave = wave_of(school(), asks_career=True)
    now = timezone.now()
    Wave.objects.update(opens_at=now - timedelta(days=9), closes_at=now + timedelta(days=9))
    link = f"/surveys/{links.token_of(invited('ada', wave).pk)}"

    def open_(**window: Any) -> Page:
        page = browser.new_context(**{"java_script_enabled": False, **window}).new_page()
        page.goto(live_server.url + link)
        return page

    yield open_
    for context in browser.contexts:
        context.close()


def test_a_survey_can_be_answered_with_the_keyboard(opens: Opens) -> None:
    page = opens()
    page.get_by_role("radio", name="0", exact=True).focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("textbox").last.focus()
    page.keyboard.type("Keep the projects.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Thank you for your answer")).to_be_visible()
    stands = Response.objects.get()
    assert (stands.nps, stands.csat, stands.may_quote) == (9, 1, True)


def test_missing_answers_are_marked_and_others_kept(opens: Opens) -> None:
    page = opens()
    page.get_by_label("I was promoted").check()
    page.get_by_role("textbox").last.fill("My own words")
    page.get_by_role("button", name="Send my answer").click()

    expect(page.get_by_text("Enter an approximate date.")).to_be_visible()
    expect(page.get_by_role("textbox").last).to_have_value("My own words")
    expect(page.get_by_label("I was promoted")).to_be_checked()


def test_one_click_dismisses_the_survey(opens: Opens) -> None:
    page = opens()
    page.get_by_role("button", name="I’d rather not answer").click()

    expect(page.get_by_role("heading", name="That’s fine")).to_be_visible()
    page.get_by_role("link", name="answer the survey").click()
    expect(page.get_by_role("button", name="Send my answer")).to_be_visible()


def test_the_page_fits_a_phone(opens: Opens) -> None:
    page = opens(viewport={"width": 320, "height": 640}, java_script_enabled=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("is_sent", [False, True])
def test_the_page_is_accessible(opens: Opens, scheme: str, is_sent: bool) -> None:
    page = opens(color_scheme=scheme, java_script_enabled=True)
    if is_sent:
        page.get_by_role("button", name="Send my answer").click()
    found = Axe().run(page)

    assert [one["id"] for one in found.response["violations"]] == []
