"""Password links in a real browser, which may or may not send the origin of a form."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.sign_in import password_links
from accounts.tests.people import account, course

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW = "a-longer-walk-home"


def sign_in(page: Page, site: str, password: str) -> None:
    page.goto(f"{site}/sign-in")
    page.locator("[name=username]").fill("ada@example.com")
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_link_from_an_e_mail_sets_a_new_password(
    page: Page, live_server: LiveServer, settings: Settings
) -> None:
    settings.KPI_BASE_URL = live_server.url
    page.goto(password_links.link_of(account("Ada", grants=(course(),))))
    for field in ("new_password1", "new_password2"):
        page.locator(f"[name={field}]").fill(NEW)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("status")).to_have_text("Your new password is set. Sign in with it.")
    sign_in(page, live_server.url, NEW)

    expect(page).to_have_url(f"{live_server.url}/kpi-dashboard")
