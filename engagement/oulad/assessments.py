"""Assessments: each is a module of its course, with a due date in its presentation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from core import bulk_upsert
from curriculum.models import Course, CourseRun, Module, RunModule
from engagement.models import LearningObject
from engagement.oulad.presentations import Place, Presentation, Row, is_near, place_of
from engagement.oulad.report import ImportReport

TUTOR, COMPUTER, EXAM = "TMA", "CMA", "Exam"
# in this order where several are due on one day
TITLES = {
    COMPUTER: "Computer-marked assignment",
    TUTOR: "Tutor-marked assignment",
    EXAM: "Exam",
}
# the publisher: a score below 40 is a fail
PASS_MARK = 0.4


@dataclass(frozen=True)
class Assessment:
    """`number` tells those of one type in one presentation apart, in the order they fall due."""

    id: int
    place: Place
    type: str
    due: int
    weight: float
    number: int

    @property
    def module(self) -> str:
        """The key of its module, which all presentations of the course share."""
        return f"{self.type}-{self.number}"

    @property
    def is_paced_by(self) -> bool:
        """True where a learner is expected to have done it by its due date.

        A computer-marked one without weight is for practice; a tutor-marked one is what a
        presentation paces its learners by, whatever its weight.
        """
        return self.type == TUTOR or self.weight > 0


def parse(
    rows: Iterable[Row], presentations: Mapping[Place, Presentation], report: ImportReport
) -> dict[int, Assessment]:
    """Read the assessments, by id; a row that is none is refused in the report."""
    good: dict[int, Row] = {}
    for row in rows:
        report.read += 1
        if place_of(row) not in presentations:
            report.refuse("no such presentation")
        elif row["assessment_type"] not in TITLES:
            report.refuse("unknown assessment type")
        elif not is_near(row["date"]):
            report.refuse("due day out of range")
        elif row["id_assessment"] in good:
            report.refuse("assessment listed twice")
        else:
            report.taken += 1
            good[row["id_assessment"]] = row
    return {one.id: one for one in _numbered(good.values(), presentations)}


def _numbered(
    rows: Iterable[Row], presentations: Mapping[Place, Presentation]
) -> Iterable[Assessment]:
    numbers: dict[tuple[Place, str], int] = defaultdict(int)
    for due, row in sorted(
        ((_due(row, presentations[place_of(row)]), row) for row in rows),
        key=lambda pair: (pair[0], pair[1]["id_assessment"]),
    ):
        place, type_ = place_of(row), row["assessment_type"]
        numbers[place, type_] += 1
        yield Assessment(
            row["id_assessment"], place, type_, due, row["weight"], numbers[place, type_]
        )


def _due(row: Row, presentation: Presentation) -> int:
    # the publisher leaves out the day of an exam that closes the presentation
    return presentation.last_day if row["date"] is None else int(row["date"])


def planned(assessments: Iterable[Assessment], recorded: set[int]) -> list[Assessment]:
    """Leave out exams of which no result is published: nobody could be seen to have done them."""
    return [one for one in assessments if one.type != EXAM or one.id in recorded]


def lay(
    assessments: Iterable[Assessment],
    presentations: Mapping[Place, Presentation],
    recorded: set[int],
) -> None:
    """Make the modules, timetables and objects that are not there yet."""
    by_course: dict[str, list[Assessment]] = defaultdict(list)
    for one in assessments:
        by_course[one.place[0]].append(one)
    for key, many in by_course.items():
        course = Course.objects.get(key=key)
        _lay_modules(course, many, recorded)
        _lay_timetable(course, many, presentations)


def _lay_modules(course: Course, many: list[Assessment], recorded: set[int]) -> None:
    there = set(course.modules.values_list("key", flat=True))
    position = max(course.modules.values_list("position", flat=True), default=0)
    before = 0
    for same in _in_order(many):
        due = round(median(one.due for one in same))
        if same[0].module not in there:
            position += 1
            Module.objects.create(
                course=course,
                key=same[0].module,
                title=f"{TITLES[same[0].type]} {same[0].number}",
                position=position,
                is_required=any(one.is_paced_by for one in planned(same, recorded)),
                planned_days=max(due - before, 0),
            )
        before = due


def _in_order(many: list[Assessment]) -> list[list[Assessment]]:
    """Group by module; the modules in the order in which they typically fall due."""
    same: dict[str, list[Assessment]] = defaultdict(list)
    for one in many:
        same[one.module].append(one)
    types = list(TITLES)
    return sorted(
        same.values(),
        key=lambda group: (
            median(one.due for one in group),
            types.index(group[0].type),
            group[0].number,
        ),
    )


def _lay_timetable(
    course: Course, many: list[Assessment], presentations: Mapping[Place, Presentation]
) -> None:
    modules = dict(course.modules.values_list("key", "pk"))
    runs = dict(CourseRun.objects.filter(course=course).values_list("key", "pk"))
    bulk_upsert.upsert(
        RunModule,
        ("run_id", "module_id", "due_on"),
        [
            (runs[one.place[1]], modules[one.module], presentations[one.place].day(one.due))
            for one in many
        ],
        conflict="run_id, module_id",
    )
    bulk_upsert.upsert(
        LearningObject,
        ("course_id", "run_id", "module_id", "kind", "key", "title", "pass_mark"),
        [
            (course.pk, runs[one.place[1]], modules[one.module], kind, str(one.id), title, mark)
            for one in many
            for kind in kinds_of(one)
            for title, mark in ((f"{one.module} of {' '.join(one.place)}", PASS_MARK),)
        ],
        conflict="course_id, kind, key",
    )


def kinds_of(assessment: Assessment) -> list[str]:
    """A computer-marked assignment is a quiz as well as an assessment."""
    kinds = [LearningObject.Kind.ASSESSMENT.value]
    return [*kinds, LearningObject.Kind.QUIZ.value] if assessment.type == COMPUTER else kinds
