"""KPIs over enrollments and plans for tests, and helpers that create their facts.

`test.started`: share of enrollments started in the period that were completed.
`test.people`: share of different learners who started in the period and completed.
`test.count`: enrollments started in the period.
`test.planned`: share of planned modules due in the period that take 60 minutes or more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Count, Q

from curriculum.models import Course, CourseRun, Enrollment, Learner, Module, PlannedModule
from kpis.definitions import units
from kpis.definitions.aggregates import FactAggregate
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import PERCENT
from kpis.models import Measurement
from kpis.recompute import stale_days

STARTED, PLANNED = "test.started", "test.planned"
PEOPLE, COUNT = "test.people", "test.count"


def started(when: Period) -> FactAggregate:
    return FactAggregate(
        rows=Enrollment.objects.filter(started_at__gte=when.start, started_at__lt=when.end),
        total=Count("pk", filter=Q(completed_at__isnull=False)),
        weight=Count("pk"),
        enrollment="",
    )


def planned(when: Period) -> FactAggregate:
    return FactAggregate(
        rows=PlannedModule.objects.filter(due_at__gte=when.start, due_at__lt=when.end),
        total=Count("pk", filter=Q(effort_minutes__gte=60)),
        weight=Count("pk"),
        module="module",
    )


def people(when: Period) -> FactAggregate:
    everybody = Count("learner", distinct=True)
    done = Count("learner", distinct=True, filter=Q(completed_at__isnull=False))
    return replace(started(when), total=done, weight=everybody, n=everybody)


INDICATORS = {
    STARTED: Indicator(key=STARTED, title="Started", unit=PERCENT, help="", aggregate=started),
    PLANNED: Indicator(
        key=PLANNED, title="Planned", unit=PERCENT, help="", aggregate=planned, has_modules=True
    ),
}


OTHERS = {
    PEOPLE: Indicator(
        key=PEOPLE, title="People", unit=PERCENT, help="", aggregate=people, is_additive=False
    ),
    COUNT: Indicator(
        key=COUNT,
        title="Count",
        unit=units.COUNT,
        help="",
        aggregate=lambda when: replace(started(when), total=Count("pk")),
        is_total=True,
    ),
}


def declare_also(monkeypatch: pytest.MonkeyPatch, key: str) -> Indicator:
    """Register one more KPI during a test."""
    monkeypatch.setitem(REGISTRY, key, OTHERS[key])
    return OTHERS[key]


def declare(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Register only the two KPIs during a test."""
    for key in list(REGISTRY):
        monkeypatch.delitem(REGISTRY, key)
    for key, one in INDICATORS.items():
        monkeypatch.setitem(REGISTRY, key, replace(one, **changes))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def run_of(key: str, *, course: str = "py", modules: int = 2) -> CourseRun:
    """Create a run, and its course if there is none yet."""
    made, is_new = Course.objects.get_or_create(key=course, defaults={"title": course.title()})
    if is_new:
        Module.objects.bulk_create(
            Module(course=made, key=f"{course}-{at}", title=f"Module {at}", position=at)
            for at in range(1, modules + 1)
        )
    return CourseRun.objects.create(course=made, key=key)


def starts(who: str, run: CourseRun, at: str, *, done: bool = False) -> Enrollment:
    """Create an enrollment, and mark its day stale."""
    person, _ = Learner.objects.get_or_create(key=who)
    day = moment(at)
    made = Enrollment.objects.create(
        learner=person,
        run=run,
        enrolled_at=day,
        started_at=day,
        cutoff_at=day,
        planned_due_at=day,
        due_at=day,
        completed_at=day if done else None,
    )
    stale_days.mark_days_stale("test", [(run.course_id, day.date())])
    return made


def plans(enrollment: Enrollment, module: Module, due: str, *, minutes: int = 60) -> None:
    day = moment(due)
    PlannedModule.objects.create(
        enrollment=enrollment,
        module=module,
        position=module.position,
        effort_minutes=minutes,
        planned_due_at=day,
        due_at=day,
    )
    stale_days.mark_days_stale("test", [(module.course_id, day.date())])


def table(kind: str = "month", kpi: str = STARTED) -> set[tuple[str, str, str, float, int]]:
    """Return all measurements of a period kind: scope, its key, start, total and n."""
    names: dict[tuple[str, int], str] = {("site", 0): ""}
    for scope, rows in (("course", Course), ("run", CourseRun), ("module", Module)):
        names |= {(scope, one.pk): one.key for one in rows.objects.all()}
    return {
        (row.scope, names[row.scope, row.scope_id], str(row.period_start), row.total, row.n)
        for row in Measurement.objects.filter(kpi=kpi, period_kind=kind)
    }
