"""A small cut of the Open University dataset in the publisher's form, made row by row."""

from __future__ import annotations

import csv
import zipfile
from collections import defaultdict
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from curriculum.models import Enrollment
from engagement.oulad.report import by_file
from intake.models import ImportRun

HEADS = {
    "courses.csv": "code_module,code_presentation,module_presentation_length",
    "assessments.csv": ("code_module,code_presentation,id_assessment,assessment_type,date,weight"),
    "studentInfo.csv": (
        "code_module,code_presentation,id_student,gender,region,highest_education,imd_band,"
        "age_band,num_of_prev_attempts,studied_credits,disability,final_result"
    ),
    "studentRegistration.csv": (
        "code_module,code_presentation,id_student,date_registration,date_unregistration"
    ),
    "studentAssessment.csv": "id_assessment,id_student,date_submitted,is_banked,score",
    "vle.csv": "id_site,code_module,code_presentation,activity_type,week_from,week_to",
    "studentVle.csv": "code_module,code_presentation,id_student,id_site,date,sum_click",
}
AAA = ("AAA", "2013J")
ADA, BO, CLEO = 11, 12, 13


class Cut:
    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def course(self, place: tuple[str, str] = AAA, *, days: int = 268) -> None:
        self.rows["courses.csv"].append((*place, days))

    def assessment(
        self, key: int, type_: str, due: Any, *, weight: float = 10, place: Any = AAA
    ) -> None:
        self.rows["assessments.csv"].append((*place, key, type_, due, weight))

    def student(
        self, key: int, *, registered: Any = -10, left: Any = "", result: str = "Fail",
        place: Any = AAA,
    ) -> None:  # fmt: skip
        self.rows["studentRegistration.csv"].append((*place, key, registered, left))
        facts = ("F", "Scotland", "HE Qualification", "20-30%", "35-55", 0, 60, "N")
        self.rows["studentInfo.csv"].append((*place, key, *facts, result))

    def handed_in(self, assessment: int, student: int, day: int, score: Any = 80) -> None:
        self.rows["studentAssessment.csv"].append((assessment, student, day, 0, score))

    def page(self, key: int, type_: str, *, place: Any = AAA) -> None:
        self.rows["vle.csv"].append((key, *place, type_, "", ""))

    def clicked(self, student: int, page: int, day: int, n: int = 1, *, place: Any = AAA) -> None:
        self.rows["studentVle.csv"].append((*place, student, page, day, n))

    def table(self, file: str) -> list[dict[str, str]]:
        """The rows of a file as somebody reads them who knows nothing of the importer."""
        return list(csv.DictReader(StringIO(self.text(file))))

    def text(self, file: str) -> str:
        out = StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
            [HEADS[file].split(","), *self.rows[file]]
        )
        return out.getvalue()

    def in_folder(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        for file in HEADS:
            (folder / file).write_text(self.text(file), encoding="utf-8")
        return folder

    def zipped(self, path: Path, *, inside: str = "") -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in HEADS:
                archive.writestr(inside + file, self.text(file))
        return path


def small() -> Cut:
    """One presentation from 1 October 2013 to 25 June 2014 with a quiz, an essay and an exam."""
    cut = Cut()
    cut.course()
    cut.assessment(1, "TMA", 19)
    cut.assessment(2, "CMA", 54, weight=0)
    cut.assessment(3, "TMA", 54)
    cut.assessment(4, "Exam", "", weight=100)
    for page, type_ in ((100, "quiz"), (101, "forumng"), (102, "oucontent"), (103, "homepage")):
        cut.page(page, type_)
    for student in (ADA, BO):
        cut.student(student)
    return cut


def run_import(path: Path) -> str:
    out = StringIO()
    call_command("import_oulad", path, stdout=out)
    return out.getvalue()


def taken_in(cut: Cut, folder: Path) -> dict[str, Any]:
    """Import the cut; the report by file."""
    run_import(cut.in_folder(folder))
    files = by_file(ImportRun.objects.latest("pk").report)
    return {name: report.as_json() for name, report in files.items()}


def enrolment(student: int, place: tuple[str, str] = AAA) -> Enrollment:
    course, run = place
    return Enrollment.objects.get(
        learner__key=f"oulad-{student}", run__course__key=course, run__key=run
    )
