"""Import assessments: each is a module of its course, with a due date in its presentation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from core.database import bulk_upsert
from curriculum.models import Course, CourseRun, Module, RunModule
from engagement.models import LearningObject
from engagement.oulad.presentations import Codes, Presentation, Row, codes_of, is_near
from engagement.oulad.report import ImportReport

TUTOR, COMPUTER, EXAM = "TMA", "CMA", "Exam"
# also the order of assessments due on the same day
TITLES = {
    COMPUTER: "Computer-marked assignment",
    TUTOR: "Tutor-marked assignment",
    EXAM: "Exam",
}
# by the publisher's definition
PASS_MARK = 0.4


@dataclass(frozen=True)
class Assessment:
    """One assessment of a presentation.

    `number` counts those of its type in the presentation, in the order of their due days.
    """

    id: int
    codes: Codes
    type: str
    due: int
    weight: float
    number: int

    @property
    def module(self) -> str:
        """The key of its module, which all presentations of the course share."""
        return f"{self.type}-{self.number}"

    @property
    def has_deadline(self) -> bool:
        """True where learners are expected to submit it by its due day.

        A computer-marked assignment without weight is for practice. Tutor-marked assignments pace
        the learners, whatever their weight.
        """
        return self.type == TUTOR or self.weight > 0


def parse(
    rows: Iterable[Row], presentations: Mapping[Codes, Presentation], report: ImportReport
) -> dict[int, Assessment]:
    """Parse the valid assessments by id, and add all rows to the report."""
    valid: dict[int, Row] = {}
    for row in rows:
        report.read += 1
        if codes_of(row) not in presentations:
            report.reject("unknown presentation")
        elif row["assessment_type"] not in TITLES:
            report.reject("unknown assessment type")
        elif not is_near(row["date"]):
            report.reject("due day out of range")
        elif row["id_assessment"] in valid:
            report.reject("assessment listed twice")
        else:
            report.imported += 1
            valid[row["id_assessment"]] = row
    return {one.id: one for one in _with_numbers(valid.values(), presentations)}


def _with_numbers(
    rows: Iterable[Row], presentations: Mapping[Codes, Presentation]
) -> Iterable[Assessment]:
    numbers: dict[tuple[Codes, str], int] = defaultdict(int)
    for due, row in sorted(
        ((_due(row, presentations[codes_of(row)]), row) for row in rows),
        key=lambda pair: (pair[0], pair[1]["id_assessment"]),
    ):
        codes, type_ = codes_of(row), row["assessment_type"]
        numbers[codes, type_] += 1
        yield Assessment(
            row["id_assessment"], codes, type_, due, row["weight"], numbers[codes, type_]
        )


def _due(row: Row, presentation: Presentation) -> int:
    # only exams have no day: they close the presentation
    return presentation.last_day if row["date"] is None else int(row["date"])


def planned(assessments: Iterable[Assessment], submitted: set[int]) -> list[Assessment]:
    """Leave out exams without a published result: no student could be known to sit them."""
    return [one for one in assessments if one.type != EXAM or one.id in submitted]


def create_missing(
    assessments: Iterable[Assessment],
    presentations: Mapping[Codes, Presentation],
    submitted: set[int],
) -> None:
    """Create the modules, due dates and learning objects that do not exist yet."""
    by_course: dict[str, list[Assessment]] = defaultdict(list)
    for one in assessments:
        by_course[one.codes[0]].append(one)
    for key, many in by_course.items():
        course = Course.objects.get(key=key)
        _create_modules(course, many, submitted)
        _create_timetable(course, many, presentations)


def _create_modules(course: Course, many: list[Assessment], submitted: set[int]) -> None:
    existing = set(course.modules.values_list("key", flat=True))
    position = max(course.modules.values_list("position", flat=True), default=0)
    before = 0
    for group in _by_module(many):
        due = round(median(one.due for one in group))
        if group[0].module not in existing:
            position += 1
            Module.objects.create(
                course=course,
                key=group[0].module,
                title=f"{TITLES[group[0].type]} {group[0].number}",
                position=position,
                is_required=any(one.has_deadline for one in planned(group, submitted)),
                planned_days=max(due - before, 0),
            )
        before = due


def _by_module(many: list[Assessment]) -> list[list[Assessment]]:
    """Group by module, in the order in which the modules typically fall due."""
    groups: dict[str, list[Assessment]] = defaultdict(list)
    for one in many:
        groups[one.module].append(one)
    types = list(TITLES)
    return sorted(
        groups.values(),
        key=lambda group: (
            median(one.due for one in group),
            types.index(group[0].type),
            group[0].number,
        ),
    )


def _create_timetable(
    course: Course, many: list[Assessment], presentations: Mapping[Codes, Presentation]
) -> None:
    modules = dict(course.modules.values_list("key", "pk"))
    runs = dict(CourseRun.objects.filter(course=course).values_list("key", "pk"))
    bulk_upsert.upsert(
        RunModule,
        ("run_id", "module_id", "due_on"),
        [
            (runs[one.codes[1]], modules[one.module], presentations[one.codes].day(one.due))
            for one in many
        ],
        conflict="run_id, module_id",
    )
    bulk_upsert.upsert(
        LearningObject,
        ("course_id", "run_id", "module_id", "kind", "key", "title", "pass_mark"),
        [
            (course.pk, runs[one.codes[1]], modules[one.module], kind, str(one.id), title, mark)
            for one in many
            for kind in kinds_of(one)
            for title, mark in ((f"{one.module} of {' '.join(one.codes)}", PASS_MARK),)
        ],
        conflict="course_id, kind, key",
    )


def kinds_of(assessment: Assessment) -> list[str]:
    """The kinds of learning objects of an assessment: a computer-marked one is a quiz too."""
    kinds = [LearningObject.Kind.ASSESSMENT.value]
    return [*kinds, LearningObject.Kind.QUIZ.value] if assessment.type == COMPUTER else kinds
