"""Staff approve in the admin what a rule proposes, and keep it when its effect is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from improvement.models import Adjustment
from kpisite.tests.school_year import (
    BETTER,
    MEASURED_ON,
    Year,
    measured_effect,
    proposal,
    school_year,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATH = "/admin/improvement/adjustment/"


@pytest.fixture
def year(transactional_db: None) -> Iterator[Year]:
    """Live until the alert about April is answered."""
    with school_year(BETTER) as made:
        made.closes(3)
        made.closes(4)
        yield made


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url)
    yield context.new_page()
    context.close()


def sign_in(page: Page, url: str) -> None:
    """Sign in Ada of the staff; two months later, she has to do so again."""
    ada = User.objects.filter(email="ada@example.com").first()
    client = Client()
    client.force_login(ada or User.objects.create_superuser("ada@example.com", name="Ada"))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": url}])


def choose(page: Page, action: str) -> None:
    """Choose the only adjustment of the list and an action for it."""
    page.goto(PATH)
    page.locator("#result_list .action-select").check()
    page.get_by_label("Action:").select_option(label=action)
    page.get_by_role("button", name="Go").click()


def decide(page: Page, reason: str, button: str) -> None:
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_staff_approve_the_proposal_and_keep_what_has_helped(
    year: Year, page: Page, live_server: LiveServer
) -> None:
    sign_in(page, live_server.url)
    choose(page, "Approve the selected adjustments")
    decide(page, "Let us try it.", "Approve")
    made = proposal()
    assert (made.status, str(made.decided_by)) == (Adjustment.Status.WATCHED, "Ada")
    assert made.decision_reason == "Let us try it."

    (heard,) = year.delivers()
    assert (heard["course"], heard["module"], heard["new"]["value"]) == ("py", "m2", 20)
    assert year.platform.reads() == 304
    assert (year.platform.items, year.platform.statuses) == (20, [200, 304])

    year.cycles_on(MEASURED_ON)
    assert measured_effect().outcome == "improved"
    sign_in(page, live_server.url)
    page.goto(f"{PATH}{made.pk}/change/")
    expect(page.locator(".field-effect_sentence")).to_contain_text(
        "The change improved Assessment performance by"
    )
    page.get_by_role("link", name="Keep", exact=True).click()
    decide(page, "It helps.", "Keep")
    assert proposal().status == Adjustment.Status.KEPT
    assert year.delivers() == []
