from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _

from curriculum.models import PlannedModule
from curriculum.parameters import ParameterHistory
from engagement.pace import pace
from engagement.parameter_definitions import ON_PACE
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, NUMBER, PERCENT
from kpis.statistics.shares_and_medians import median_of, share

KPI = "engagement.progress-velocity"


@dataclass
class Pace:
    """The enrollments of one course that have a required module due in the period."""

    indices: list[float] = field(default_factory=list)
    learners: set[int] = field(default_factory=set)
    enrollments: int = 0
    done: int = 0


@drill_down(KPI, "pace", _("Pace of the learners"))
def paces(when: Period, scope: Scope) -> Table:
    """How many learners keep up with their plan. A learner who has done 80 of the 100 minutes due
    so far has a pace index of 0.8 and is on pace.

    Pace index = (planned effort done) ÷ (planned effort due), both up to the period's end, at
    most 2. On pace = (enrollments whose pace index reaches the parameter "On-pace threshold") ÷
    (enrollments with a pace index). Modules per week = (required modules completed in the period)
    ÷ (enrollments × weeks in the period). By course, over the enrollments with a required module
    due in the period.
    """
    columns = (
        Column.of("course"),
        Column("enrolments", _("Enrollments"), COUNT),
        Column("on_pace", _("On pace"), PERCENT),
        Column("median", _("Median pace index"), NUMBER),
        Column("per_week", _("Modules per week"), NUMBER),
    )
    threshold = float(ParameterHistory([ON_PACE]).value(ON_PACE, when.end))
    rows = [
        {
            "course": course,
            "enrolments": one.enrollments,
            "on_pace": share(
                sum(1 for index in one.indices if index >= threshold), len(one.indices)
            ),
            "median": median_of(one.indices),
            "per_week": share(one.done * 7, one.enrollments * when.days),
            "learners": len(one.learners),
        }
        for course, one in sorted(_by_course(when, scope).items())
    ]
    return Table(columns, rows)


def _by_course(when: Period, scope: Scope) -> dict[str, Pace]:
    required = PlannedModule.objects.filter(is_required=True)
    due = required.filter(due_at__gte=when.start, due_at__lt=when.end).order_by()
    plans = (
        within(required.filter(enrollment__in=due.values("enrollment")), scope, module="module")
        .values("enrollment", "enrollment__learner", "enrollment__run__course__title")
        .annotate(
            expected=Sum("effort_minutes", filter=Q(due_at__lt=when.end)),
            done=Sum("effort_minutes", filter=Q(progress__done_at__lt=when.end)),
            finished=Count(
                "pk", filter=Q(progress__done_at__gte=when.start, progress__done_at__lt=when.end)
            ),
        )
    )
    found: dict[str, Pace] = defaultdict(Pace)
    for plan in plans:
        one = found[plan["enrollment__run__course__title"]]
        index = pace(plan["done"] or 0, plan["expected"] or 0)
        one.indices += [] if index is None else [index]
        one.learners.add(plan["enrollment__learner"])
        one.enrollments += 1
        one.done += plan["finished"]
    return found
