"""Presentations (runs) of the publisher's modules (courses), identified by two codes."""

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

# code_module and code_presentation, such as AAA and 2013J
Codes = tuple[str, str]
Row = dict[str, Any]

# days further from the start are typing errors: the publisher's are between −365 and 608
MOST_DAYS = 2_000
# the month in which a presentation starts, by the letter in its code
MONTHS = {"B": 2, "J": 10}


@dataclass(frozen=True)
class Presentation:
    """One presentation. Its days are counted from its start, which is day 0."""

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
        """Noon of the day, for events of which only the day is known."""
        return datetime.combine(self.day(offset), time(12), ZoneInfo(settings.KPI_TIME_ZONE))


def codes_of(row: Row) -> Codes:
    return row["code_module"], row["code_presentation"]


def is_near(offset: int | None) -> bool:
    """True of a day within MOST_DAYS of the start, and of a missing one."""
    return offset is None or abs(offset) <= MOST_DAYS


def parse(rows: Iterable[Row], report: ImportReport) -> dict[Codes, Presentation]:
    """Parse the valid presentations, and add all rows to the report."""
    found: dict[Codes, Presentation] = {}
    for row in rows:
        report.read += 1
        starts_on = start_of(row["code_presentation"])
        days = row["module_presentation_length"]
        if starts_on is None:
            report.reject("presentation code is not a year with B or J")
        elif not 0 < days <= MOST_DAYS:
            report.reject("length out of range")
        elif codes_of(row) in found:
            report.reject("presentation listed twice")
        else:
            report.imported += 1
            found[codes_of(row)] = Presentation(*codes_of(row), starts_on, days)
    return found


def start_of(code: str) -> date | None:
    """The first day: 2013J began on 1 October 2013, 2014B on 1 February 2014. None if invalid."""
    match = re.fullmatch(r"(20\d\d)([BJ])", code)
    return date(int(match[1]), MONTHS[match[2]], 1) if match else None


def create_missing(presentations: Iterable[Presentation]) -> None:
    """Create the courses and runs that do not exist yet."""
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
