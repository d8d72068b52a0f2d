"""Experiments for tests: longer deadlines for half of the learners of a course."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from curriculum.models import Course, CourseRun, Enrollment, Learner
from experiments import drafts, lifecycle
from experiments.drafts import PlannedMetric, PlannedValue, PlannedVariant
from experiments.models import Experiment, Metric
from kpis.tests.kernel import STARTED

PASS_MARK = "module.pass-mark"
STARTED_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)
CONTROL = PlannedVariant(key="control", weight=Decimal("0.5"), is_control=True)
STRICT = PlannedVariant(
    key="strict",
    name="Strict",
    weight=Decimal("0.5"),
    values=(PlannedValue(parameter_key=PASS_MARK, value=Decimal("0.8")),),
)
PRIMARY = PlannedMetric(kpi=STARTED, role=Metric.Role.PRIMARY)


def draft(
    key: str = "strict-marks",
    *,
    courses: Sequence[Course] = (),
    runs: Sequence[CourseRun] = (),
    variants: Sequence[PlannedVariant] = (CONTROL, STRICT),
    metrics: Sequence[PlannedMetric] = (PRIMARY,),
    by: User | None = None,
    **fields: Any,
) -> Experiment:
    """Draft an experiment that passes the checklist, unless the fields say otherwise."""
    plan: dict[str, Any] = {
        "key": key,
        "name": key.replace("-", " ").capitalize(),
        "hypothesis": "A higher pass mark makes learners practice more.",
        "seed": "seed",
        "planned_effect": 0.1,
        "planned_n": 400,
        "planned_end": date(2026, 9, 1),
        "underpowered_reason": "A test.",
    }
    return drafts.save(
        None,
        {**plan, **fields},
        variants=variants,
        metrics=metrics,
        courses=courses,
        runs=runs,
        by=by,
        now=STARTED_AT - DAY,
    )


def start(experiment: Experiment, by: User | None = None) -> Experiment:
    return lifecycle.start(experiment, by, now=STARTED_AT)


def enroll_many(
    run: CourseRun, number: int, *, at: datetime = STARTED_AT - 30 * DAY, prefix: str = "L"
) -> list[Learner]:
    """Create learners who are enrolled in a run; the plan of their enrollments is empty."""
    keys = [f"{prefix}{one:06}" for one in range(number)]
    Learner.objects.bulk_create(Learner(key=key) for key in keys)
    learners = list(Learner.objects.filter(key__startswith=prefix).order_by("key"))
    Enrollment.objects.bulk_create(
        Enrollment(
            learner=one,
            run=run,
            enrolled_at=at,
            started_at=at,
            cutoff_at=at,
            planned_due_at=at + 200 * DAY,
            due_at=at + 200 * DAY,
        )
        for one in learners
    )
    return learners
