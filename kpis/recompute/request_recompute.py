"""Measure again what somebody doubts: the same way that changed facts are measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction

from core import reporting_clock
from curriculum.models import Course
from kpis.definitions.periods import containing
from kpis.models import Measurement
from kpis.recompute import stale_days


@transaction.atomic
def request_recompute(measurements: Iterable[Measurement]) -> int:
    """Mark every day of these measurements dirty; returns the number of marks.

    The site's measurement is the sum of the courses', so all of them are marked.
    """
    everywhere = list(Course.objects.values_list("pk", flat=True))
    marks: dict[str, set[tuple[int, date]]] = defaultdict(set)
    for one in measurements:
        courses = everywhere if one.course_id is None else [one.course_id]
        marks[one.kpi.partition(".")[0]] |= {(pk, day) for pk in courses for day in days_of(one)}
    stale_days.mark_all_stale(marks)
    return sum(len(days) for days in marks.values())


def days_of(measurement: Measurement) -> list[date]:
    period = containing(
        measurement.period_start, measurement.period_kind, reporting_clock.reporting_zone()
    )
    return [period.first + timedelta(days=passed) for passed in range(period.days)]
