"""Export and import of the framework: a round trip, all or nothing, errors with line and field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from curriculum.framework_files.exporting import export
from curriculum.framework_files.importing import (
    ImportReport,
    StaleFileError,
    import_framework,
    read,
)
from curriculum.framework_files.records import FrameworkFileError
from curriculum.models import Course, Module, Skill, StructureVersion
from curriculum.structure import versions
from curriculum.tests.taught import taught_course

pytestmark = pytest.mark.django_db

FORMATS = pytest.mark.parametrize("file_format", ["json", "csv"])


def exported(file_format: str = "json") -> str:
    return export(list(Course.objects.all()), file_format)


def edited(**changed: Any) -> str:
    """The exported file with other fields of its first module."""
    found = json.loads(exported())
    found["courses"][0]["modules"][0] |= changed
    return json.dumps(found, indent=1)


def imported(text: str, *, is_dry_run: bool = False, is_forced: bool = False) -> ImportReport:
    return import_framework(read(text), is_dry_run=is_dry_run, is_forced=is_forced)


def sentences(report: ImportReport) -> list[str]:
    return [one.sentence for course in report.courses for one in course.differences]


def refused(text: str) -> list[str]:
    with pytest.raises(FrameworkFileError) as caught:
        imported(text)
    return [one.sentence for one in caught.value.problems]


@FORMATS
def test_an_exported_file_changes_nothing_when_it_is_imported(file_format: str) -> None:
    taught_course()

    assert not imported(exported(file_format)).has_changes
    assert StructureVersion.objects.count() == 1


@FORMATS
def test_an_exported_file_rebuilds_the_course_elsewhere(file_format: str) -> None:
    made = taught_course()
    text, before = exported(file_format), made.structure_versions.get().structure
    made.delete()
    Skill.objects.all().delete()
    imported(text)

    assert StructureVersion.objects.get().structure == before


@FORMATS
def test_unusual_keys_and_titles_survive(file_format: str) -> None:
    made = taught_course()
    Module.objects.filter(key="m1").update(title="=SUM(1;2)\n“zwei”", planned_days=0)
    Skill.objects.filter(key="python").update(key="a;b\\,c", title="'quoted")
    versions.record([made.pk], source=StructureVersion.Source.ADMIN)

    assert not imported(exported(file_format)).has_changes


def test_prerequisites_that_no_module_teaches_are_exported_too() -> None:
    taught_course()
    algebra = Skill.objects.create(key="algebra", title="Algebra")
    Skill.objects.get(key="python").prerequisites.add(algebra)

    assert [one["key"] for one in json.loads(exported())["skills"]] == [
        "algebra",
        "python",
        "statistics",
    ]


def test_an_import_changes_what_the_file_says_and_makes_a_version() -> None:
    made = taught_course()
    report = imported(edited(planned_days=10, skills=["python"]))

    assert sentences(report) == [
        "Module “Module 1”: planned days 7 → 10.",
        "Module “Module 1”: skills python, statistics → python.",
    ]
    assert made.structure_versions.get(number=2).source == "import"


def test_a_dry_run_shows_the_changes_and_makes_none() -> None:
    made = taught_course()
    report = imported(edited(planned_days=10), is_dry_run=True)

    assert sentences(report) == ["Module “Module 1”: planned days 7 → 10."]
    assert made.modules.get(key="m1").planned_days == 7
    assert made.structure_versions.count() == 1


def test_modules_that_the_file_does_not_name_move_to_the_end() -> None:
    made = taught_course()
    imported('{"framework": 1, "courses": [{"key": "py", "modules": [{"key": "m3"}]}]}')

    assert [one.key for one in made.modules.order_by("position")] == ["m3", "m1", "m2"]


def test_a_stale_file_is_refused_with_a_sentence() -> None:
    made = taught_course()
    text = edited(planned_days=10)
    made.modules.filter(key="m2").update(planned_days=3)
    versions.record([made.pk], source=StructureVersion.Source.ADMIN)

    with pytest.raises(StaleFileError, match="was exported as version 1: it has version 2"):
        imported(text)
    assert made.modules.get(key="m1").planned_days == 7


def test_a_stale_file_can_be_forced() -> None:
    made = taught_course()
    text = edited(planned_days=10)
    made.modules.filter(key="m2").update(planned_days=3)
    versions.record([made.pk], source=StructureVersion.Source.ADMIN)
    imported(text, is_forced=True)

    assert [one.planned_days for one in made.modules.order_by("position")] == [10, 7, 7]


def test_importing_a_changed_file_twice_changes_nothing_more() -> None:
    made = taught_course()
    text = edited(planned_days=10)
    imported(text)

    assert not imported(text).has_changes
    assert made.structure_versions.count() == 2


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("planned_days", "seven", "Enter a whole number from 0 to 2147483647."),
        ("planned_days", True, "Enter a whole number from 0 to 2147483647."),
        ("planned_days", -1, "Enter a whole number from 0 to 2147483647."),
        ("is_required", "maybe", "Enter true or false."),
        ("title", "", "Enter a text."),
        ("skills", "python", "Enter a list of skill keys."),
        ("skills", ["latin"], "There is no skill “latin”."),
        ("color", "red", "There is no such field. Allowed: key, title, is_required,"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_its_line(field: str, value: object, text: str) -> None:
    taught_course()
    file = edited(**{field: value})
    before, _, _ = file.partition(f'\n     "{field}":')
    line = before.count("\n") + 2

    (sentence,) = refused(file)
    assert sentence.startswith(f"Line {line}, {field}: {text}")


def test_nothing_is_imported_if_one_field_is_wrong() -> None:
    made = taught_course()
    text = json.loads(edited(planned_days=10))
    text["skills"][0]["prerequisites"] = ["latin"]
    refused(json.dumps(text))

    assert made.modules.get(key="m1").planned_days == 7


def test_a_circle_in_a_file_is_refused_with_its_line() -> None:
    taught_course()
    text = '{"framework": 1, "skills": [\n{"key": "python",\n "prerequisites": ["statistics"]}\n]}'

    assert refused(text) == [
        "Line 3, prerequisites: A skill cannot require itself: python → statistics → python."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"framework": 1,\n', "Line 2: This is no valid JSON"),
        ('{"framework": 2}', "Line 1, framework: A framework begins with"),
        ('{"framework": 1,\n"courses": 3}', "Line 2, courses: Enter a list."),
        ('{"framework": 1,\n"courses": [\n3]}', "Line 3, courses: Enter an object with a key."),
        ('{"framework": 1, "courses": [{}]}', "Line 1, key: The key is missing."),
        ('{"framework": 1,\n"courses": [{"key": "a",\n"key": "b"}]}', "Line 3, key: This name"),
        ('{"framework": 1, "skills": [{"key": "a"},\n{"key": "a"}]}', "Line 2, key: “a” is alr"),
        ('{"framework": 1, "skills": 1' + "0" * 5000 + "}", "Line 1: The values are nested"),
        ("", "Line 1: The columns kind and key are missing."),
        ("kind,key,color\n", "Line 1, color: Each of these columns may be here once:"),
        ("kind,key\nskill\n", "Line 2: The row has 1 cells, the header has 2."),
        ("kind,key\n\nplanet,mars\n", "Line 3, kind: Enter course, module or skill."),
        ("kind,key,course\nmodule,m1,py\n", "Line 2, course: There is no row of the course “py”."),
        ("kind,key,planned_days\ncourse,py,\nskill,x,2\n", "Line 3, planned_days: There is no su"),
        ('kind,key\nskill,"a', "Line 2: This is no valid CSV"),
    ],
)
def test_a_malformed_file_is_named_with_line_and_field(text: str, sentence: str) -> None:
    assert refused(text)[0].startswith(sentence)


def test_the_command_shows_a_dry_run_and_imports(tmp_path: Path, capsys: Any) -> None:
    made = taught_course()
    file = tmp_path / "framework.json"
    file.write_text(edited(planned_days=10))
    call_command("import_framework", file, dry_run=True)
    call_command("import_framework", file)

    assert capsys.readouterr().out.splitlines() == [
        "Module “Module 1”: planned days 7 → 10.",
        "Dry run: nothing was changed.",
        "Module “Module 1”: planned days 7 → 10.",
        "Imported.",
    ]
    assert made.modules.get(key="m1").planned_days == 10


def test_the_command_names_line_and_field(tmp_path: Path) -> None:
    file = tmp_path / "framework.csv"
    file.write_text("kind,key,nominal_days\ncourse,py,0\n")

    with pytest.raises(CommandError, match="Line 2, nominal_days: Enter a whole number from 1"):
        call_command("import_framework", file)
