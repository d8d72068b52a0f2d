from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from statements.models import Pattern
from statements.tests.senders import MemoryStore, activity, statement
from statements.vocabulary import COURSE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_staff_say_what_a_statement_means_on_a_preview(page: Page, live_server: LiveServer) -> None:
    User.objects.create_superuser("ada@example.com", "a long enough one", name="Ada")
    course = activity("https://example.org/course", COURSE)
    MemoryStore().take(
        statement(
            "https://example.org/juggled", activity("https://example.org/balls"), parent=[course]
        )
    )
    errors: list[str] = []
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    page.goto(f"{live_server.url}/sign-in?next=/admin/statements/pattern/?is_mapped__exact=0")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="juggled").click()
    page.get_by_role("link", name="Say what it means").click()
    page.get_by_label("Event kind").select_option("content.viewed")
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("cell", name="example.org/course", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="example.org/balls", exact=True)).to_be_visible()
    # before axe, whose own styles the policy blocks
    assert errors == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert Pattern.objects.unmapped().exists()
