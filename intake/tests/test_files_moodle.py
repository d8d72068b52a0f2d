"""Files of Moodle: logs with names, the log table, and gradebooks."""

# ruff: noqa: E501  # rows as long as the tools write them

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from curriculum.models import Learner
from intake.models import Event, LearnerAlias
from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
LOG = (
    *("Time", "User full name", "Affected user", "Event context", "Component", "Event name"),
    *("Description", "Origin", "IP address"),
)
CHOICES = ("course=py", "date_order=dmy", "zone=Europe/Berlin", "learner=id")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    Event.objects.filter(kind="content.viewed").delete()


def entry(
    time: str, name: str, text: str, who: str = "Ada Lovelace", other: str = "-"
) -> list[str]:
    return [time, who, other, "Page: FAQ", "Page", name, text, "web", "172.18.0.1"]


def viewed(time: str = "7/09/26, 21:40:58", user: str = "1046") -> list[str]:
    text = f"The user with id '{user}' viewed the 'page' activity with course module id '643'."
    return entry(time, "Course module viewed", text)


def test_a_log_becomes_events_of_the_user_in_the_description(tmp_path: Path) -> None:
    log = table(
        tmp_path / "logs.csv",
        LOG,
        viewed(),
        entry(
            "8/09/26, 10:00:00",
            "Quiz attempt submitted",
            "The user with id '1046' has submitted the attempt with id '7' for the quiz with course module id '12'.",
        ),
    )  # as Moodle writes it
    take(log, *CHOICES, "enroll=first", create_unknown=True)
    (one,) = events("content.viewed")

    assert (one.learner, one.course_key, one.object) == ("1046", "py", "cm-643")
    assert one.occurred_at.isoformat() == "2026-09-07T19:40:58+00:00"
    assert [one.object for one in events("quiz.attempted")] == ["cm-12"]
    assert events("enrollment.started")[-1].occurred_at == one.occurred_at


def test_learners_who_are_not_enrolled_are_rejected_unless_somebody_enrolls_them(
    tmp_path: Path,
) -> None:
    log = table(tmp_path / "logs.csv", LOG, viewed())

    assert "Line 2" in refusal(log, *CHOICES, create_unknown=True)


def test_the_order_of_day_and_month_is_asked_with_both_readings(tmp_path: Path) -> None:
    log = table(tmp_path / "logs.csv", LOG, viewed())
    text = refusal(log, "course=py", "learner=id")

    assert "dmy: Day first – “7/09/26, 21:40:58” is 7 Sep 2026" in text
    assert "mdy: Month first – “7/09/26, 21:40:58” is 9 Jul 2026" in text


def test_an_order_that_a_date_rules_out_is_not_asked(tmp_path: Path) -> None:
    log = table(tmp_path / "logs.csv", LOG, viewed(), viewed("31/08/26, 08:00:00"))
    take(log, "course=py", "learner=id", "enroll=first", create_unknown=True)

    assert [one.occurred_at.month for one in events("content.viewed")] == [8, 9]


def test_entries_that_are_no_events_are_counted_with_a_reason(tmp_path: Path) -> None:
    log = table(
        tmp_path / "logs.csv", LOG, viewed(),
        entry("7/09/26, 21:41:00", "Dashboard viewed", "The user with id '1046' has viewed their dashboard"),
        entry("7/09/26, 21:42:00", "Dashboard viewed", "The user with id '1046' has viewed their dashboard"),
    )  # fmt: skip
    text = take(log, *CHOICES, "enroll=first", create_unknown=True)

    assert "2 left out, the first in line 3: the entry “Dashboard viewed” is no event" in text


def test_the_same_lines_in_a_later_log_count_once(tmp_path: Path) -> None:
    options = {"create_unknown": True}
    take(table(tmp_path / "1.csv", LOG, viewed(), viewed()), *CHOICES, "enroll=first", **options)
    later = table(tmp_path / "2.csv", LOG, viewed("9/09/26, 08:00:00"), viewed(), viewed())
    take(later, *CHOICES, "enroll=first", **options)

    assert len(events("content.viewed")) == 3


def test_an_older_log_moves_the_enrollment_back(tmp_path: Path) -> None:
    options = {"create_unknown": True}
    take(table(tmp_path / "1.csv", LOG, viewed()), *CHOICES, "enroll=first", **options)
    older = table(tmp_path / "2.csv", LOG, viewed("1/08/26, 08:00:00"))
    take(older, *CHOICES, "enroll=first", **options)

    assert len(events("content.viewed")) == 2


