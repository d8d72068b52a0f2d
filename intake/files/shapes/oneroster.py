"""A OneRoster set of CSV files in a ZIP, versions 1.1 and 1.2, bulk and delta."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from curriculum.models import CourseRun
from intake.csv.numbers import number_of
from intake.files.choices import CellError, Choice, Chosen, Option, day_choice, got, zone_choice
from intake.files.records import Header, Record, RecordTable, Sample
from intake.files.shapes.base import Made, Skip
from intake.tables.errors import TableError
from intake.tables.opening import ManyTables

MANIFEST, ENROLLMENTS, RESULTS = "manifest.csv", "enrollments.csv", "results.csv"
GRADED = {"fully graded", "partially graded"}
DELETED = "tobedeleted"
VERSIONS = ("1.1", "1.2")


class OneRoster:
    """The files of a set, and the rows that they give."""

    key = "oneroster"
    title = gettext_lazy("OneRoster")
    about = gettext_lazy(
        "Enrollments of students, and graded results out of the maximum of their line item. Rows "
        "“tobedeleted” take back what they brought; exempt and ungraded results are left out."
    )

    def __init__(self, tables: ManyTables) -> None:
        """Raises TableError if the set has no manifest, or one of another version."""
        self.tables = tables
        self.name = tables.name
        manifest = {
            one.get("propertyName"): one.get("value") for one in self._rows(MANIFEST, required=True)
        }
        self.version = manifest.get("oneroster.version", "")
        if self.version.removeprefix("v") not in VERSIONS:
            message = gettext(
                "manifest.csv names the OneRoster version “%(version)s”; 1.1 and 1.2 are read."
            )
            raise TableError(message % {"version": self.version})
        absent = {
            name.removeprefix("file.") + ".csv" for name, how in manifest.items() if how == "absent"
        }
        announced = {
            f"{name.removeprefix('file.')}.csv" for name, how in manifest.items()
            if name.startswith("file.") and how in ("bulk", "delta")
        }  # fmt: skip
        lost = sorted(
            one for one in announced if one.casefold() not in tables.parts and one not in absent
        )
        if lost:
            message = gettext("manifest.csv announces %(files)s, which the ZIP does not contain.")
            raise TableError(message % {"files": ", ".join(lost)})

    def choices(self) -> list[Choice]:
        users, courses = (self._sample(name) for name in ("users.csv", "courses.csv"))
        dates = self._sample(ENROLLMENTS)
        return [
            _which("learner", gettext("Learners"), users, "sourcedId", "username", "email",
                   "identifier"),
            _which("course_key", gettext("Courses"), courses, "sourcedId", "courseCode", "title"),
            *zone_choice(dates, "beginDate"),
            day_choice(
                "enrolled_on", gettext("Date of enrollment"),
                gettext("For enrollments without a beginDate and terms without a startDate, such "
                        "as 2026-03-31; without it, they are rejected."), required=False,
            ),
        ]  # fmt: skip

    def read(self, chosen: Chosen) -> Iterator[tuple[str, Record, Iterator[Made | Skip]]]:
        """Yield the rows of the files, each with the name of its file and what it gives."""
        for record in self._rows(ENROLLMENTS):
            yield ENROLLMENTS, record, self._enrollment(record, chosen)
        for record in self._rows(RESULTS):
            yield RESULTS, record, self._result(record, chosen)

    def _enrollment(self, record: Record, chosen: Chosen) -> Iterator[Made | Skip]:
        key = (record.get("sourcedId"),)
        if record.get("status").casefold() == DELETED:
            yield Made("enrollment.started", key, None, is_gone=True)
            return
        if record.get("role").casefold() != "student":
            yield Skip(gettext("the role “%s” is no student") % record.get("role"))
            return
        class_id = record.get("classSourcedId")
        at = chosen.moment(record, "beginDate") or self._start_of_term(class_id, chosen)
        if at is None and "enrolled_on" in chosen:
            at = chosen.day("enrolled_on")
        if at is None:
            expected = gettext("a date, or a date of enrollment for all")
            raise CellError("beginDate", gettext("is empty."), expected)
        yield Made(
            "enrollment.started", key, at,
            learner=self._learner(record, "userSourcedId", chosen), run=class_id,
            course=self._course(record, class_id, chosen),
            columns={"learner": "userSourcedId", "course": "classSourcedId",
                     "run": "classSourcedId", "occurred_at": "beginDate"},
            is_undated=not record.get("beginDate"),
        )  # fmt: skip

    def _result(self, record: Record, chosen: Chosen) -> Iterator[Made | Skip]:
        key = (record.get("sourcedId"),)
        if record.get("status").casefold() == DELETED:
            yield Made("assessment.graded", key, None, is_gone=True)
            return
        status = record.get("scoreStatus").casefold()
        if status not in GRADED or not record.get("score"):
            yield Skip(gettext("the result is “%s”") % (status or gettext("without a score")))
            return
        item_id = record.get("lineItemSourcedId")
        item = self.line_items.get(item_id)
        if item is None:
            expected = gettext("a line item of lineItems.csv; export that file as well")
            raise CellError("lineItemSourcedId", got(item_id), expected)
        low, high = (self._bound(item, name) for name in ("resultValueMin", "resultValueMax"))
        score = number_of(record.get("score"))
        if score is None or high is None or not (low or 0) <= float(score) <= high:
            expected = gettext("a number between the bounds in lineItems.csv, %(low)s to %(high)s")
            bounds = {"low": low or 0, "high": high if high is not None else "?"}
            raise CellError("score", got(record.get("score")), expected % bounds)
        class_id = item.get("classSourcedId")
        yield Made(
            "assessment.graded", key, chosen.needed_moment(record, "scoreDate"),
            learner=self._learner(record, "studentSourcedId", chosen), run=class_id,
            course=self._course(record, class_id, chosen), object=item_id[:200],
            value=float(score) - (low or 0), data={"max": high - (low or 0)},
            columns={"learner": "studentSourcedId", "occurred_at": "scoreDate", "value": "score",
                     "course": "lineItemSourcedId", "run": "lineItemSourcedId"},
        )  # fmt: skip

    def _bound(self, item: Record, name: str) -> float | None:
        number = number_of(item.get(name))
        return float(number) if number else None

    def _learner(self, record: Record, column: str, chosen: Chosen) -> str:
        user_id, field = record.get(column), chosen["learner"]
        if field == "sourcedId":
            return user_id
        user = self.users.get(user_id)
        if user is None or not user.get(field):
            expected = gettext("a user of users.csv with a value of “%s”") % field
            raise CellError(column, got(user_id), expected)
        return user.get(field)

    def _course(self, record: Record, class_id: str, chosen: Chosen) -> str:
        found = self.classes.get(class_id)
        if found is None and class_id in self.known_runs:
            # a delta leaves out what has not changed
            return self.known_runs[class_id]
        if found is None:
            expected = gettext("a class of classes.csv; export that file as well")
            raise CellError("classSourcedId", got(class_id), expected)
        course_id, field = found.get("courseSourcedId"), chosen["course_key"]
        if field == "sourcedId":
            return course_id
        course = self.courses.get(course_id)
        if course is None or not course.get(field):
            expected = gettext("a course of courses.csv with a value of “%s”") % field
            raise CellError("classSourcedId", got(course_id), expected)
        return course.get(field)

    def _start_of_term(self, class_id: str, chosen: Chosen) -> datetime | None:
        found = self.classes.get(class_id)
        terms = found.get("termSourcedIds").split(",") if found else []
        starts = [
            start for one in terms
            if (term := self.terms.get(one.strip())) and (start := chosen.moment(term, "startDate"))
        ]  # fmt: skip
        return min(starts, default=None)

    @cached_property
    def known_runs(self) -> Mapping[str, str]:
        """The courses of the runs that are stored, for runs that one course has."""
        rows = CourseRun.objects.values_list("key", "course__key")
        counts = Counter(run for run, _ in rows)
        return {run: course for run, course in rows if counts[run] == 1}

    @cached_property
    def users(self) -> Mapping[str, Record]:
        return self._by_id("users.csv")

    @cached_property
    def classes(self) -> Mapping[str, Record]:
        return self._by_id("classes.csv")

    @cached_property
    def courses(self) -> Mapping[str, Record]:
        return self._by_id("courses.csv")

    @cached_property
    def terms(self) -> Mapping[str, Record]:
        return self._by_id("academicsessions.csv")

    @cached_property
    def line_items(self) -> Mapping[str, Record]:
        return self._by_id("lineitems.csv")

    def _by_id(self, part: str) -> dict[str, Record]:
        return {one.get("sourcedId"): one for one in self._rows(part)}

    def _sample(self, part: str) -> Sample:
        table = self._table(part)
        return table.sample() if table else Sample(Header(1, ()), ())

    def _rows(self, part: str, *, required: bool = False) -> Any:
        table = self._table(part)
        if table is None and required:
            message = gettext(
                "%(file)s contains several tables but no manifest.csv, so it is no OneRoster set. "
                "Upload one table at a time."
            )
            raise TableError(message % {"file": self.name})
        return table or ()

    def _table(self, part: str) -> RecordTable | None:
        if part not in self.tables.parts:
            return None
        table = self.tables.table(part)
        first = next(table.records(","), None)
        return RecordTable(table, ",", Header(first.line, first.cells)) if first else None


def _which(name: str, label: str, sample: Sample, *columns: str) -> Choice:
    # a delta may lack the rows from which examples could be taken
    options = [Option(one, one, next(iter(sample.values(one)), "")) for one in columns]
    help_text = gettext("Which column has the keys by which your other systems know them.")
    return Choice(name, label, help_text, options)
