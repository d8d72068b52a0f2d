"""The site in a frame of an LMS at another address, in a browser that keeps cookies apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.tests.people import course
from lti.models import UsedNonce
from lti.tests.lms import Lms, the_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def in_the_lms(browser: Browser, live_server: LiveServer, lms: Lms) -> Iterator[Page]:
    """Return a browser's page; the LMS is at 127.0.0.1, and the site at localhost."""
    lms.connected()
    lms.open(Client(), "ines")
    the_context(course=course())
    context = browser.new_context()
    yield context.new_page()
    context.close()


def opened(page: Page, lms: Lms, site: str, subject: str) -> FrameLocator:
    page.goto(f"{lms.url}/course?site={site}{lms.asks(subject)}".replace("&", "%26"))
    return page.frame_locator("iframe")


def test_instructor_and_learner_open_the_site_within_their_course(
    in_the_lms: Page, live_server: LiveServer, lms: Lms
) -> None:
    frame = opened(in_the_lms, lms, live_server.url, "ines")
    expect(frame.locator("h1")).to_be_visible()
    # the next page has the session, too; the frame is as narrow as a phone
    frame.get_by_role("button", name="Menu").click()
    frame.get_by_role("link", name="Alerts").first.click()
    expect(frame.get_by_role("heading", name="Alerts").first).to_be_visible()

    cookies = in_the_lms.context.cookies()
    session = next(one for one in cookies if one["name"] == "sessionid")
    assert session["sameSite"] == "None"
    # at its own address, the browser is not signed in
    alone = in_the_lms.context.new_page()
    alone.goto(f"{live_server.url}/kpi-dashboard")
    assert "/sign-in" in alone.url

    frame = opened(in_the_lms, lms, live_server.url, "leo")
    expect(frame.get_by_role("heading", name="Your progress")).to_be_visible()
    assert UsedNonce.objects.count() == 3


def test_without_cookies_in_frames_it_opens_in_a_window(
    in_the_lms: Page, live_server: LiveServer, lms: Lms
) -> None:
    # as a browser does that keeps no cookies of framed pages
    def forget(route: Route) -> None:
        in_the_lms.context.clear_cookies()
        route.continue_()

    in_the_lms.route("**/lti/launch", forget)
    frame = opened(in_the_lms, lms, live_server.url, "leo")
    link = frame.get_by_role("link", name="Open in a new window")
    expect(link).to_be_visible()
    with in_the_lms.context.expect_page() as window:
        link.click()
    expect(window.value.get_by_role("heading", name="Your progress")).to_be_visible()
