from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from curriculum.models import User

pytestmark = pytest.mark.browser


def sign_in(page: Page, live_server: LiveServer) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ada@example.com"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )


@pytest.mark.django_db(transaction=True)
def test_the_reference_is_drawn_under_the_strict_policy(
    page: Page, live_server: LiveServer
) -> None:
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", listen)
    sign_in(page, live_server)

    page.goto(f"{live_server.url}/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()

    assert complaints == []
