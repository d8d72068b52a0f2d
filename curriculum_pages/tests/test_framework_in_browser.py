from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.models import User
from curriculum.models import Course, Module, Skill, StructureVersion
from curriculum.structure import versions
from curriculum_pages.tests.test_in_browser import Opens, opens

__all__ = ["opens"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_in_july_2026")]

PAGE = "/curriculum-framework"
VERSIONS = f"{PAGE}/versions?course=py"
IMPORT = f"{PAGE}/import"


@pytest.fixture(autouse=True)
def _taught(opens: Opens) -> None:
    """The course gets many modules, a skill with a prerequisite, and a second version."""
    made = Course.objects.get(key="py")
    last = made.modules.count()
    Module.objects.bulk_create(
        Module(course=made, key=f"x{at}", title=f"A module with a long title {at}", position=at)
        for at in range(last + 1, last + 9)
    )
    versions.record([made.pk], source=StructureVersion.Source.EVENT)
    sql, sets = (Skill.objects.create(key=key, title=key) for key in ("sql", "sets"))
    sql.modules.set(made.modules.all()[:2])
    sql.prerequisites.add(sets)
    versions.record([made.pk], source=StructureVersion.Source.ADMIN)
    User.objects.update(is_superuser=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [PAGE, VERSIONS, IMPORT])
def test_pages_are_accessible(opens: Opens, path: str, scheme: str) -> None:
    found = Axe().run(opens(path, color_scheme=scheme))

    assert [one["id"] for one in found.response["violations"]] == []


@pytest.mark.parametrize("path", [PAGE, VERSIONS, IMPORT])
def test_pages_fit_a_phone(opens: Opens, path: str) -> None:
    page = opens(path, viewport={"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_picture_leads_to_the_row_of_a_module_by_keyboard(opens: Opens) -> None:
    page = opens(PAGE)
    module = Module.objects.get(key="x8")
    page.locator(f'.picture a[href="#module-{module.pk}"]').focus()
    page.keyboard.press("Enter")

    expect(page.locator("tr:target th")).to_contain_text(module.title)


def test_without_javascript_a_file_is_checked_and_imported(opens: Opens, tmp_path: Path) -> None:
    page = opens(IMPORT, java_script_enabled=False)
    file = tmp_path / "framework.json"
    modules = [{"key": "x8", "planned_days": 30}]
    framework = {"framework": 1, "courses": [{"key": "py", "modules": modules}]}
    file.write_text(json.dumps(framework))

    page.get_by_label("JSON or CSV file").set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("planned days 7 → 30.")).to_be_visible()
    page.get_by_role("button", name="Import").click()

    expect(page.get_by_role("status")).to_have_text("The framework was imported.")
    assert Module.objects.get(key="x8").planned_days == 30


def test_links_to_files_and_forms_are_not_printed(opens: Opens) -> None:
    page = opens(PAGE)
    page.emulate_media(media="print")

    expect(page.get_by_role("link", name="CSV")).to_be_hidden()
    expect(page.get_by_role("heading", name="Skills")).to_be_visible()
