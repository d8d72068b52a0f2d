"""KPIs over enrollments and plans for tests, and helpers that create their facts.

`test.started`: share of enrollments started in the period that were completed.
`test.people`: share of different learners who started in the period and completed.
`test.count`: enrollments started in the period.
`test.planned`: share of planned modules due in the period that take 60 minutes or more.
`test.both`: mean of `test.started` and `test.planned`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db.models import Count, Q, QuerySet

from core.changes import gathered
from curriculum.models import Course, CourseRun, Enrollment, Learner, Module, PlannedModule
from kpis.definitions import units
from kpis.definitions.declared_facts import facts_declared
from kpis.definitions.facts import Facts, Ratio, RatioFunction
from kpis.definitions.registry import REGISTRY, Indicator, Part
from kpis.definitions.units import PERCENT
from kpis.models import Measurement
from kpis.recompute import stale_days

Rows = QuerySet[Any]

STARTED, PLANNED = "test.started", "test.planned"
PEOPLE, COUNT = "test.people", "test.count"
BOTH = "test.both"


def started(rows: Rows) -> Ratio:
    return Ratio(total=Count("pk", filter=Q(completed_at__isnull=False)), weight=Count("pk"))


def planned(rows: Rows) -> Ratio:
    return Ratio(total=Count("pk", filter=Q(effort_minutes__gte=60)), weight=Count("pk"))


def people(rows: Rows) -> Ratio:
    everybody = Count("learner", distinct=True)
    done = Count("learner", distinct=True, filter=Q(completed_at__isnull=False))
    return Ratio(total=done, weight=everybody, n=everybody)


def count(rows: Rows) -> Ratio:
    return Ratio(total=Count("pk"), weight=Count("pk"))


def starts_read_by(ratio: RatioFunction) -> Facts:
    """What a KPI reads that turns enrollments started in the period into this ratio."""
    return facts_declared("test", model=Enrollment, at="started_at", ratio=ratio)


PLANS = facts_declared("test", model=PlannedModule, at="due_at", module="module", ratio=planned)
INDICATORS = {
    STARTED: Indicator(
        key=STARTED, title="Started", unit=PERCENT, help="", facts=starts_read_by(started)
    ),
    PLANNED: Indicator(key=PLANNED, title="Planned", unit=PERCENT, help="", facts=PLANS),
}


OTHERS = {
    PEOPLE: Indicator(
        key=PEOPLE,
        title="People",
        unit=PERCENT,
        help="",
        facts=starts_read_by(people),
        is_additive=False,
    ),
    COUNT: Indicator(
        key=COUNT,
        title="Count",
        unit=units.COUNT,
        help="",
        facts=starts_read_by(count),
        is_total=True,
    ),
}


def declare_both(
    monkeypatch: pytest.MonkeyPatch, weights: tuple[str, str] = ("weight.started", "weight.planned")
) -> Indicator:
    """Register the mean of the share that completed and the share of long modules."""
    parts = (Part(STARTED, weights[0]), Part(PLANNED, weights[1]))
    both = Indicator(key=BOTH, title="Both", unit=PERCENT, help="", parts=parts)
    monkeypatch.setitem(REGISTRY, BOTH, both)
    return both


def broken() -> Facts:
    """What a KPI reads that cannot be computed."""

    def divide(rows: Rows) -> Ratio:
        raise ZeroDivisionError

    return starts_read_by(divide)


def declare_also(monkeypatch: pytest.MonkeyPatch, key: str) -> Indicator:
    """Register one more KPI for a test."""
    monkeypatch.setitem(REGISTRY, key, OTHERS[key])
    return OTHERS[key]


def declare(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Register only the KPIs of this module for a test."""
    for key in list(REGISTRY):
        monkeypatch.delitem(REGISTRY, key)
    for key, one in INDICATORS.items():
        monkeypatch.setitem(REGISTRY, key, replace(one, **changes))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def run_of(key: str, *, course: str = "py", modules: int = 2) -> CourseRun:
    """Create a run, and its course if needed."""
    made, is_new = Course.objects.get_or_create(key=course, defaults={"title": course.title()})
    if is_new:
        Module.objects.bulk_create(
            Module(course=made, key=f"{course}-{at}", title=f"Module {at}", position=at)
            for at in range(1, modules + 1)
        )
    return CourseRun.objects.create(course=made, key=key)


def starts(who: str, run: CourseRun, at: str, *, done: bool = False) -> Enrollment:
    """Enroll a learner and mark the day stale."""
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
    with gathered() as changes:
        changes.changed(Enrollment.objects.filter(pk=made.pk))
    return made


def plans(enrollment: Enrollment, module: Module, due: str, *, minutes: int = 60) -> None:
    day = moment(due)
    made = PlannedModule.objects.create(
        enrollment=enrollment,
        module=module,
        position=module.position,
        effort_minutes=minutes,
        planned_due_at=day,
        due_at=day,
    )
    with gathered() as changes:
        changes.changed(PlannedModule.objects.filter(pk=made.pk))


def mark_days_stale(key: str, days: Iterable[tuple[int | None, date]]) -> None:
    """Mark (course id, day) pairs stale, for one KPI or for all of a category."""
    spans = {(course, day, day) for course, day in days}
    keys = [one.key for one in REGISTRY.values() if key in (one.key, one.category)]
    stale_days.write_spans(dict.fromkeys(keys, spans))


def table(kind: str = "month", kpi: str = STARTED) -> set[tuple[str, str, str, float, int]]:
    """Return all measurements of a kind: scope, its key, start, total and n."""
    names: dict[tuple[str, int], str] = {("site", 0): ""}
    for scope, rows in (("course", Course), ("run", CourseRun), ("module", Module)):
        names |= {(scope, one.pk): one.key for one in rows.objects.all()}
    return {
        (row.scope, names[row.scope, row.scope_id], str(row.period_start), row.total, row.n)
        for row in Measurement.objects.filter(kpi=kpi, period_kind=kind)
    }
