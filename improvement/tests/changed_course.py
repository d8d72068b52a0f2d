"""A course whose modules go bad, an alert about them, and a change of a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert
from alerts.tests.alerting import add_rule, add_target, closing, store_value
from curriculum.models import (
    Course,
    CourseRun,
    Enrollment,
    Learner,
    Parameter,
    ParameterChange,
    PlannedModule,
)
from curriculum.parameters.definitions import DECLARED
from kpis.tests.kernel import PLANNED, run_of

KEY = "module.practice-items"
# the alert about March fires on 5 April, and the change applies from midnight of the 10th
CHANGED_AT = datetime(2026, 4, 10, tzinfo=UTC)
WATCHED_UNTIL = CHANGED_AT + timedelta(days=60)
MEASURED_AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Change:
    """What is measured, as an Adjustment has it."""

    change: ParameterChange
    alert: Alert | None = None
    kpi: str = PLANNED
    applies_from: datetime | None = CHANGED_AT
    watch_until: datetime | None = WATCHED_UNTIL


def plan_days(run: CourseRun, per_day: Mapping[tuple[date, date], tuple[int, int]]) -> None:
    """Plan modules for one learner each: of so many per day, the first ones are long enough."""
    rows = [
        (first + DAY * at, number, number < long)
        for (first, after), (many, long) in per_day.items()
        for at in range((after - first).days)
        for number in range(many)
    ]
    start = Learner.objects.count()
    learners = Learner.objects.bulk_create(Learner(key=f"L{start + at}") for at in range(len(rows)))
    module = run.course.modules.get(position=1)
    noon = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day, _, _ in rows]
    enrollments = Enrollment.objects.bulk_create(
        Enrollment(
            learner=learner,
            run=run,
            enrolled_at=at - 3 * DAY,
            started_at=at,
            cutoff_at=at,
            planned_due_at=at,
            due_at=at,
        )
        for learner, at in zip(learners, noon, strict=True)
    )
    PlannedModule.objects.bulk_create(
        PlannedModule(
            enrollment=enrollment,
            module=module,
            position=1,
            effort_minutes=60 if is_long else 30,
            planned_due_at=at,
            due_at=at,
        )
        for enrollment, at, (_, _, is_long) in zip(enrollments, noon, rows, strict=True)
    )


def course_of(key: str, before: int, after: int, *, many: int = 10) -> Course:
    """Plan modules from March to the middle of June: so many of each day's before and after."""
    run = run_of(f"{key}-1", course=key)
    plan_days(
        run,
        {
            (date(2026, 3, 1), date(2026, 4, 10)): (many, before),
            (date(2026, 4, 10), date(2026, 6, 12)): (many, after),
        },
    )
    return run.course


def alert_about(course: Course, percent: float, *, n: int = 310, target: float = 85) -> Alert:
    """Return the alert about March, as the evaluation opens it."""
    add_target(target, kpi=PLANNED)
    add_rule(PLANNED, course=course)
    store_value("2026-03", percent, n=n, of=course, kpi=PLANNED)
    evaluate(closing("2026-03"))
    return Alert.objects.get()


def change_of(course: Course, *, at: datetime = CHANGED_AT) -> ParameterChange:
    """Return an applied change of practice items in a course."""
    definition = DECLARED[KEY]
    row = definition.row(definition.default)
    row.course = course
    row.save()
    return ParameterChange.objects.create(
        parameter=row,
        old_value=definition.default,
        new_value=definition.default + definition.step,
        status=ParameterChange.Status.APPLIED,
        reason="More practice",
        proposed_at=at - DAY,
        decided_at=at - DAY,
        effective_from=at,
        **_bounds(row),
    )


def _bounds(row: Parameter) -> dict[str, Decimal]:
    return {"minimum": row.minimum, "maximum": row.maximum, "step": row.step}
