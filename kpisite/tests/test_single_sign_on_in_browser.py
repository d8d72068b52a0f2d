"""Single sign-on and the second factor in a real browser, with a real provider."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.sign_in import second_factor, second_factor_links
from accounts.tests.identity_provider import running_provider
from accounts.tests.people import account, course

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # of the provider's own code
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()


def test_the_provider_signs_in_and_out(
    page: Page, live_server: LiveServer, settings: Settings
) -> None:
    account("Ada", grants=(course(),))
    with running_provider() as provider:
        settings.KPI_OIDC_ISSUER, settings.KPI_OIDC_NAME = provider.url, "Academy login"
        settings.KPI_OIDC_CLIENT_ID, settings.KPI_OIDC_CLIENT_SECRET = "kpi", "a client secret"
        provider.knows("ada-1", email="ada@example.com", email_verified=True)
        page.goto(f"{live_server.url}/sign-in?next=/alerts")
        assert_accessible(page)
        page.get_by_role("link", name="Sign in with Academy login").click()
        page.locator("[name=sub]").fill("ada-1")
        page.locator("button", has_text="Authorize").click()
        expect(page).to_have_url(f"{live_server.url}/alerts")
        page.get_by_role("button", name="Account").click()
        page.get_by_role("button", name="Sign out").click()
        assert_accessible(page)
        page.get_by_role("link", name="Sign out at Academy login").click()

        assert page.url.startswith(f"{provider.url}/oauth2/end_session")


@pytest.mark.parametrize("door", ["/sign-in?next=/admin/", "/admin/login/?next=/admin/"])
def test_staff_set_up_the_second_factor_that_is_required(
    page: Page, live_server: LiveServer, door: str
) -> None:
    ada = account("Ada", is_staff=True, is_superuser=True)
    with override_settings(KPI_STAFF_SECOND_FACTOR="REQUIRED"):
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(live_server.url + door)
        page.locator("[name=username]").fill("ada@example.com")
        page.locator("[name=password]").fill("secret")
        page.locator("[name=password]").press("Enter")
        expect(page.get_by_role("button", name="Send the link")).to_be_visible()
        assert_accessible(page)
        page.goto(live_server.url + urlsplit(second_factor_links.link_of(ada)).path)
        expect(page.get_by_role("heading", level=1)).to_have_text("Set up a second factor")
        assert_accessible(page)
        drawn = page.locator("img.qr-code").evaluate("image => image.naturalWidth")
        device = TOTPDevice.objects.get(user=ada)
        page.locator("[name=code]").fill(f"{totp(device.bin_key):06}")
        page.get_by_role("button", name="Turn on").click()
        expect(page.locator(".codes li")).to_have_count(second_factor.RECOVERY_CODES)
        assert_accessible(page)
        page.get_by_role("link", name="I have saved them").click()

        expect(page).to_have_url(f"{live_server.url}/admin/")
        assert drawn > 100
