"""What reports of course platforms share: a row per learner and course, with dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import (
    Choice,
    Chosen,
    course_choice,
    learner_choice,
    order_choice,
    zone_choice,
)
from intake.files.records import Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip


class Roster(Shape):
    """A report of enrollments; `enrolled` and `completed` are the columns of these dates."""

    about = gettext_lazy(
        "An enrollment and, where it is dated, the completion of each row. Percentages are left "
        "out: a share of a course is no event."
    )
    learner: ClassVar[Sequence[str]]
    course: ClassVar[Sequence[str]]
    enrolled: ClassVar[Sequence[str]]
    completed: ClassVar[Sequence[str]]
    percent: ClassVar[Sequence[str]]
    # these reports say who is enrolled
    has_learners = False

    def choices(self, sample: Sample) -> list[Choice]:
        dates = (*self.enrolled, *self.completed)
        return [
            *learner_choice(sample, *self.learner),
            *course_choice(sample, sample.header.find(*self.course)),
            *order_choice(sample, *dates),
            *zone_choice(sample, *dates),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        course_column = sample.header.find(*self.course)
        enrolled = [one for one in self.enrolled if sample.header.find(one)]

        def read(record: Record) -> Iterator[Made | Skip]:
            learner = record.get(chosen["learner"])
            if not learner:
                yield Skip(gettext("the row has no “%s”") % chosen["learner"])
                return
            who: dict[str, Any] = {
                "learner": learner,
                "course": chosen.get("course") or record.get(course_column)[:100],
                "run": chosen.get("run", ""),
            }
            columns = {"learner": chosen["learner"], "course": course_column}
            start = chosen.moment(record, *enrolled)
            end = chosen.moment(record, *self.completed)
            if start is None and end is None:
                yield Skip(gettext("neither a date of enrollment nor of completion"))
                return
            key = (learner, who["course"], who["run"])
            if start:
                yield Made("enrollment.started", key, start, columns=columns, **who)
            if end:
                yield Made("course.completed", key, end, columns=columns, **who)
            elif _is_whole(record.get(*self.percent)):
                yield Skip(gettext("100% without a date of completion"))

        return read


def _is_whole(percent: str) -> bool:
    return percent.rstrip("% ") in ("100", "100.0", "100.00")
