"""A small sample of the Open University dataset in the publisher's form."""

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

HEADERS = {
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


class Sample:
    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def course(self, codes: tuple[str, str] = AAA, *, days: int = 268) -> None:
        self.rows["courses.csv"].append((*codes, days))

    def assessment(
        self, key: int, type_: str, due: Any, *, weight: float = 10, codes: Any = AAA
    ) -> None:
        self.rows["assessments.csv"].append((*codes, key, type_, due, weight))

    def student(
        self, key: int, *, registered: Any = -10, left: Any = "", result: str = "Fail",
        codes: Any = AAA,
    ) -> None:  # fmt: skip
        self.rows["studentRegistration.csv"].append((*codes, key, registered, left))
        facts = ("F", "Scotland", "HE Qualification", "20-30%", "35-55", 0, 60, "N")
        self.rows["studentInfo.csv"].append((*codes, key, *facts, result))

    def submitted(self, assessment: int, student: int, day: int, score: Any = 80) -> None:
        self.rows["studentAssessment.csv"].append((assessment, student, day, 0, score))

    def page(self, key: int, type_: str, *, codes: Any = AAA) -> None:
        self.rows["vle.csv"].append((key, *codes, type_, "", ""))

    def clicked(self, student: int, page: int, day: int, n: int = 1, *, codes: Any = AAA) -> None:
        self.rows["studentVle.csv"].append((*codes, student, page, day, n))

    def table(self, file: str) -> list[dict[str, str]]:
        """Read the rows of a file the way any CSV reader would."""
        return list(csv.DictReader(StringIO(self.text(file))))

    def text(self, file: str) -> str:
        out = StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
            [HEADERS[file].split(","), *self.rows[file]]
        )
        return out.getvalue()

    def in_folder(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        for file in HEADERS:
            (folder / file).write_text(self.text(file), encoding="utf-8")
        return folder

    def zipped(self, path: Path, *, inside: str = "") -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in HEADERS:
                archive.writestr(inside + file, self.text(file))
        return path


def small() -> Sample:
    """One presentation from 1 October 2013 to 25 June 2014 with a quiz, an essay and an exam."""
    sample = Sample()
    sample.course()
    sample.assessment(1, "TMA", 19)
    sample.assessment(2, "CMA", 54, weight=0)
    sample.assessment(3, "TMA", 54)
    sample.assessment(4, "Exam", "", weight=100)
    for page, type_ in ((100, "quiz"), (101, "forumng"), (102, "oucontent"), (103, "homepage")):
        sample.page(page, type_)
    for student in (ADA, BO):
        sample.student(student)
    return sample


def run_import(path: Path) -> str:
    out = StringIO()
    call_command("import_oulad", path, stdout=out)
    return out.getvalue()


def imported(sample: Sample, folder: Path) -> dict[str, Any]:
    """Import the sample; returns the reports by file."""
    run_import(sample.in_folder(folder))
    files = by_file(ImportRun.objects.latest("pk").report)
    return {name: report.as_json() for name, report in files.items()}


def enrollment(student: int, codes: tuple[str, str] = AAA) -> Enrollment:
    course, run = codes
    return Enrollment.objects.get(
        learner__key=f"oulad-{student}", run__course__key=course, run__key=run
    )
