"""The files of one import beside the rows already made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from curriculum.models import CourseRun, Enrollment
from engagement.oulad import assessments, presentations, tables
from engagement.oulad.assessments import Assessment
from engagement.oulad.files import ASSESSMENTS, COURSES, SUBMISSIONS
from engagement.oulad.presentations import Place, Presentation, Row
from engagement.oulad.report import ImportReport
from engagement.oulad.source import Source
from intake.models import ImportRun

PREFIX = "oulad-"


class Dataset:
    """What the steps share; read anew by each process, so that an import goes on after a kill."""

    def __init__(self, source: Source, import_run: ImportRun) -> None:
        self.source = source
        self.import_run = import_run
        self._enrolled: dict[Place, dict[int, int]] = {}
        self._by_place: dict[str, dict[Place | None, list[Row]]] = {}

    @cached_property
    def presentations(self) -> dict[Place, Presentation]:
        return presentations.parse(tables.rows(self.source, COURSES), ImportReport())

    @cached_property
    def assessments(self) -> dict[int, Assessment]:
        rows = tables.rows(self.source, ASSESSMENTS)
        return assessments.parse(rows, self.presentations, ImportReport())

    @cached_property
    def recorded(self) -> set[int]:
        """The ids of the assessments that anybody handed in."""
        ids: set[int] = set()
        for batch in tables.batches(self.source, SUBMISSIONS):
            ids.update(batch.column("id_assessment").unique().to_pylist())
        return ids

    @cached_property
    def runs(self) -> dict[Place, CourseRun]:
        rows = CourseRun.objects.filter(course__key__in={place[0] for place in self.presentations})
        found = {(row.course.key, row.key): row for row in rows.select_related("course")}
        return {place: found[place] for place in self.presentations}

    def rows(self, name: str, place: Place | None) -> list[Row]:
        """A file's rows of a presentation, or (None) those of no presentation there is."""
        if name not in self._by_place:
            found: dict[Place | None, list[Row]] = defaultdict(list)
            for row in tables.rows(self.source, name):
                found[self._place(row)].append(row)
            self._by_place[name] = found
        return self._by_place[name][place]

    def _place(self, row: Row) -> Place | None:
        if "id_assessment" in row:
            assessment = self.assessments.get(row["id_assessment"])
            return assessment.place if assessment else None
        place = presentations.place_of(row)
        return place if place in self.presentations else None

    def enrolled(self, place: Place) -> dict[int, int]:
        """Enrolment ids by the publisher's number of the student, once all are enrolled."""
        if place not in self._enrolled:
            rows = Enrollment.objects.filter(run=self.runs[place], learner__key__startswith=PREFIX)
            self._enrolled[place] = by_student(rows.values_list("learner__key", "pk"))
        return self._enrolled[place]


def by_student(ids: Iterable[tuple[str, int]]) -> dict[int, int]:
    """From learner keys to the publisher's numbers; a key that another sender made up is none."""
    numbers = ((key.removeprefix(PREFIX), pk) for key, pk in ids)
    return {int(number): pk for number, pk in numbers if number.isdecimal()}
