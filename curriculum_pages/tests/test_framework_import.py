"""The versions of a course, its files, and importing one on a page in two steps."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.tests.people import account, course
from curriculum.models import Course, Module, StructureVersion
from curriculum.structure import versions
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db

PAGE, FILE = "/curriculum-framework/import", "/api/curriculum/framework"


@pytest.fixture
def py() -> Course:
    made = course("py", modules=2)
    versions.record([made.pk], source=StructureVersion.Source.EVENT)
    return made


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    return client


def changed(py: Course, **fields: Any) -> None:
    Module.objects.filter(course=py, key="m1").update(**fields)
    versions.record([py.pk], source=StructureVersion.Source.ADMIN)


def uploaded(client: Client, text: str, name: str = "framework.json", **more: str) -> Any:
    return client.post(PAGE, {"file": SimpleUploadedFile(name, text.encode()), **more})


def edited(client: Client, **fields: Any) -> str:
    found = client.get(FILE).json()
    found["courses"][0]["modules"][0] |= fields
    return json.dumps(found, indent=1)


def test_a_new_version_is_compared_with_the_one_before(ada: Visitor, py: Course) -> None:
    changed(py, planned_days=10)
    text = ada.reads("/curriculum-framework/versions?course=py")

    assert "From version 1 to version 2 Module “Module 1”: planned days 7 → 10." in text
    assert "Changed in the admin" in text


def test_any_two_versions_can_be_compared(ada: Visitor, py: Course) -> None:
    changed(py, planned_days=10)
    changed(py, planned_days=7)

    text = ada.reads("/curriculum-framework/versions?course=py&before=1&after=3")
    assert "From version 1 to version 3 Nothing changed." in text


def test_a_version_that_does_not_exist_is_named(ada: Visitor, py: Course) -> None:
    changed(py, planned_days=10)
    text = ada.reads("/curriculum-framework/versions?course=py&before=9")

    assert "There is no version 9." in text
    assert ada.status == 400


@pytest.mark.usefixtures("py")
def test_a_manager_exports_granted_courses_only(client: Client) -> None:
    client.force_login(account("Bo", grants=(course("sql", modules=1),)))

    assert [one["key"] for one in client.get(FILE).json()["courses"]] == ["sql"]
    assert client.get(f"{FILE}?course=py").json()["detail"] == "Unknown course “py”."


@pytest.mark.usefixtures("py")
def test_a_file_of_either_format_is_offered_for_download(staff: Client) -> None:
    answer = staff.get(f"{FILE}?course=py&format=csv")

    assert answer["Content-Disposition"] == 'attachment; filename="framework.csv"'
    assert answer.text.splitlines()[1].startswith("course,,py,Course py,1,28")


def test_a_file_is_shown_before_it_is_imported(staff: Client, py: Course) -> None:
    answer = uploaded(staff, edited(staff, planned_days=10))

    assert "Module “Module 1”: planned days 7 → 10." in answer.text
    assert py.modules.all()[0].planned_days == 7


def test_the_second_step_imports_what_was_shown(staff: Client, py: Course) -> None:
    shown = uploaded(staff, edited(staff, planned_days=10)).text
    content = re.findall('name="content" value="([^"]+)"', shown)[0]
    staff.post(PAGE, {"content": content, "act": "import"})

    assert py.modules.all()[0].planned_days == 10
    assert py.structure_versions.get(number=2).made_by is not None


def test_a_structure_that_changed_between_the_steps_is_not_overwritten(
    staff: Client, py: Course
) -> None:
    content = base64.b64encode(edited(staff, planned_days=10).encode()).decode()
    changed(py, title="Basics")
    answer = staff.post(PAGE, {"content": content, "act": "import"})

    assert "changed since this file was exported as version 1" in answer.text
    assert py.modules.all()[0].planned_days == 7


@pytest.mark.usefixtures("py")
def test_a_malformed_file_is_named_with_line_and_field(staff: Client) -> None:
    answer = uploaded(staff, "kind,key,nominal_days\ncourse,py,long\n", "framework.csv")

    assert answer.status_code == 400
    assert "Line 2, nominal_days: Enter a whole number from 1 to" in answer.text


@pytest.mark.parametrize("content", ["", "***", base64.b64encode(b"\xff\xfe").decode()])
def test_what_is_no_text_is_refused(staff: Client, content: str) -> None:
    assert staff.post(PAGE, {"content": content}).status_code == 400


def test_a_large_file_is_refused(staff: Client) -> None:
    assert "larger than one megabyte" in uploaded(staff, " " * 1_000_001).text
