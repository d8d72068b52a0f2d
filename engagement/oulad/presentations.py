"""Presentations: one delivery of a course, known by two codes such as AAA 2013J."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from curriculum.models import Course, CourseRun
from engagement.oulad.report import ImportReport

Place = tuple[str, str]
Row = dict[str, Any]

# a day further from the start is a slip of the pen: the publisher's lie between −365 and 608
FAR = 2_000
# the month that the letter of a presentation stands for
MONTHS = {"B": 2, "J": 10}


@dataclass(frozen=True)
class Presentation:
    """Days are counted from its start, which is day 0."""

    course: str
    run: str
    starts_on: date
    days: int

    def __str__(self) -> str:
        return f"{self.course} {self.run}"

    @property
    def last_day(self) -> int:
        return self.days - 1

    def day(self, offset: int) -> date:
        return self.starts_on + timedelta(days=offset)

    def midnight(self, offset: int) -> datetime:
        return datetime.combine(self.day(offset), time(), ZoneInfo(settings.KPI_TIME_ZONE))

    def noon(self, offset: int) -> datetime:
        """Stand for a moment of which only the day is known."""
        return datetime.combine(self.day(offset), time(12), ZoneInfo(settings.KPI_TIME_ZONE))


def place_of(row: Row) -> Place:
    return row["code_module"], row["code_presentation"]


def is_near(offset: int | None) -> bool:
    """True of a day within years of the start, and of a missing one."""
    return offset is None or abs(offset) <= FAR


def parse(rows: Iterable[Row], report: ImportReport) -> dict[Place, Presentation]:
    """Read the presentations; a row that is none is refused in the report."""
    found: dict[Place, Presentation] = {}
    for row in rows:
        report.read += 1
        starts_on = start_of(row["code_presentation"])
        days = row["module_presentation_length"]
        if starts_on is None:
            report.refuse("presentation code is not a year with B or J")
        elif not 0 < days <= FAR:
            report.refuse("length out of range")
        elif place_of(row) in found:
            report.refuse("presentation listed twice")
        else:
            report.taken += 1
            found[place_of(row)] = Presentation(*place_of(row), starts_on, days)
    return found


def start_of(code: str) -> date | None:
    """The first day of a presentation: 2013J began in October 2013, 2014B in February 2014."""
    match = re.fullmatch(r"(20\d\d)([BJ])", code)
    return date(int(match[1]), MONTHS[match[2]], 1) if match else None


def lay(presentations: Iterable[Presentation]) -> None:
    """Make the courses and runs that are not there yet."""
    by_course: dict[str, list[Presentation]] = {}
    for one in presentations:
        by_course.setdefault(one.course, []).append(one)
    for key, many in by_course.items():
        length = round(median(one.days for one in many))
        course, _ = Course.objects.get_or_create(
            key=key, defaults={"title": key, "nominal_days": length}
        )
        for one in many:
            CourseRun.objects.get_or_create(
                course=course,
                key=one.run,
                defaults={"starts_on": one.starts_on, "ends_on": one.day(one.days)},
            )