def test_a_learner_who_is_enrolled_under_another_key_stays_enrolled_once(tmp_path: Path) -> None:
    ada = Learner.objects.get(key="ada")
    LearnerAlias.objects.create(key="1046", learner=ada, merged_at=timezone.now())
    take(table(tmp_path / "logs.csv", LOG, viewed()), *CHOICES, "enroll=first")

    assert len(events("content.viewed")) == 1
    assert not [one for one in events("enrollment.started") if one.sender == "moodle-log"]


def test_the_affected_user_is_the_one_who_enrolls(tmp_path: Path) -> None:
    text = "The user with id '2' enrolled the user with id '5' using the enrolment method 'manual' in the course with id '3'."
    row = entry("1/02/26, 08:00:00", "User enrolled in course", text, "Admin User", "Cleo")
    take(table(tmp_path / "logs.csv", LOG, row), *CHOICES, create_unknown=True)

    assert events("enrollment.started")[-1].learner == "5"


STORE = ("id", "eventname", "userid", "relateduserid", "courseid", "contextlevel", "contextinstanceid", "timecreated")  # fmt: skip


def test_the_log_table_has_seconds_and_ids(tmp_path: Path) -> None:
    rows = (STORE, ("900", r"\mod_page\event\course_module_viewed", "5", "", "3", "70", "643", "1788817258"))  # fmt: skip
    path = table(tmp_path / "log.tsv", *rows, delimiter="\t")
    take(path, "enroll=first", create_unknown=True)
    (one,) = events("content.viewed")

    assert (one.learner, one.course_key, one.object) == ("5", "3", "cm-643")
    assert one.occurred_at.isoformat() == "2026-09-07T21:40:58+00:00"


GRADES = (
    *("First name", "Surname", "ID number", "Institution", "Department", "Email address"),
    *("Quiz: Loops (Real)", "Quiz: Loops (Percentage)", "Assignment: Essay (Real)"),
    *("Course total (Real)", "Last downloaded from this course"),
)


def grades(quiz: str, essay: str) -> list[str]:
    person = ["Ada", "Lovelace", "", "", "", "ada"]
    return [*person, "8.00", quiz, essay, "12.00", "1788817258"]


def test_a_gradebook_is_unpivoted_and_a_dash_is_no_grade(tmp_path: Path) -> None:
    path = table(tmp_path / "grades.csv", GRADES, grades("80.00 %", "-"))
    text = take(path, "course=py", "graded_on=2026-03-31", "max=20")
    (one,) = events("assessment.graded")

    assert (one.learner, one.object, one.value, one.data["max"]) == ("ada", "Quiz: Loops", 80, 100)
    assert "1 left out, in line 2: no grade yet" in text


def test_a_grade_that_changes_is_a_correction_and_keeps_its_date(tmp_path: Path) -> None:
    first = table(tmp_path / "1.csv", GRADES, grades("80.00 %", "10.00"))
    take(first, "course=py", "graded_on=2026-03-31", "max=20")
    second = table(tmp_path / "2.csv", GRADES, grades("80.00 %", "15.00"))
    text = take(second, "course=py", "graded_on=2026-06-30", "max=20")

    assert "0 new, 1 replaced, 1 already stored" in text
    assert {one.occurred_at.month for one in events("assessment.graded")} == {3}
    assert sorted(one.value or 0 for one in events("assessment.graded")) == [15, 80]


def test_a_grade_above_the_maximum_is_rejected_or_lowered(tmp_path: Path) -> None:
    path = table(tmp_path / "grades.csv", GRADES, grades("80.00 %", "25.00"))
    text = refusal(path, "course=py", "graded_on=2026-03-31", "max=20")
    assert "Line 2, column Assignment: Essay (Real): 25.00 is not between 0 and" in text

    take(path, "course=py", "graded_on=2026-03-31", "max=20", "bonus=cap")
    assert sorted(one.value or 0 for one in events("assessment.graded")) == [20, 80]


def test_decimal_commas_are_read(tmp_path: Path) -> None:
    path = table(tmp_path / "grades.csv", GRADES, grades("82,50 %", "-"), delimiter=";")
    take(path, "course=py", "graded_on=2026-03-31", "max=20")

    assert events("assessment.graded")[0].value == 82.5
