"""Gradebooks of Canvas, grade reports of Open edX, and OneRoster sets."""

# ruff: noqa: E501  # rows as long as the tools write them

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from intake.models import Event
from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
CANVAS = (
    ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Essay (101)", "Quiz (102)", "Final Score"),
    ("", "", "", "", "", "", "Manual Posting", ""),
    ("    Points Possible", "", "", "", "", "40.00", "10.00", "(read only)"),
    ("Lovelace, Ada", "42", "u1", "ada", "S1", "34", "EX", "85"),
    ("Byron, Bo", "43", "u2", "bo", "S1", "N/A", "9.5", "95"),
    ("Student, Test", "99", "", "bbc67", "S1", "1", "1", "1"),
)  # fmt: skip
CHOICES = ("course=py", "learner=SIS Login ID", "graded_on=2026-03-31")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def test_canvas_grades_are_out_of_the_points_possible(tmp_path: Path) -> None:
    text = take(table(tmp_path / "grades.csv", *CANVAS), *CHOICES)
    made = {
        (one.learner, one.object): (one.value, one.data["max"])
        for one in events("assessment.graded")
    }

    assert made == {("ada", "Essay (101)"): (34, 40), ("bo", "Quiz (102)"): (9.5, 10)}
    assert "1 left out, in line 4: excused" in text
    assert "1 left out, in line 6: the test student" in text


def test_the_key_of_learners_is_asked_with_examples(tmp_path: Path) -> None:
    text = refusal(table(tmp_path / "grades.csv", *CANVAS), "course=py", "graded_on=2026-03-31")

    assert "SIS Login ID: SIS Login ID – ada" in text


def test_a_grade_that_is_no_number_is_told_with_its_place(tmp_path: Path) -> None:
    rows = [list(row) for row in CANVAS]
    rows[3][5] = "about 30"
    text = refusal(table(tmp_path / "grades.csv", *rows), *CHOICES)

    assert "Line 4, column Essay (101): got “about 30”. Expected: a number such as 0.85." in text


def test_assignments_without_an_id_are_known_by_their_points(tmp_path: Path) -> None:
    rows = [list(row) for row in CANVAS]
    rows[0][5] = "Essay"
    take(table(tmp_path / "grades.csv", *rows), *CHOICES)

    assert {one.object for one in events("assessment.graded")} == {"Essay", "Quiz (102)"}


def test_names_apart_letters_and_several_sections_are_read(tmp_path: Path) -> None:
    """As exported with a byte-order mark, semicolons and decimal commas."""
    path = table(
        tmp_path / "grades.csv",
        ("LastName", "FirstName", "ID", "SIS Login ID", "Section", "Notes", "Essay (101)", "Pass (102)", "Final Score", "Override Score"),
        ("", "", "", "", "", "", "Manual Posting", "", "", ""),
        ("    Points Possible", "", "", "", "", "(solo lectura)", "40,00", "4,00", "(solo lectura)", ""),
        ("Lovelace", "Ada", "42", "ada", "S1, S2 and Algebra", "asks a lot", "34,50", "A-", "85,00", "90"),
        ("Student", "Test", "99", "bbc67", "S1", "", "1,00", "", "1,00", ""),
        delimiter=";", encoding="utf-8-sig",
    )  # fmt: skip
    text = take(path, "course=py", "learner=SIS Login ID", "graded_on=2026-03-31")
    (one,) = events("assessment.graded")

    assert (one.learner, one.object, one.value) == ("ada", "Essay (101)", 34.5)
    assert "a letter without points" in text
    assert "1 left out, in line 5: the test student" in text


EDX = (
    ("Student ID", "Email", "Username", "Grade", "Homework 1: Loops", "Homework (Avg)", "Enrollment Track", "Verification Status", "Certificate Eligible", "Certificate Delivered", "Certificate Type"),
    ("1", "ada@example.com", "ada", "0.8", "0.75", "0.75", "verified", "N/A", "Y", "Y", "verified"),
    ("2", "cleo@example.com", "cleo", "0.0", "Not Attempted", "0.0", "audit", "N/A", "N", "N", "N/A"),
)  # fmt: skip


def test_an_open_edx_report_has_grades_tracks_and_certificates(tmp_path: Path) -> None:
    path = table(tmp_path / "grade_report.csv", *EDX)
    choices = ("course=py", "learner=Username", "graded_on=2026-03-31", "enrolled_on=2026-01-10")
    take(path, *choices, create_unknown=True)
    tracks = {one.learner: one.data["track"] for one in events("enrollment.started") if one.data}

    assert [(one.learner, one.value) for one in events("assessment.graded")] == [("ada", 0.75)]
    assert tracks == {"ada": "certificate", "cleo": "audit"}
    assert [one.learner for one in events("certificate.earned")] == ["ada"]


def test_an_open_edx_report_of_problems_has_points(tmp_path: Path) -> None:
    problem = "Homework 1: Loops - Sum"
    path = table(
        tmp_path / "problems.csv",
        ("Student ID", "Email", "Username", "Enrollment Status", "Grade", f"{problem} (Earned)", f"{problem} (Possible)"),
        ("1", "ada@example.com", "ada", "enrolled", "0.5", "3.0", "4.0"),
        ("2", "bo@example.com", "bo", "enrolled", "0.0", "Not Attempted", "4.0"),
    )  # fmt: skip
    text = take(path, "course=py", "learner=Username", "graded_on=2026-03-31")
    (one,) = events("assessment.graded")

    assert (one.learner, one.object, one.value, one.data["max"]) == ("ada", problem, 3, 4)
    assert "1 left out, in line 3: not attempted or not available" in text


