"""The grade report of an Open edX course (instructor dashboard, Data Download)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import (
    Choice,
    Chosen,
    course_choice,
    day_choice,
    decimal_choice,
    learner_choice,
)
from intake.files.records import Record, Sample, plain
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.grades import grade, graded_on_choice

NOT_GRADES = {
    "student id", "email", "username", "last name", "first name", "grade", "grade percent",
    "cohort name", "team name", "enrollment track", "verification status",
    "certificate eligible", "certificate delivered", "certificate type", "enrollment status",
    "course id", "grade (avg)",
}  # fmt: skip
NO_GRADE = {"", "not attempted", "not available", "n/a", "-"}
# tracks without a certificate
AUDIT = {"", "audit", "honor", "n/a", "unpaid-executive-education"}


class OpenEdxGrades(Shape):
    key = "openedx-grades"
    title = gettext_lazy("Open edX grade report")
    about = gettext_lazy(
        "A grade per learner and graded unit, the track, and certificates that were delivered. "
        "“Not Attempted” and averages are left out."
    )
    signature = (
        ("Student ID",), ("Email",), ("Username",), ("Grade", "Grade Percent"),
        ("Enrollment Track", "Certificate Delivered"),
    )  # fmt: skip

    def choices(self, sample: Sample) -> list[Choice]:
        return [
            *course_choice(sample),
            *learner_choice(sample, "Username", "Email", "Student ID"),
            graded_on_choice(),
            _enrolled_on_choice(),
            *decimal_choice(sample, *_graded(sample)),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        columns = _graded(sample)
        at = chosen.day("graded_on")
        start = chosen.day("enrolled_on") if "enrolled_on" in chosen else None
        place = {"course": chosen["course"], "run": chosen.get("run", "")}

        def read(record: Record) -> Iterator[Made | Skip]:
            learner = record.get(chosen["learner"])
            if not learner:
                yield Skip(gettext("the row has no “%s”") % chosen["learner"])
                return
            who: dict[str, Any] = {"learner": learner, **place}
            key, named = (*place.values(), learner), {"learner": chosen["learner"]}
            if start:
                track = record.get("Enrollment Track").casefold()
                yield Made(
                    "enrollment.started", key, start, **who, is_undated=True,
                    data={"track": "audit" if track in AUDIT else "certificate"}, columns=named,
                )  # fmt: skip
            for column in columns:
                if record.get(column).casefold() in NO_GRADE:
                    yield Skip(gettext("not attempted or not available"))
                    continue
                yield grade(
                    record, column, column, value=chosen.number(record, column) or "0", best="1",
                    at=at, chosen=chosen, learner=learner, columns=named,
                )  # fmt: skip
            if record.get("Certificate Delivered").casefold() in ("y", "yes"):
                yield Made("certificate.earned", key, at, **who, columns=named, is_undated=True)

        return read


def _enrolled_on_choice() -> Choice:
    return day_choice(
        "enrolled_on",
        gettext_lazy("Date of enrollment"),
        gettext_lazy(
            "The report does not say when learners enrolled. With a date, each is enrolled on it, "
            "in the track of the report; empty: only the grades of enrolled learners are imported."
        ),
        required=False,
    )


def _graded(sample: Sample) -> list[str]:
    return [
        name
        for name in sample.header.names
        if name.strip()
        and plain(name) not in NOT_GRADES
        and not plain(name).endswith("(avg)")
        and not plain(name).startswith("experiment group")
    ]
