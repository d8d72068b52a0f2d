"""Files that cannot be imported are reported with their place, and leave nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from curriculum.models import Course
from engagement.models import DailyActivity
from engagement.tests.oulad_sample import ADA, Sample, run_import, small
from intake.models import ImportRun

pytestmark = pytest.mark.django_db


def clicked() -> Sample:
    sample = small()
    for day in range(30):
        sample.clicked(ADA, 102, day)
    return sample


def error_of(path: Path) -> str:
    with pytest.raises(CommandError) as refused:
        run_import(path)
    return str(refused.value)


def test_a_zip_and_its_folder_are_the_same_import(tmp_path: Path) -> None:
    run_import(clicked().zipped(tmp_path / "oulad.zip"))

    assert "already" in run_import(clicked().in_folder(tmp_path / "oulad"))
    assert ImportRun.objects.count() == 1


def test_files_in_a_folder_of_the_zip_are_found(tmp_path: Path) -> None:
    run_import(clicked().zipped(tmp_path / "oulad.zip", inside="anonymisedData/"))

    assert DailyActivity.objects.count() == 30


def test_a_missing_source_is_reported(tmp_path: Path) -> None:
    assert error_of(tmp_path / "none.zip") == f"There is no file or folder {tmp_path / 'none.zip'}."


def test_missing_files_are_reported(tmp_path: Path) -> None:
    folder = small().in_folder(tmp_path)
    (folder / "vle.csv").unlink()
    (folder / "courses.csv").unlink()

    assert error_of(folder) == f"{folder.name} does not contain courses.csv or vle.csv."


def test_a_missing_column_is_reported(tmp_path: Path) -> None:
    folder = small().in_folder(tmp_path)
    file = folder / "studentVle.csv"
    file.write_text(file.read_text().replace("sum_click", "clicks"))

    assert error_of(folder) == "studentVle.csv has no column sum_click."
    assert not Course.objects.exists()


def test_a_truncated_zip_is_reported(tmp_path: Path) -> None:
    whole = clicked().zipped(tmp_path / "oulad.zip").read_bytes()
    (tmp_path / "oulad.zip").write_bytes(whole[: len(whole) // 2])

    assert "oulad.zip is not a complete zip file" in error_of(tmp_path / "oulad.zip")


def test_a_damaged_file_in_the_zip_is_reported(tmp_path: Path) -> None:
    whole = bytearray(clicked().zipped(tmp_path / "oulad.zip").read_bytes())
    start = whole.index(b"studentVle.csv") + 60
    whole[start : start + 8] = b"\0" * 8
    (tmp_path / "oulad.zip").write_bytes(whole)

    assert "studentVle.csv in oulad.zip is damaged" in error_of(tmp_path / "oulad.zip")
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    ("file", "was", "now", "where"),
    [
        (
            "studentVle.csv",
            '"102","7","1"',
            '"102","7","many"',
            "studentVle.csv, line 9: sum_click is “many”, which is not a whole number.",
        ),
        (
            "studentVle.csv",
            '"102","7","1"',
            '"102","7","99999999999"',
            "studentVle.csv, line 9: sum_click is “99999999999”, which is not a whole number.",
        ),
        (
            "studentVle.csv",
            '"102","7","1"',
            '"102","","1"',
            "studentVle.csv, line 9: date is missing.",
        ),
        (
            "studentVle.csv",
            ',"102","7","1"',
            ',"102","7"',
            "studentVle.csv, line 9: 5 columns, but the header has 6.",
        ),
        (
            "studentRegistration.csv",
            '"12","-10"',
            '"twelve","-10"',
            "studentRegistration.csv, line 3: id_student is “twelve”, which is not a whole number.",
        ),
        (
            "courses.csv",
            '"268"',
            '"268.5"',
            (
                "courses.csv, line 2: module_presentation_length is “268.5”, "
                "which is not a whole number."
            ),
        ),
        (
            "assessments.csv",
            '"19","10"',
            '"19","heavy"',
            "assessments.csv, line 2: weight is “heavy”, which is not a number.",
        ),
        (
            "studentInfo.csv",
            '"Fail"',
            '""',
            "studentInfo.csv, line 2: final_result is missing.",
        ),
    ],
)
def test_an_invalid_cell_is_reported(
    tmp_path: Path, file: str, was: str, now: str, where: str
) -> None:
    folder = clicked().in_folder(tmp_path)
    text = (folder / file).read_text()
    assert was in text
    (folder / file).write_text(text.replace(was, now, 1))

    assert error_of(folder) == where
    assert ImportRun.objects.get().error == where
    assert not DailyActivity.objects.exists()


def test_invalid_utf8_is_reported(tmp_path: Path) -> None:
    folder = clicked().in_folder(tmp_path)
    file = folder / "vle.csv"
    file.write_bytes(file.read_bytes().replace(b"oucontent", b"oucont\xffnt"))

    assert error_of(folder).startswith("vle.csv, line 4: activity_type is “oucont")
