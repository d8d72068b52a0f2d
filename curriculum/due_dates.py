"""Compute when an enrollment starts and when its modules are due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from curriculum.models import CourseRun, Module

NOTHING: Mapping[int, int] = MappingProxyType({})


class PlanLine(NamedTuple):
    """A module, and when it is due: at a fixed moment, or so long after the learner's start."""

    module: Module
    fixed: datetime | None
    after: timedelta

    def due_at(self, start: datetime) -> datetime:
        """Return when it is due; the start is in the provider's time zone."""
        return self.fixed or start + self.after


def end_of(day: date) -> datetime:
    """Return midnight at the end of the day, in the provider's time zone."""
    return _midnight(day + timedelta(days=1), settings.KPI_TIME_ZONE)


# the plans of thousands of learners end on the same few days
@lru_cache(maxsize=10_000)
def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def at_local_time(moment: datetime) -> datetime:
    """Convert to the provider's time zone, so that adding days keeps the hour across DST."""
    return moment.astimezone(ZoneInfo(settings.KPI_TIME_ZONE))


def start_of(run: CourseRun, enrolled_at: datetime) -> datetime:
    """Return when learning may begin: at sign-up or at the run's start, whichever is later."""
    if run.starts_on is None:
        return at_local_time(enrolled_at)
    begin = end_of(run.starts_on - timedelta(days=1))
    return at_local_time(max(enrolled_at, begin))


def move_to_start(
    moment: datetime,
    old_start: datetime,
    new_start: datetime,
    *,
    stretch: Fraction | int = 1,
) -> datetime:
    """Move a date of a plan by as many days as the plan's start moves.

    With `stretch`, the time from start to date is multiplied by it.
    """
    if old_start == new_start and stretch == 1:
        return moment
    # both sides are in one time zone, so the difference keeps the hour of the day
    length = at_local_time(moment) - at_local_time(old_start)
    if stretch != 1:
        length = timedelta(microseconds=round(length // timedelta(microseconds=1) * stretch))
    return at_local_time(new_start) + length


def plan_lines(
    modules: Sequence[Module],
    timetable: dict[int, date],
    *,
    planned_days: Mapping[int, int] = NOTHING,
    extensions: Mapping[int, int] = NOTHING,
) -> Iterator[PlanLine]:
    """Yield when each module is due: on the run's own date, or after the planned days so far.

    `planned_days` are those of modules that the course structure does not determine, `extensions`
    the days by which a module is due later, both by module id.
    """
    days = 0
    for module in modules:
        days += planned_days.get(module.pk, module.planned_days)
        later = extensions.get(module.pk, 0)
        fixed = timetable.get(module.pk)
        due = later_by(end_of(fixed), later) if fixed else None
        yield PlanLine(module, due, timedelta(days=days + later))


def later_by(moment: datetime, days: int) -> datetime:
    """Return the same time of day some days later, or earlier if negative."""
    return at_local_time(moment) + timedelta(days=days) if days else moment


def timetable_of(run: CourseRun) -> dict[int, date]:
    return {line.module_id: line.due_on for line in run.timetable.all()}
