"""Moodle's gradebooks in other languages, and its reports of completion and of quiz attempts."""

# ruff: noqa: E501  # rows as long as Moodle writes them

from __future__ import annotations

from pathlib import Path

import pytest

from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
GRADED = ("course=py", "graded_on=2026-03-31")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def grades() -> dict[str, tuple[float | None, float]]:
    return {one.object: (one.value, one.data["max"]) for one in events("assessment.graded")}


GERMAN = (
    *("Vorname", "Nachname", "ID-Nummer", "Institution", "Abteilung", "E-Mail-Adresse"),
    *("Test: Schleifen (Punkte)", "Test: Schleifen (Prozentsatz)", "Test: Schleifen (Note)", "Test: Schleifen (Feedback)"),
    *("Kurs gesamt (Punkte)", "Zuletzt aus diesem Kurs geladen"),
)  # fmt: skip


def test_a_german_gradebook_has_the_same_grades(tmp_path: Path) -> None:
    ada = ("Ada", "Lovelace", "", "", "", "ada", "8,00", "80,00 %", "B", "Gut;\nweiter so", "8,00", "1788817258")  # fmt: skip
    bo = ("Bo", "Byron", "", "", "", "bo", "-", "-", "-", "", "-", "1788817258")
    text = take(table(tmp_path / "noten.csv", GERMAN, ada, bo, delimiter=";"), *GRADED)

    assert grades() == {"Test: Schleifen": (80, 100)}
    assert "1 left out, in line 4: no grade yet" in text


def test_two_activities_of_one_name_are_two_assessments(tmp_path: Path) -> None:
    header = ("First name", "Last name", "Email address", "Quiz: Test (Percentage)", "Quiz: Test (Percentage)", "Last downloaded from this course")  # fmt: skip
    row = ("Ada", "Lovelace", "ada", "80.00 %", "60.00 %", "1788817258")
    take(table(tmp_path / "grades.csv", header, row), *GRADED)

    assert grades() == {"Quiz: Test": (80, 100), "Quiz: Test (2)": (60, 100)}


def test_a_gradebook_with_tabs_in_utf_16(tmp_path: Path) -> None:
    header = ("Nombre", "Apellido(s)", "Dirección de correo", "Cuestionario: Años (Porcentaje)", "Última descarga de este curso")  # fmt: skip
    row = ("Ada", "Lovelace", "ada", "82,50 %", "1788817258")
    take(table(tmp_path / "g.txt", header, row, delimiter="\t", encoding="utf-16"), *GRADED)

    assert grades() == {"Cuestionario: Años": (82.5, 100)}


ACTIVITIES = ("", "ID number", "Email address", "Page: FAQ", "", "Quiz", "2026-09-30 00:00:00")


def report(path: Path, *rows: tuple[str, ...], header: tuple[str, ...] = ACTIVITIES) -> Path:
    return table(path, header, *rows, delimiter="\t", encoding="utf-16")


PLACE = ("course=py", "zone=Europe/Berlin")


def test_completed_activities_are_completed_modules(tmp_path: Path) -> None:
    path = report(
        tmp_path / "progress.csv",
        ("Ada Lovelace", "", "ada", "Completed", "2026-09-07 21:40:58", "Not completed", ""),
        ("Bo Byron", "", "bo", "Not completed (set by Cleo)", "2026-09-08 10:00:00", "Completed (achieved pass grade)", "2026-09-09 10:00:00"),
    )  # fmt: skip
    text = take(path, *PLACE, "learner=Email address", create_unknown=True)
    done = [(one.learner, one.module_key) for one in events("module.completed")]

    assert done == [("ada", "Page: FAQ"), ("bo", "Quiz")]
    assert events("module.completed")[0].occurred_at.isoformat() == "2026-09-07T19:40:58+00:00"
    assert "2 left out, the first in line 2: not completed" in text


def test_completion_is_read_in_other_languages(tmp_path: Path) -> None:
    header = ("", "E-Mail-Adresse", "Textseite", "")
    path = report(
        tmp_path / "progress.csv", ("Ada", "ada", "Abgeschlossen", "2026-09-07 21:40:58"),
        ("Bo", "bo", "Nicht abgeschlossen", ""), header=header,
    )  # fmt: skip
    take(path, *PLACE, "learner=E-Mail-Adresse", create_unknown=True)

    assert [one.learner for one in events("module.completed")] == ["ada"]


