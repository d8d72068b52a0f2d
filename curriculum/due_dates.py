"""The plan an enrolment starts with: when each module and the whole fall due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings

from curriculum.models import CourseRun, Module


@dataclass(frozen=True)
class PlanLine:
    module: Module
    due_at: datetime


def end_of(day: date) -> datetime:
    """The moment the day is over in the provider's zone."""
    return _midnight(day + timedelta(days=1), settings.KPI_TIME_ZONE)


# the plans of thousands of learners end on the same few days
@lru_cache(maxsize=10_000)
def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def at_local_time(moment: datetime) -> datetime:
    """The moment in the provider's zone: days added to it keep the hour over a clock change."""
    return moment.astimezone(ZoneInfo(settings.KPI_TIME_ZONE))


def start_of(run: CourseRun, enrolled_at: datetime) -> datetime:
    """The later of sign-up and run start, on the provider's clock."""
    if run.starts_on is None:
        return at_local_time(enrolled_at)
    begin = end_of(run.starts_on - timedelta(days=1))
    return at_local_time(max(enrolled_at, begin))


def shift_for_pauses(moment: datetime, start: datetime, to: datetime) -> datetime:
    """A moment of a plan that started at `start`, where it starts at `to`: as many days later."""
    if start == to:
        return moment
    # between moments of one zone, hours are those of the clock on the wall
    return at_local_time(to) + (at_local_time(moment) - at_local_time(start))


def plan_lines(
    modules: Sequence[Module], timetable: dict[int, date], *, started_at: datetime
) -> Iterator[PlanLine]:
    """Each module with its due date: the run's own, else the planned days one after another."""
    days = 0
    start = at_local_time(started_at)
    for module in modules:
        days += module.planned_days
        own = timetable.get(module.pk)
        yield PlanLine(module, end_of(own) if own else start + timedelta(days=days))


def timetable_of(run: CourseRun) -> dict[int, date]:
    return {line.module_id: line.due_on for line in run.timetable.all()}


def shifted(
    planned: datetime, pauses: Iterable[tuple[datetime, datetime | None]]
) -> datetime | None:
    """Move a due date by the pauses that began before it; None while one of them is open.

    A pause that begins after the date, shifted so far, no longer touches it. What two pauses
    have in common shifts it once.
    """
    due, resumed = planned, None
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if begin >= due:
            break
        if end is None:
            return None
        fresh = begin if resumed is None else max(begin, resumed)
        due += max(end - fresh, timedelta(0))
        resumed = end if resumed is None else max(end, resumed)
    return due
