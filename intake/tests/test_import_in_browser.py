from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from intake.models import Event
from intake.tests.csv_files import HEADER, view, written
from intake.tests.lms import school
from intake.tests.tool_files import table

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
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Continue").click()


def answer(page: Page, question: str, text: str) -> None:
    page.get_by_role("group", name=question).get_by_text(text).check()


def test_staff_import_the_file_of_a_tool(page: Page, complaints: list[str], tmp_path: Path) -> None:
    page.get_by_role("link", name="Import a file").click()
    rows = (("Student", "ID", "Section", "Essay (101)"), ("Points Possible", "", "", "40"))
    show(page, table(tmp_path / "grades.csv", *rows, ("Ada", "ada", "S1", "34")))
    expect(page.get_by_role("heading", name="grades.csv: Canvas gradebook")).to_be_visible()
    page.get_by_label("Course:", exact=True).fill("py")
    page.get_by_label("Date of the grades").fill("2026-03-31")
    page.get_by_role("button", name="Preview import").click()
    expect(
        page.get_by_text("Events: 1 new, 0 replaced, 0 already stored, 0 rejected.")
    ).to_be_visible()
    expect(page.get_by_role("row", name="Assessment performance")).to_contain_text("85.0%")

    page.get_by_role("button", name="Import 1 event").click()
    expect(page.locator(".messagelist .success")).to_have_text(
        "Events: 1 new, 0 replaced, 0 already stored, 0 rejected."
    )
    assert Event.objects.filter(kind="assessment.graded").count() == 1
    assert complaints == []


def test_staff_skip_rows_that_are_rejected(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    page.goto(f"{page.url}import/?kind=content.viewed")
    show(page, written(tmp_path, HEADER, view("e1"), view("e2", "cleo")))
    page.get_by_role("button", name="Preview import").click()
    expect(page.get_by_text("2 rows read: 1 new, 0 already stored, 1 rejected.")).to_be_visible()
    expect(page.get_by_role("button", name="Import 1 event")).to_have_count(0)

    page.get_by_label("Skip invalid rows").check()
    page.get_by_role("button", name="Preview import").click()
    page.get_by_role("button", name="Import 1 event").click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    assert Event.objects.filter(kind="content.viewed").count() == 1
    assert complaints == []


def test_a_downloaded_template_can_be_filled_in_and_imported(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    page.get_by_role("link", name="Import a file").click()
    page.get_by_text("Templates", exact=True).click()
    with page.expect_download() as download:
        page.get_by_label("Template for content.viewed").click()
    template = tmp_path / "template.csv"
    download.value.save_as(template)
    filled = template.read_text().replace("2026-spring", "r1")
    template.write_text(filled)
    page.goto(f"{page.url}?kind=content.viewed")
    show(page, template)
    page.get_by_role("button", name="Preview import").click()
    page.get_by_role("button", name="Import 1 event").click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    assert Event.objects.get(kind="content.viewed").key == "example-1"
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(
    page: Page, complaints: list[str], tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("link", name="Import a file").click()
    assert violations(page) == []
    rows = (
        ("Student", "ID", "SIS Login ID", "Section", "Essay (101)"),
        ("Ada", "7", "ada", "S1", "34"),
    )
    show(page, table(tmp_path / "grades.csv", *rows, ("Points Possible", "", "", "", "40")))
    page.get_by_role("button", name="Preview import").click()
    assert violations(page) == []
    page.get_by_label("Course:", exact=True).fill("py")
    page.get_by_label("Date of the grades").fill("2026-03-31")
    answer(page, "Learners", "SIS Login ID – ada")
    page.get_by_role("button", name="Preview import").click()
    page.get_by_text("The first events").first.click()

    assert violations(page) == []


def test_the_wizard_fits_a_phone(page: Page, complaints: list[str], tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{page.url}import/")
    show(page, table(tmp_path / "sheet.csv", ("A long name of a column, " * 5, "B"), ("1", "2")))
    page.get_by_label("Kind").select_option("content.viewed")
    page.get_by_role("button", name="Preview import").click()
    wide = page.evaluate("document.documentElement.scrollWidth")

    assert wide <= 390
    assert complaints == []


def violations(page: Page) -> list[str]:
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