def test_a_state_that_nobody_knows_is_told_with_its_place(tmp_path: Path) -> None:
    path = report(
        tmp_path / "progress.csv", ("Ada", "", "ada", "Completed", "2026-09-07 21:40:58", "", ""),
        ("Bo", "", "bo", "Kläret", "2026-09-07 21:40:58", "", ""),
    )  # fmt: skip
    text = refusal(path, *PLACE, "learner=Email address", create_unknown=True)

    assert "Line 3, column Page: FAQ: got “Kläret”. Expected: a state such as Completed" in text


def test_the_course_completion_report_ends_with_the_course(tmp_path: Path) -> None:
    header = ("ID", "Name", "Email address", "Quiz", "Quiz - Completion date", "Course complete")
    path = table(
        tmp_path / "completion.csv", header,
        ("7", "Ada Lovelace", "ada", "Completed", "7/09/26, 21:40", "31/10/26, 08:00"),
        ("8", "Bo Byron", "bo", "Not completed", "", ""),
    )  # fmt: skip
    take(path, *PLACE, "learner=Email address", create_unknown=True)

    assert [one.module_key for one in events("module.completed")] == ["Quiz"]
    assert [one.learner for one in events("course.completed")] == ["ada"]
    assert events("course.completed")[0].occurred_at.month == 10


QUIZ = ("Last name", "First name", "Email address", "State", "Started on", "Completed", "Time taken", "Grade/10.00", "Q. 1 /5.00", "Q. 2 /5.00")  # fmt: skip
ATTEMPTS = (
    ("Lovelace", "Ada", "ada", "Finished", "7 September 2026  9:10 PM", "7 September 2026  9:40 PM", "30 mins", "6.00", "5.00", "1.00"),
    ("Lovelace", "Ada", "ada", "Finished", "8 September 2026  9:10 PM", "8 September 2026  9:40 PM", "30 mins", "9.50", "5.00", "4.50"),
    ("Byron", "Bo", "bo", "In progress", "8 September 2026  9:10 PM", "-", "-", "-", "-", "-"),
    ("Byron", "Bo", "bo", "Finished", "9 September 2026  9:10 PM", "9 September 2026  9:40 PM", "30 mins", "Not yet graded", "Requires grading", "1.00"),
    ("Overall average", "", "", "", "", "", "", "7.75", "5.00", "2.75"),
)  # fmt: skip


def test_each_finished_attempt_is_graded(tmp_path: Path) -> None:
    text = take(table(tmp_path / "quiz.csv", QUIZ, *ATTEMPTS), *PLACE, "quiz=Loops")
    graded = [(one.learner, one.value, one.data) for one in events("assessment.graded")]

    assert graded == [
        ("ada", 6, {"max": 10, "attempt": 1}),
        ("ada", 9.5, {"max": 10, "attempt": 2}),
    ]
    assert len(events("quiz.attempted")) == 3
    assert "1 left out, in line 4: the attempt is not finished" in text
    assert "1 left out, in line 5: the attempt is not graded" in text
    assert "1 left out, in line 6: a row of totals" in text


def test_attempts_are_recognized_in_french(tmp_path: Path) -> None:
    header = ("Nom de famille", "Prénom", "Adresse de courriel", "État", "Commencé le", "Terminé", "Temps utilisé", "Note/10,00")  # fmt: skip
    row = ("Lovelace", "Ada", "ada", "Terminé", "7 septembre 2026  21:10", "7 septembre 2026  21:40", "30 min", "8,50")  # fmt: skip
    take(table(tmp_path / "quiz.csv", header, row, delimiter=";"), *PLACE, "quiz=Boucles")

    assert grades() == {"Boucles": (8.5, 10)}


def test_attempts_of_a_later_report_are_known(tmp_path: Path) -> None:
    take(table(tmp_path / "1.csv", QUIZ, *ATTEMPTS[:1]), *PLACE, "quiz=Loops")
    text = take(table(tmp_path / "2.csv", QUIZ, *ATTEMPTS[:2]), *PLACE, "quiz=Loops")

    assert "2 new, 0 replaced, 2 already stored" in text
