from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from intake.models import Event
from intake.tests.csv_files import HEADER, view, written
from intake.tests.lms import school

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def complaints(page: Page, live_server: LiveServer) -> list[str]:
    """Sign a superuser in; collect the errors and warnings of the browser."""
    school()
    User.objects.create_superuser("ada@example.com", "a long enough one", name="Ada")
    messages: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            messages.append(f"{page.url}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: messages.append(f"{page.url}: {error}"))
    page.goto(f"{live_server.url}/sign-in?next=/admin/intake/event/")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("button", name="Sign in").click()
    return messages


def show(page: Page, path: Path) -> None:
    page.get_by_label("Kind").select_option("content.viewed")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Preview import").click()


def test_staff_import_a_file_in_the_admin(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    page.get_by_role("link", name="Import CSV").click()
    show(page, written(tmp_path, HEADER, view("e1"), view("e2", "cleo")))
    expect(page.get_by_text("2 rows read: 1 new, 0 already stored, 1 rejected.")).to_be_visible()
    expect(page.get_by_role("button", name="Import 1 row")).to_have_count(0)

    page.get_by_label("Skip invalid rows").check()
    show(page, tmp_path / "events.csv")
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.locator(".messagelist .success")).to_have_text(
        "2 rows read: 1 new, 0 already stored, 1 rejected."
    )

    assert Event.objects.filter(kind="content.viewed").count() == 1
    assert complaints == []


def test_a_downloaded_template_can_be_filled_in_and_imported(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    page.get_by_role("link", name="Import CSV").click()
    with page.expect_download() as download:
        page.get_by_label("Template for content.viewed").click()
    template = tmp_path / "template.csv"
    download.value.save_as(template)
    filled = template.read_text().replace("2026-spring", "r1")
    template.write_text(filled)
    show(page, template)
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    assert Event.objects.get(kind="content.viewed").key == "example-1"
    assert complaints == []
