"""Compare the API's values of each presentation with a recount of the files."""

from __future__ import annotations

import csv
import os
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client

from accounts.api_keys import create_api_key
from curriculum.models import CourseRun, Enrollment
from engagement.models import AssessmentResult, DailyActivity, LearningObject
from engagement.tests import oulad_recount
from engagement.tests.oulad_recount import RECOUNTS, Codes, Files
from engagement.tests.oulad_sample import Sample, run_import

pytestmark = pytest.mark.django_db

PRESENTATIONS = {("AAA", "2013J"): 45, ("AAA", "2014J"): 60, ("BBB", "2014B"): 47}
DUE: tuple[tuple[str, Any, int], ...] = (
    ("TMA", 19, 10),
    ("CMA", 40, 0),
    ("TMA", 80, 20),
    ("CMA", 120, 5),
    ("Exam", "", 100),
)
TYPES = ("quiz", "questionnaire", "forumng", "oucontent", "homepage", "resource")
OULAD_PATH = os.environ.get("OULAD_PATH")


def random_sample(seed: int, students: int = 40) -> Sample:
    """Students who register, leave, submit and click at random, including invalid data."""
    rng, sample = random.Random(seed), Sample()  # noqa: S311 - no secret
    for number, (codes, length) in enumerate(PRESENTATIONS.items()):
        sample.course(codes, days=length)
        first, pages = 100 * number, {1_000 * number + at: one for at, one in enumerate(TYPES)}
        for at, (type_, due, weight) in enumerate(DUE):
            sample.assessment(first + at, type_, due, weight=weight, codes=codes)
        for page, type_ in pages.items():
            sample.page(page, type_, codes=codes)
        for student in range(students):
            _add_student(rng, sample, codes, student, first, list(pages))
    return sample


def _add_student(
    rng: random.Random, sample: Sample, codes: Codes, student: int, first: int, pages: list[int]
) -> None:
    result = rng.choice(("Pass", "Distinction", "Fail", "Withdrawn"))
    left = rng.randint(-10, 40) if result == "Withdrawn" else ""
    registered = rng.choice((-60, -20, 0, 3, 9, ""))
    sample.student(student, registered=registered, left=left, result=result, codes=codes)
    exam_is_known = codes[0] == "BBB"
    for at, (_, due, _) in enumerate(DUE[: 5 if exam_is_known else 4]):
        if rng.random() < 0.7:
            handed_in = rng.randint(-5, 30) + (due or 40)
            sample.submitted(first + at, student, handed_in, rng.choice(("", 0, 55, 80, 100)))
    for _ in range(rng.randint(0, 60)):
        click = (rng.choice(pages), rng.randint(-10, 50), rng.randint(1, 9))
        for _ in range(rng.choice((1, 1, 1, 2))):
            sample.clicked(student, *click, codes=codes)


def positions() -> dict[str, int]:
    rows = LearningObject.objects.filter(kind=LearningObject.Kind.ASSESSMENT)
    return dict(rows.values_list("key", "module__position"))


def api_sums(client: Client, slug: str, run: CourseRun) -> dict[tuple[str, str, str], list[float]]:
    """The API's (numerator, denominator) of each quarter with data."""
    response = client.get(
        f"/api/kpi/engagement/{slug}",
        {
            "course": run.course.key,
            "run": run.key,
            "period": "quarter",
            "from": "2012-01-01",
            "to": "2016-12-31",
        },
    )
    assert response.status_code == 200, response.content
    return {
        (run.course.key, run.key, one["period_start"][:10]): [one["numerator"], one["denominator"]]
        for one in response.json()["series"]
        if one["denominator"]
    }


def all_api_sums(slug: str) -> dict[tuple[str, str, str], list[float]]:
    _, secret = create_api_key(slug, ("kpis:read", "kpis:small-groups"))
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    found: dict[tuple[str, str, str], list[float]] = {}
    for run in CourseRun.objects.select_related("course"):
        found |= api_sums(client, slug, run)
    return found


def kpis_agree(files: Files) -> None:
    for slug, count in RECOUNTS.items():
        expected = count(files)

        assert expected
        assert all_api_sums(slug) == {key: pytest.approx(sums) for key, sums in expected.items()}


def test_the_api_agrees_with_a_recount_of_the_files(tmp_path: Path) -> None:
    sample = random_sample(seed=2014)
    run_import(sample.in_folder(tmp_path))
    files = Files(sample.table, positions())

    rows_agree(files)
    kpis_agree(files)


def rows_per_presentation(rows: Any, path: str, total: Any = None) -> Counter[Codes]:
    course, run = f"{path}run__course__key", f"{path}run__key"
    return Counter(
        {
            (course_key, run_key): number
            for course_key, run_key, number in rows.values_list(course, run).annotate(
                number=total or Sum(1)
            )
        }
    )


def rows_agree(files: Files) -> None:
    codes = [oulad_recount.codes(row) for row in files.read("studentInfo.csv")]
    passed = [one[:2] for one, result in files.results.items() if result in ("Pass", "Distinction")]
    scored = [
        oulad_recount.codes(files.assessments[row["id_assessment"]])
        for row in files.submissions
        if row["score"]
    ]
    completions = Enrollment.objects.exclude(completed_at=None)
    clicks = rows_per_presentation(DailyActivity.objects, "enrollment__", Sum("interactions"))

    assert rows_per_presentation(Enrollment.objects, "") == Counter(codes)
    assert rows_per_presentation(completions, "") == Counter(passed)
    assert rows_per_presentation(AssessmentResult.objects, "enrollment__") == Counter(scored)
    assert clicks == oulad_recount.clicks(files)


@pytest.mark.once
@pytest.mark.skipif(not OULAD_PATH, reason="OULAD_PATH is not set")
def test_the_whole_dataset_agrees_with_a_recount() -> None:
    folder = Path(str(OULAD_PATH))

    def read(file: str) -> Iterable[dict[str, str]]:
        with (folder / file).open(encoding="utf-8") as stream:
            yield from csv.DictReader(stream)

    run_import(folder)
    files = Files(read, positions())
    rows_agree(files)
    kpis_agree(files)