FILES = {
    "manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,bulk\nfile.enrollments,bulk\nfile.results,bulk\nfile.orgs,absent\n",
    "users.csv": "sourcedId,status,enabledUser,orgSourcedIds,role,username,email\nu1,,true,o1,student,ada,ada@example.com\nt1,,true,o1,teacher,bo,bo@example.com\n",
    "courses.csv": "sourcedId,status,title,courseCode\nc1,,Python,py\n",
    "classes.csv": "sourcedId,status,title,courseSourcedId,termSourcedIds\nr1,,Spring,c1,s1\n",
    "academicSessions.csv": "sourcedId,status,title,type,startDate,endDate\ns1,,Spring,term,2026-01-05,2026-06-30\n",
    "enrollments.csv": "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\ne1,,r1,o1,u1,student,,,\ne2,,r1,o1,t1,teacher,,,\n",
    "lineItems.csv": "sourcedId,status,title,classSourcedId,resultValueMin,resultValueMax\nli1,,Quiz,r1,0,20\n",
    "results.csv": "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate\nx1,,,li1,u1,fully graded,17,2026-02-10\nx2,,,li1,u1,exempt,,2026-02-11\n",
}
ROSTER = ("learner=username", "course_key=courseCode", "zone=Europe/Berlin")


def roster(path: Path, **changed: str) -> Path:
    with ZipFile(path, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, changed.get(name.removesuffix(".csv"), text))
    return path


def test_a_oneroster_set_brings_students_and_results(tmp_path: Path) -> None:
    text = take(roster(tmp_path / "set.zip"), *ROSTER, create_unknown=True)
    (grade,) = events("assessment.graded")
    sign_up = Event.objects.get(kind="enrollment.started", sender="oneroster")

    assert (sign_up.learner, sign_up.course_key, sign_up.run_key) == ("ada", "py", "r1")
    assert sign_up.occurred_at.isoformat() == "2026-01-04T23:00:00+00:00"
    assert (grade.learner, grade.value, grade.data["max"]) == ("ada", 17, 20)
    assert "the role “teacher” is no student" in text


def test_a_delta_takes_back_what_is_to_be_deleted(tmp_path: Path) -> None:
    take(roster(tmp_path / "bulk.zip"), *ROSTER, create_unknown=True)
    head = FILES["results.csv"].splitlines()[0]
    gone = f"{head}\nx1,tobedeleted,2026-03-01T00:00:00Z,li1,u1,fully graded,17,2026-02-10\n"
    text = take(roster(tmp_path / "delta.zip", results=gone), *ROSTER, create_unknown=True)

    assert events("assessment.graded") == []
    assert "1 retracted" in text


def test_a_delta_leaves_out_classes_that_have_not_changed(tmp_path: Path) -> None:
    take(roster(tmp_path / "bulk.zip"), *ROSTER, create_unknown=True)
    head = FILES["results.csv"].splitlines()[0]
    more = f"{head}\nx3,,2026-03-01T00:00:00Z,li1,u1,fully graded,20,2026-03-10\n"
    none = {"classes": FILES["classes.csv"].splitlines()[0], "courses": "sourcedId,courseCode\n"}
    none["enrollments"] = FILES["enrollments.csv"].splitlines()[0]
    take(roster(tmp_path / "delta.zip", results=more, **none), *ROSTER, create_unknown=True)

    assert [one.value for one in events("assessment.graded")] == [17, 20]


def test_a_result_without_its_line_item_is_told_with_file_and_line(tmp_path: Path) -> None:
    path = roster(tmp_path / "set.zip", lineItems=FILES["lineItems.csv"].splitlines()[0] + "\n")
    text = refusal(path, *ROSTER, create_unknown=True)

    assert "Line 2, column results.csv: lineItemSourcedId: got “li1”." in text


def test_a_set_without_manifest_or_of_another_version_is_refused(tmp_path: Path) -> None:
    text = refusal(
        roster(tmp_path / "set.zip", manifest="propertyName,value\noneroster.version,2.0\n")
    )

    assert "version “2.0”; 1.1 and 1.2 are read" in text


def test_a_set_in_a_folder_with_marks_and_windows_lines_is_read(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("__MACOSX/export/._users.csv", b"\x00\x05")
        for name, text in FILES.items():
            content = "\ufeff" + text.replace("\n", "\r\n")
            archive.writestr(f"export/{name}", content)
    take(tmp_path / "set.zip", *ROSTER, create_unknown=True)

    assert [one.value for one in events("assessment.graded")] == [17]


def test_version_1_2_is_read_as_well(tmp_path: Path) -> None:
    manifest = FILES["manifest.csv"].replace("oneroster.version,1.1", "oneroster.version,1.2")
    take(roster(tmp_path / "set.zip", manifest=manifest), *ROSTER, create_unknown=True)

    assert len(events("assessment.graded")) == 1
