"""Recount the publisher's files with plain CSV, without code of the importer.

Only the order of a course's modules is taken from the database. Days are in UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

Row = dict[str, str]
Codes = tuple[str, str]
Student = tuple[str, str, str]
# (numerator, denominator) by (course, run, first day of the quarter)
Sums = dict[tuple[str, str, str], list[float]]

BEGINS = {
    "2013J": "2013-10-01",
    "2014J": "2014-10-01",
    "2013B": "2013-02-01",
    "2014B": "2014-02-01",
}
PRODUCTIVE = ("quiz", "externalquiz", "repeatactivity", "questionnaire")


@dataclass
class Files:
    read: Callable[[str], Iterable[Row]]
    positions: dict[str, int]

    def __post_init__(self) -> None:
        self.lengths = {
            codes(row): int(row["module_presentation_length"]) for row in self.read("courses.csv")
        }
        self.assessments = {row["id_assessment"]: row for row in self.read("assessments.csv")}
        self.submissions = list(self.read("studentAssessment.csv"))
        self.registered = {student(row): row for row in self.read("studentRegistration.csv")}
        self.results = {student(row): row["final_result"] for row in self.read("studentInfo.csv")}


def codes(row: Row) -> Codes:
    return row["code_module"], row["code_presentation"]


def student(row: Row) -> Student:
    return (*codes(row), row["id_student"])


def start(run: str) -> datetime:
    return datetime.fromisoformat(BEGINS[run])


def day(run: str, offset: float) -> datetime:
    return start(run) + timedelta(days=offset)


def quarter(moment: datetime) -> datetime:
    return moment.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1, hour=0, minute=0, second=0)


def next_quarter(moment: datetime) -> datetime:
    return quarter(quarter(moment) + timedelta(days=95))


def first_day(row: Row) -> float:
    return max(0, int(row["date_registration"] or 0))


def is_counted(files: Files, who: Student) -> bool:
    """True unless the student left within a week of the start, which cancels the enrollment."""
    row = files.registered[who]
    left = row["date_unregistration"]
    return not left or int(left) + 0.5 >= first_day(row) + 7


def add(sums: Sums, of: Codes, when: datetime, numerator: float, denominator: float) -> None:
    cell = sums[(*of, quarter(when).date().isoformat())]
    cell[0] += numerator
    cell[1] += denominator


def completion_rate(files: Files) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0])
    for who, row in files.registered.items():
        if is_counted(files, who):
            due = day(who[1], first_day(row) + 1.5 * files.lengths[who[:2]])
            add(sums, who[:2], due, files.results[who] in ("Pass", "Distinction"), 1)
    return sums


def assessment_performance(files: Files) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0])
    for row in files.submissions:
        of = codes(files.assessments[row["id_assessment"]])
        if row["score"] and is_counted(files, (*of, row["id_student"])):
            when = day(of[1], int(row["date_submitted"]) + 0.5)
            add(sums, of, when, float(row["score"]) / 100, 1)
    return sums


def progress_velocity(files: Files) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0])
    handed_in = {(row["id_assessment"], row["id_student"]): row for row in files.submissions}
    sat = {row["id_assessment"] for row in files.submissions}
    by_codes = defaultdict(list)
    for key, row in files.assessments.items():
        is_practice = row["assessment_type"] == "CMA" and float(row["weight"]) == 0
        if not is_practice and (row["assessment_type"] != "Exam" or key in sat):
            by_codes[codes(row)].append(row)
    for who in filter(lambda who: is_counted(files, who), files.registered):
        for row in by_codes[who[:2]]:
            last = int(row["date"] or files.lengths[who[:2]] - 1)
            due = day(who[1], last + 1)
            done = handed_in.get((row["id_assessment"], who[2]))
            in_time = done and day(who[1], int(done["date_submitted"]) + 0.5) < next_quarter(due)
            add(sums, who[:2], due, 120 if in_time else 0, 120)
    return sums


def quiz_participation(files: Files) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0])
    handed_in = defaultdict(list)
    for row in files.submissions:
        of = codes(files.assessments[row["id_assessment"]])
        handed_in[(*of, row["id_student"])].append(row)
    quizzes_of = defaultdict(list)
    for key, row in files.assessments.items():
        if row["assessment_type"] == "CMA":
            quizzes_of[codes(row)].append(key)
    for who, rows in handed_in.items():
        if not is_counted(files, who):
            continue
        for quiz in quizzes_of[who[:2]]:
            traces = [
                int(row["date_submitted"])
                for row in rows
                if files.positions[row["id_assessment"]] >= files.positions[quiz]
            ]
            if traces:
                tried = any(row["id_assessment"] == quiz for row in rows)
                add(sums, who[:2], day(who[1], min(traces) + 0.5), tried, 1)
    return sums


def interaction_rate(files: Files) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0])
    types = {row["id_site"]: row["activity_type"] for row in files.read("vle.csv")}
    weeks: dict[tuple[Student, datetime], bool] = defaultdict(bool)
    for row in files.read("studentVle.csv"):
        when = day(row["code_presentation"], int(row["date"]))
        monday = when - timedelta(days=when.weekday())
        weeks[student(row), monday] |= types[row["id_site"]] in PRODUCTIVE
    for (who, monday), is_productive in weeks.items():
        if is_counted(files, who):
            add(sums, who[:2], monday, is_productive, 1)
    return sums


def clicks(files: Files) -> Counter[Codes]:
    found: Counter[Codes] = Counter()
    for row in files.read("studentVle.csv"):
        found[codes(row)] += int(row["sum_click"])
    return found


RECOUNTS = {
    "completion-rate": completion_rate,
    "progress-velocity": progress_velocity,
    "assessment-performance": assessment_performance,
    "quiz-participation": quiz_participation,
    "interaction-rate": interaction_rate,
}
