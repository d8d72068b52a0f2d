"""The files in docs/framework.md are real ones, and both formats say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from curriculum.framework_files.exporting import export
from curriculum.framework_files.importing import import_framework, read
from curriculum.models import Course

pytestmark = pytest.mark.django_db

TEXT = (Path(__file__).parents[2] / "docs" / "framework.md").read_text(encoding="utf-8")


def example(file_format: str) -> str:
    (found,) = re.findall(rf"```{file_format}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_an_example_can_be_imported_and_exported_again(file_format: str) -> None:
    import_framework(read(example(file_format)))
    exported = export(list(Course.objects.all()), "csv").replace("\r\n", "\n")

    # a new course begins with version 1
    assert exported == example("csv").replace("Data Analysis,3,", "Data Analysis,1,")


def test_the_examples_say_the_same() -> None:
    import_framework(read(example("json")))
    report = import_framework(read(example("csv")))

    assert not report.has_changes
