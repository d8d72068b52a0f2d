"""Test what a rule proposes: draft an experiment of the old value against the new one."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.reader import Reader
from core import reporting_clock
from curriculum.models import Course, CourseRun, Module, Parameter
from curriculum.run_plans import PLANNED_AT_SIGN_UP
from experiments import drafts, measurable, overlaps, sizing
from experiments.drafts import PlannedMetric, PlannedValue, PlannedVariant
from experiments.models import Experiment, Metric
from experiments.sizing import Question
from improvement.experiments import BLOCKERS, EXPERIMENTS
from improvement.models import Adjustment
from improvement.suppressed_adjustments import ShownAdjustment
from kpis.definitions.periods import local_day
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import SITE, Scope
from kpis.query.query_service import KpiQueryService

logger = logging.getLogger(__name__)

HALF = Decimal("0.5")
LASTS = timedelta(days=90)
# margin of a guardrail in the KPI's unit, as a share of its target
SHARE_OF_TARGET = 0.05


def register() -> None:
    EXPERIMENTS.register("experiments", draft_of)
    BLOCKERS.register("experiments", reason_to_wait)


def draft_of(adjustment: Adjustment) -> None:
    """Draft an experiment for a proposal; it ends as the experiment does.

    Nothing is drafted where that is impossible, for example for a KPI that has no value for one
    learner: somebody decides about the proposal, as usual.
    """
    parameter = adjustment.parameter
    if parameter is None or measurable.problem_of(adjustment.kpi, Experiment.Unit.LEARNER):
        return
    try:
        _draft(adjustment, parameter)
    except ValidationError as error:
        logger.info("No experiment for adjustment %s: %s", adjustment.pk, error)


def _draft(adjustment: Adjustment, parameter: Parameter) -> None:
    courses, runs, module = _audience(parameter)
    effect = suggested_effect(adjustment)
    places = {one.pk for one in courses} | {one.course_id for one in runs}
    scope = Scope(frozenset(places), runs[0].pk if runs else None) if places else SITE
    drafts.save(
        None,
        {
            "key": f"adjustment-{adjustment.pk}",
            "name": f"{adjustment}: {adjustment.values}"[:200],
            "hypothesis": _hypothesis(adjustment),
            "planned_effect": effect,
            "planned_n": suggested_n(adjustment, effect, scope),
            "planned_end": local_day(adjustment.proposed_at, reporting_clock.reporting_zone())
            + LASTS,
            "only_new": adjustment.parameter_key in PLANNED_AT_SIGN_UP,
            "adjustment": adjustment,
        },
        variants=[
            PlannedVariant(key="control", name=gettext("As before"), weight=HALF, is_control=True),
            PlannedVariant(
                key="proposal",
                name=gettext("As proposed"),
                weight=HALF,
                values=[
                    PlannedValue(
                        parameter_key=adjustment.parameter_key,
                        value=adjustment.new_value,
                        module=module,
                    )
                ],
            ),
        ],
        metrics=_metrics(adjustment),
        courses=courses,
        runs=runs,
        by=None,
        now=adjustment.proposed_at,
    )


def suggested_effect(adjustment: Adjustment) -> float | None:
    """Return the gap between the value that led to the proposal and its target, to be closed.

    In the KPI's unit, shares from 0 to 1. None if there is no gap, or if the value is that of a
    small group, which readers of the draft may not see.
    """
    value, target = adjustment.alert_value, adjustment.alert_target
    if value is None or target is None or _is_small(adjustment):
        return None
    indicator = REGISTRY[adjustment.kpi]
    gap = target - value if indicator.higher_is_better else value - target
    return gap / indicator.unit.scale if gap > 0 else None


def suggested_n(adjustment: Adjustment, effect: float | None, scope: Scope) -> int | None:
    """Return the units per variant that find an effect; None if that cannot be computed."""
    if effect is None:
        return None
    question = Question(kpi=adjustment.kpi, effect=effect, scope=scope)
    try:
        found = sizing.answer(question, adjustment.proposed_at, present=0, per_week=0.0)
    except ValueError:
        # no share can rise by so much
        return None
    return found.needed if found.measured >= settings.KPI_MIN_GROUP else None


def _is_small(adjustment: Adjustment) -> bool:
    """True if some reader of the draft may not see the figures of the alert."""
    ids = frozenset({adjustment.course_id} if adjustment.course_id else ())
    readers = [Reader(True, True, False, frozenset()), Reader(True, False, False, ids)]
    services = [KpiQueryService(one, adjustment.proposed_at) for one in readers[: 1 + len(ids)]]
    return any(ShownAdjustment(adjustment, one).is_alert_hidden for one in services)


def _hypothesis(adjustment: Adjustment) -> str:
    """Return why it was proposed; a rule repeats the figures of the alert, which may be hidden."""
    if not _is_small(adjustment):
        return adjustment.reason
    text = gettext("%(change)s improves %(kpi)s.")
    return text % {"change": adjustment.values, "kpi": REGISTRY[adjustment.kpi].name}


def _audience(parameter: Parameter) -> tuple[list[Course], list[CourseRun], Module | None]:
    if parameter.module:
        return [parameter.module.course], [], parameter.module
    runs = [parameter.run] if parameter.run else []
    return [parameter.course] if parameter.course else [], runs, None


def _metrics(adjustment: Adjustment) -> list[PlannedMetric]:
    """Return the KPI of the alert, and the rule's guard KPIs as guardrails."""
    guards = [
        key
        for key in adjustment.guard_kpis
        if key != adjustment.kpi and not measurable.problem_of(key, Experiment.Unit.LEARNER)
    ]
    return [
        PlannedMetric(kpi=adjustment.kpi, role=Metric.Role.PRIMARY),
        *(
            PlannedMetric(kpi=key, role=Metric.Role.GUARDRAIL, margin=_margin(key))
            for key in guards
        ),
    ]


def _margin(key: str) -> float:
    indicator = REGISTRY[key]
    target = float(indicator.target or 0) / indicator.unit.scale
    return SHARE_OF_TARGET * target if target else SHARE_OF_TARGET


def reason_to_wait(parameter: Parameter) -> str:
    """Return why a parameter must not be changed now: a running experiment does, in this place."""
    part = parameter.module or parameter.run
    course = part.course_id if part else parameter.course_id
    running = overlaps.of_parameter(parameter.key, course)
    if running is None:
        return ""
    return gettext(
        "The experiment “%(name)s” is testing this parameter. Decide about the experiment first."
    ) % {"name": running.name}
