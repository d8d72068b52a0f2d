"""The files of an import, together with the rows already created from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from curriculum.models import CourseRun, Enrollment
from engagement.oulad import assessments, presentations
from engagement.oulad.assessments import Assessment
from engagement.oulad.presentations import Codes, Presentation, Row
from engagement.oulad.report import PREFIX, ImportReport
from engagement.oulad.source import ASSESSMENTS, COURSES, SUBMISSIONS, Source
from intake.models import ImportRun


class Dataset:
    """What the steps share; each process reads it anew, so that a killed import can resume."""

    def __init__(self, source: Source, import_run: ImportRun) -> None:
        self.source = source
        self.import_run = import_run
        self._enrollments: dict[Codes, dict[int, int]] = {}
        self._rows: dict[str, dict[Codes | None, list[Row]]] = {}

    @cached_property
    def presentations(self) -> dict[Codes, Presentation]:
        return presentations.parse(self.source.rows(COURSES), ImportReport())

    @cached_property
    def assessments(self) -> dict[int, Assessment]:
        rows = self.source.rows(ASSESSMENTS)
        return assessments.parse(rows, self.presentations, ImportReport())

    @cached_property
    def submitted(self) -> set[int]:
        """The ids of the assessments with at least one submission."""
        ids: set[int] = set()
        for batch in self.source.batches(SUBMISSIONS):
            ids.update(batch.column("id_assessment").unique().to_pylist())
        return ids

    @cached_property
    def runs(self) -> dict[Codes, CourseRun]:
        rows = CourseRun.objects.filter(course__key__in={codes[0] for codes in self.presentations})
        found = {(row.course.key, row.key): row for row in rows.select_related("course")}
        return {codes: found[codes] for codes in self.presentations}

    def rows(self, name: str, codes: Codes | None) -> list[Row]:
        """The rows of a file that belong to a presentation or, for None, to no known one."""
        if name not in self._rows:
            found: dict[Codes | None, list[Row]] = defaultdict(list)
            for row in self.source.rows(name):
                found[self._codes_of(row)].append(row)
            # those of the file before it are not needed again
            self._rows = {name: found}
        return self._rows[name][codes]

    def _codes_of(self, row: Row) -> Codes | None:
        if "id_assessment" in row:
            assessment = self.assessments.get(row["id_assessment"])
            return assessment.codes if assessment else None
        codes = presentations.codes_of(row)
        return codes if codes in self.presentations else None

    def enrollments(self, codes: Codes) -> dict[int, int]:
        """Enrollment ids by the publisher's student number, once all are enrolled."""
        if codes not in self._enrollments:
            rows = Enrollment.objects.filter(run=self.runs[codes], learner__key__startswith=PREFIX)
            self._enrollments[codes] = by_student(rows.values_list("learner__key", "pk"))
        return self._enrollments[codes]


def by_student(ids: Iterable[tuple[str, int]]) -> dict[int, int]:
    """Map student numbers to ids from (learner key, id); keys of other senders are left out."""
    numbers = ((key.removeprefix(PREFIX), pk) for key, pk in ids)
    return {int(number): pk for number, pk in numbers if number.isdecimal()}
