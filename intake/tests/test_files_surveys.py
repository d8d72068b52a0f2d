"""Answers from SurveyMonkey, Typeform, Google Forms and Microsoft Forms; course platforms."""

# ruff: noqa: E501  # rows as long as the tools write them

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
PLACE = ("course=py", "survey=course-end", "wave=2026-spring")
LIKELY, HAPPY, WHY = "How likely are you to recommend it?", "How satisfied are you?", "Why?"


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def answers() -> list[dict[str, object]]:
    keys = ("nps", "csat", "comment")
    return [
        {key: one.data[key] for key in keys if key in one.data} for one in events("survey.answered")
    ]


def test_surveymonkey_has_two_rows_of_header(tmp_path: Path) -> None:
    path = table(
        tmp_path / "responses.csv",
        ("Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", LIKELY, "", HAPPY),
        ("", "", "", "", "", "", "Score", "Reason", "Response"),
        ("118", "4", "09/01/2026 10:00:00 AM", "09/01/2026 10:11:12 AM", "", "ada", "8 - Very likely", "Good, fast", "Very satisfied"),
        ("119", "4", "09/13/2026 10:00:00 AM", "09/13/2026 10:11:12 AM", "", "", "2", "", ""),
    )  # fmt: skip
    text = take(
        path, *PLACE, "learner=Email Address", f"answer:{LIKELY}: Score=nps",
        f"answer:{LIKELY}: Reason=comment", f"answer:{HAPPY}=csat",
    )  # fmt: skip

    assert answers() == [{"nps": 8, "csat": 5, "comment": "Good, fast"}]
    assert events("survey.answered")[0].occurred_at.isoformat() == "2026-09-01T10:11:12+00:00"
    assert "1 left out, in line 4: an anonymous answer" in text


def test_typeform_times_are_in_utc(tmp_path: Path) -> None:
    path = table(
        tmp_path / "responses.csv", ("#", LIKELY, "email", "Start Date (UTC)", "Submit Date (UTC)", "Network ID"),
        ("a1", "9", "ada", "2026-05-01 10:00:00", "2026-05-01 10:05:00", "n1"),
        ("a2", "3", "bo", "2026-05-01 11:00:00", "", "n2"),
    )  # fmt: skip
    text = take(path, *PLACE, "learner=email", f"answer:{LIKELY}=nps")

    assert "1 left out, in line 3: an answer without a time, which was not submitted" in text
    assert answers() == [{"nps": 9}]
    assert events("survey.answered")[0].occurred_at.hour == 10


def test_google_forms_write_their_offset(tmp_path: Path) -> None:
    path = table(
        tmp_path / "form.csv", ("Timestamp", "Email Address", HAPPY, WHY),
        ("2026/01/31 2:05:09 PM GMT+1", "ada", "4", "Because."),
    )  # fmt: skip
    take(path, *PLACE, "learner=Email Address", f"answer:{HAPPY}=csat", f"answer:{WHY}=comment")

    assert answers() == [{"csat": 4, "comment": "Because."}]
    assert events("survey.answered")[0].occurred_at.isoformat() == "2026-01-31T13:05:09+00:00"


LOCALIZED = {
    "google": ("Zeitstempel", "E-Mail-Adresse", HAPPY, WHY),
    "microsoft": ("ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name", HAPPY, WHY),
}


@pytest.mark.parametrize(
    ("tool", "row"),
    [
        ("google", ("07.09.2026 21:40:58", "ada", "4", "Weil;\nsonst")),
        ("microsoft", ("1", "46272.89", "46272.9034490741", "ada", "Ada", "4", "Weil;\nsonst")),
        ("microsoft", ("1", "9/7/26 21:30:00", "9/7/26 21:40:58", "ada", "Ada", "4", "Weil;\nsonst")),
    ],
)  # fmt: skip
def test_forms_are_recognized_in_the_language_of_the_form(
    tmp_path: Path, tool: str, row: tuple[str, ...]
) -> None:
    path = table(tmp_path / "form.csv", LOCALIZED[tool], row, delimiter=";")
    learner = next(one for one in LOCALIZED[tool] if one.startswith("E-Mail"))
    order = () if "46272" in row[1] else ("date_order=mdy" if "/" in row[1] else "date_order=dmy",)
    take(
        path, *PLACE, "zone=Europe/Berlin", f"learner={learner}", f"answer:{HAPPY}=csat",
        f"answer:{WHY}=comment", *order,
    )  # fmt: skip

    assert answers() == [{"csat": 4, "comment": "Weil;\nsonst"}]
    assert events("survey.answered")[0].occurred_at.isoformat() == "2026-09-07T19:40:58+00:00"


