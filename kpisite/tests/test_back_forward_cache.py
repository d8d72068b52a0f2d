"""What a browser needs to show the page before this one at once, and nothing after signing out."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserType, Page
from pytest_django.live_server_helper import LiveServer

from accounts.tests.people import account

PAGE = "/kpi-dashboard"
OTHER = "/alerts"


@pytest.fixture
def ada(client: Client, db: None) -> Client:
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("path", [PAGE, OTHER, "/admin/"])
def test_a_second_page_changes_no_cookie(ada: Client, path: str) -> None:
    ada.get(path)

    assert not ada.get(path).cookies


def test_the_admins_scripts_hear_of_no_unload(ada: Client) -> None:
    html = ada.get("/admin/curriculum/course/add/").content.decode()

    assert html.index("admin_pagehide.js") < html.index("RelatedObjectLookups.js")


def test_a_new_visitor_gets_the_cookie_of_forms(client: Client, db: None) -> None:
    assert client.get("/sign-in").cookies[settings.CSRF_COOKIE_NAME].value


@pytest.mark.parametrize("path", ["/live", PAGE])
def test_a_script_of_a_page_gets_nothing_that_keeps_the_page_out(ada: Client, path: str) -> None:
    policy = ada.get(path, headers={"Live-Read": "yes"}).headers["Cache-Control"]

    assert policy == "private, no-cache"


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_back_restores_a_page_until_its_reader_signs_out(
    live_server: LiveServer, browser_type: BrowserType, browser_type_launch_args: dict[str, object]
) -> None:
    client = Client()
    client.force_login(account("Ada", is_staff=True))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    chromium = browser_type.launch(
        **browser_type_launch_args,  # type: ignore[arg-type]
        # Playwright switches the cache off
        ignore_default_args=["--disable-back-forward-cache"],
    )
    page = chromium.new_page(base_url=live_server.url)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]

    # the first page sets the cookies
    page.goto(OTHER)
    leave_and_return(page)
    assert page.evaluate("window.isSamePage")

    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.go_back(wait_until="commit")
    page.wait_for_url("**/sign-in?next=**")
    assert not page.evaluate("window.isSamePage")
    chromium.close()


def leave_and_return(page: Page) -> None:
    with page.expect_response("**/live?**"):
        page.goto(PAGE)
    page.evaluate("window.isSamePage = true")
    page.goto(OTHER)
    page.go_back(wait_until="commit")
    # a restored page does not load, so there is nothing else to wait for
    page.wait_for_function("path => location.pathname === path", arg=PAGE)
