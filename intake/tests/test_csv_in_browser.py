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
    """Sign a superuser in by the form; what the browser complains of is added here."""
    school()
    User.objects.create_superuser("ada@example.com", "a long enough one", name="Ada")
    told: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            told.append(f"{page.url}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: told.append(f"{page.url}: {error}"))
    page.goto(f"{live_server.url}/sign-in?next=/admin/intake/event/")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("button", name="Sign in").click()
    return told


def show(page: Page, path: Path) -> None:
    page.get_by_label("Kind").select_option("content.viewed")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Show what would come").click()


def test_staff_take_a_file_in_by_the_admin(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    page.get_by_role("link", name="Import CSV").click()
    show(page, written(tmp_path, HEADER, view("e1"), view("e2", "cleo")))
    expect(page.get_by_text("2 rows read: 1 new, 0 in already, 1 refused.")).to_be_visible()
    expect(page.get_by_role("button", name="Take 1 in")).to_have_count(0)

    page.get_by_label("Leave out bad rows").check()
    show(page, tmp_path / "events.csv")
    page.get_by_role("button", name="Take 1 in").click()
    expect(page.locator(".messagelist .success")).to_have_text(
        "2 rows read: 1 new, 0 in already, 1 refused."
    )

    assert Event.objects.filter(kind="content.viewed").count() == 1
    assert complaints == []


def test_the_template_is_downloaded_and_taken_as_it_is_filled_in(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    page.get_by_role("link", name="Import CSV").click()
    with page.expect_download() as download:
        page.get_by_label("Template of content.viewed").click()
    template = tmp_path / "template.csv"
    download.value.save_as(template)
    filled = template.read_text().replace("2026-spring", "r1")
    template.write_text(filled)
    show(page, template)
    page.get_by_role("button", name="Take 1 in").click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    assert Event.objects.get(kind="content.viewed").key == "example-1"
    assert complaints == []