def test_questions_of_the_same_name_are_asked_apart(tmp_path: Path) -> None:
    row = ("2026/01/31 2:05:09 PM EST", "ada", "4", "Slow.", "Fun.")
    path = table(tmp_path / "f.csv", ("Timestamp", "Email Address", HAPPY, WHY, WHY), row)
    take(path, *PLACE, "learner=Email Address", f"answer:{HAPPY}=csat", f"answer:{WHY} (2)=comment")

    assert answers() == [{"csat": 4, "comment": "Fun."}]
    assert events("survey.answered")[0].occurred_at.hour == 19


def test_surveymonkey_may_leave_its_second_row_empty(tmp_path: Path) -> None:
    path = table(
        tmp_path / "responses.csv",
        ("Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", HAPPY),
        ("", "", "", "", "", "", ""),
        ("118", "4", "2026-09-01 10:00:00", "2026-09-01 10:11:12", "", "ada", "4"),
    )  # fmt: skip
    take(path, *PLACE, "learner=Email Address", f"answer:{HAPPY}=csat")

    assert answers() == [{"csat": 4}]


def microsoft(path: Path, *rows: tuple[object, ...]) -> Path:
    book = Workbook()
    book.active.append(("ID", "Start time", "Completion time", "Email", "Name", LIKELY))
    for row in rows:
        moment = datetime.fromisoformat("2026-02-10T09:30")
        book.active.append((row[0], moment, moment, *row[1:]))
    book.save(path)
    return path


def test_microsoft_forms_come_as_a_workbook(tmp_path: Path) -> None:
    path = microsoft(tmp_path / "form.xlsx", (1, "ada", "Ada", 10), (2, "anonymous", "", 3))
    take(path, *PLACE, "zone=Europe/Berlin", "learner=Email", f"answer:{LIKELY}=nps")

    assert answers() == [{"nps": 10}]
    assert events("survey.answered")[0].occurred_at.isoformat() == "2026-02-10T08:30:00+00:00"


def test_an_answer_outside_its_scale_is_told_with_its_place(tmp_path: Path) -> None:
    path = microsoft(tmp_path / "form.xlsx", (1, "ada", "Ada", 11))
    text = refusal(path, *PLACE, "learner=Email", f"answer:{LIKELY}=nps")

    assert f"Line 2, column {LIKELY}: got “11”. Expected: a number from 0 to 10." in text


def test_a_survey_without_a_chosen_question_is_refused(tmp_path: Path) -> None:
    text = refusal(microsoft(tmp_path / "f.xlsx", (1, "ada", "Ada", 9)), *PLACE, "learner=Email")

    assert "Choose at least one question" in text


def test_an_edited_answer_is_a_correction(tmp_path: Path) -> None:
    choices = (*PLACE, "learner=Email", f"answer:{LIKELY}=nps")
    take(microsoft(tmp_path / "1.xlsx", (1, "ada", "Ada", 9)), *choices)
    text = take(microsoft(tmp_path / "2.xlsx", (1, "ada", "Ada", 2)), *choices)

    assert "1 replaced" in text
    assert answers() == [{"nps": 2}]


ROSTERS = {
    "thinkific": ("User Email", "Course Name", "Activated At", "Completed At", "% Completed"),
    "teachable": ("Email", "Course", "Enrolled at", "Completed at", "Percent complete"),
    "udemy": ("User Email", "Course Title", "Enrollment Date", "Completion Date", "Completion Ratio"),
}  # fmt: skip


@pytest.mark.parametrize("tool", ROSTERS)
def test_course_platforms_report_enrollments_and_completions(tmp_path: Path, tool: str) -> None:
    path = table(
        tmp_path / "report.csv", ROSTERS[tool],
        ("ada@example.com", "Python", "2026-08-01 09:00:00 UTC", "2026-09-01 09:00:00 UTC", "100"),
        ("bo@example.com", "Python", "2026-08-02 09:00:00 UTC", "", "35"),
    )  # fmt: skip
    text = take(path, create_unknown=True)
    started = [one for one in events("enrollment.started") if one.sender == tool]

    assert [one.learner for one in started] == ["ada@example.com", "bo@example.com"]
    assert [one.learner for one in events("course.completed")] == ["ada@example.com"]
    assert f"{tool.capitalize()}" in text
