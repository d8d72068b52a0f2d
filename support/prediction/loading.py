"""Load the histories of enrollments from their facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import compress
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from core import reporting_clock
from curriculum.models import Enrollment, Pause, PlannedModule
from engagement.models import AssessmentResult, DailyActivity, LearningObject
from support.prediction.histories import NEVER, Activity, Histories, Ints, PlanLines, Results


def load(enrollments: QuerySet[Enrollment]) -> Histories:
    """Read everything about these enrollments, in five queries."""
    rows = enrollments.order_by("pk").values_list(
        "pk", "learner_id", "run_id", "run__course_id", "enrolled_at", "started_at",
        "planned_due_at", "due_at", "withdrawn_at", "completed_at", "run__ends_on",
    )  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * 11
    ids = _ints(columns[0])
    these = enrollments.order_by().values("pk")
    numbers, moments = columns[1:4], columns[4:10]
    dates: Any = [*map(_ints, numbers), *map(_days, moments), _ordinals(columns[10])]
    parts = (one(ids, these) for one in (_activity, _plan, _results, _pauses))
    return Histories(ids, *dates, *parts)


def _activity(ids: Ints, these: Any) -> Activity:
    found = DailyActivity.objects.filter(enrollment__in=these).order_by()
    rows, columns = _of(ids, found.values_list("enrollment_id", "day").distinct(), 2)
    return Activity(rows, _ordinals(columns[0]))


def _plan(ids: Ints, these: Any) -> PlanLines:
    found = PlannedModule.objects.filter(enrollment__in=these, is_required=True).order_by(
        "enrollment_id"
    )
    rows, columns = _of(
        ids,
        found.values_list("enrollment_id", "planned_due_at", "progress__done_at", "module_id"),
        4,
    )
    return PlanLines(rows, _days(columns[0]), _days(columns[1]), _ints(columns[2]))


def _results(ids: Ints, these: Any) -> Results:
    found = (
        AssessmentResult.objects.filter(
            enrollment__in=these, assessment__kind=LearningObject.Kind.ASSESSMENT
        )
        .order_by()
        .annotate(known_at=Coalesce("regraded_at", "graded_at"), mark=F("assessment__pass_mark"))
    )
    rows, columns = _of(
        ids, found.values_list("enrollment_id", "known_at", "score", "mark", "assessment_id"), 5
    )
    return Results(
        rows,
        _days(columns[0]),
        np.array(columns[1], float),
        np.array(columns[2], float),
        _ints(columns[3]),
    )


def _pauses(ids: Ints, these: Any) -> dict[int, list[tuple[int, int]]]:
    found = Pause.objects.filter(enrollment__in=these).order_by("started_at")
    rows, columns = _of(ids, found.values_list("enrollment_id", "started_at", "ended_at"), 3)
    pauses: dict[int, list[tuple[int, int]]] = defaultdict(list)
    days = zip(_days(columns[0]).tolist(), _days(columns[1]).tolist(), strict=True)
    for row, pause in zip(rows.tolist(), days, strict=True):
        pauses[row].append(pause)
    return dict(pauses)


def _of(ids: Ints, found: Iterable[Any], number: int) -> tuple[Ints, Sequence[Sequence[Any]]]:
    """Return the place of each row's enrollment, the first column, and the other columns.

    Rows of enrollments that have come since the ids were read are left out.
    """
    first, *columns = list(zip(*found, strict=True)) or [()] * number
    enrollments = _ints(first)
    places = np.searchsorted(ids, enrollments)
    is_known = np.isin(enrollments, ids)
    if not is_known.all():
        columns = [tuple(compress(column, is_known)) for column in columns]
    return places[is_known], columns


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, np.int64)


def _ordinals(days: Sequence[date | None]) -> Ints:
    return _ints([NEVER if day is None else day.toordinal() for day in days])


def _days(moments: Sequence[datetime | None]) -> Ints:
    zone = reporting_clock.reporting_zone()
    return _ints([NEVER if one is None else _day(one, zone) for one in moments])


# thousands of learners have the same due dates
@lru_cache(maxsize=100_000)
def _day(moment: datetime, zone: ZoneInfo) -> int:
    return moment.astimezone(zone).date().toordinal()
