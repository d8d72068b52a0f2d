"""The API's figures of each presentation against a count of the files by other means."""

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
from engagement.tests import oulad_count
from engagement.tests.oulad_count import COUNTED, Files, Place
from engagement.tests.oulad_cut import Cut, run_import

pytestmark = pytest.mark.django_db

PLACES = {("AAA", "2013J"): 45, ("AAA", "2014J"): 60, ("BBB", "2014B"): 47}
DUE: tuple[tuple[str, Any, int], ...] = (
    ("TMA", 19, 10),
    ("CMA", 40, 0),
    ("TMA", 80, 20),
    ("CMA", 120, 5),
    ("Exam", "", 100),
)
TYPES = ("quiz", "questionnaire", "forumng", "oucontent", "homepage", "resource")
WHOLE = os.environ.get("OULAD_PATH")


def any_cut(seed: int, students: int = 40) -> Cut:
    """Students who register, leave, hand in and click at random, the oddities included."""
    dice, cut = random.Random(seed), Cut()  # noqa: S311 - no secret
    for number, (place, length) in enumerate(PLACES.items()):
        cut.course(place, days=length)
        first, pages = 100 * number, {1_000 * number + at: one for at, one in enumerate(TYPES)}
        for at, (type_, due, weight) in enumerate(DUE):
            cut.assessment(first + at, type_, due, weight=weight, place=place)
        for page, type_ in pages.items():
            cut.page(page, type_, place=place)
        for student in range(students):
            _one(dice, cut, place, student, first, list(pages))
    return cut


def _one(
    dice: random.Random, cut: Cut, place: Place, student: int, first: int, pages: list[int]
) -> None:
    result = dice.choice(("Pass", "Distinction", "Fail", "Withdrawn"))
    left = dice.randint(-10, 40) if result == "Withdrawn" else ""
    registered = dice.choice((-60, -20, 0, 3, 9, ""))
    cut.student(student, registered=registered, left=left, result=result, place=place)
    exam_is_known = place[0] == "BBB"
    for at, (_, due, _) in enumerate(DUE[: 5 if exam_is_known else 4]):
        if dice.random() < 0.7:
            handed_in = dice.randint(-5, 30) + (due or 40)
            cut.handed_in(first + at, student, handed_in, dice.choice(("", 0, 55, 80, 100)))
    for _ in range(dice.randint(0, 60)):
        click = (dice.choice(pages), dice.randint(-10, 50), dice.randint(1, 9))
        for _ in range(dice.choice((1, 1, 1, 2))):
            cut.clicked(student, *click, place=place)


def positions() -> dict[str, int]:
    rows = LearningObject.objects.filter(kind=LearningObject.Kind.ASSESSMENT)
    return dict(rows.values_list("key", "module__position"))


def answered(client: Client, slug: str, run: CourseRun) -> dict[tuple[str, str, str], list[float]]:
    """What the API says of each quarter that has anything to say."""
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


def all_answers(slug: str) -> dict[tuple[str, str, str], list[float]]:
    _, secret = create_api_key(slug, ("kpis:read", "kpis:small-groups"))
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    found: dict[tuple[str, str, str], list[float]] = {}
    for run in CourseRun.objects.select_related("course"):
        found |= answered(client, slug, run)
    return found


def figures_agree(files: Files) -> None:
    for slug, count in COUNTED.items():
        expected = count(files)

        assert expected
        assert all_answers(slug) == {key: pytest.approx(sums) for key, sums in expected.items()}


def test_the_api_answers_what_the_files_say(tmp_path: Path) -> None:
    cut = any_cut(seed=2014)
    run_import(cut.in_folder(tmp_path))
    files = Files(cut.table, positions())

    rows_agree(files)
    figures_agree(files)


def rows_per_presentation(rows: Any, path: str, total: Any = None) -> Counter[Place]:
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
    places = [oulad_count.place(row) for row in files.read("studentInfo.csv")]
    passed = [one[:2] for one, result in files.results.items() if result in ("Pass", "Distinction")]
    scored = [
        oulad_count.place(files.assessments[row["id_assessment"]])
        for row in files.submissions
        if row["score"]
    ]
    completions = Enrollment.objects.exclude(completed_at=None)
    clicks = rows_per_presentation(DailyActivity.objects, "enrollment__", Sum("interactions"))

    assert rows_per_presentation(Enrollment.objects, "") == Counter(places)
    assert rows_per_presentation(completions, "") == Counter(passed)
    assert rows_per_presentation(AssessmentResult.objects, "enrollment__") == Counter(scored)
    assert clicks == oulad_count.clicks(files)


@pytest.mark.once
@pytest.mark.skipif(not WHOLE, reason="OULAD_PATH names no folder with the whole dataset")
def test_the_whole_dataset_says_what_its_files_say() -> None:
    folder = Path(str(WHOLE))

    def read(file: str) -> Iterable[dict[str, str]]:
        with (folder / file).open(encoding="utf-8") as stream:
            yield from csv.DictReader(stream)

    run_import(folder)
    files = Files(read, positions())
    rows_agree(files)
    figures_agree(files)
