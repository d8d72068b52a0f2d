from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff_page(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """Sign Ada in to a browser that fails on any violation of the policy."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    page.on("console", listen)
    client = Client()
    client.force_login(User.objects.create_superuser("ada@example.com"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    yield page
    assert complaints == []


def test_the_api_reference_works_under_the_strict_policy(
    staff_page: Page, live_server: LiveServer
) -> None:
    staff_page.goto(f"{live_server.url}/api/docs")

    expect(staff_page.locator(".api summary").first).to_be_visible()


@pytest.mark.parametrize("address", ["/admin/", "/admin/curriculum/courserun/add/"])
def test_the_admin_works_under_the_strict_policy(
    staff_page: Page, live_server: LiveServer, address: str
) -> None:
    staff_page.goto(f"{live_server.url}{address}")

    expect(staff_page.locator("#content")).to_be_visible()
