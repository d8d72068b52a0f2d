from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Avg, Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When

from curriculum.models import Enrollment, PlannedModule
from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, PERCENT, POINTS, TEXT
from kpis.statistics.shares_and_medians import share
from outcomes.facts.skills import ATTAINMENT
from outcomes.indicators.skills import LATEST, Assessments, assessed
from outcomes.models import SkillAssessment

SKILL = Column("skill", "Skill", TEXT)


@drill_down(ATTAINMENT, "skills", "Attainment by skill")
def skills(when: Period, scope: Scope) -> Table:
    """Of the learners whose skill was assessed in the period: how many reached mastery in their
    latest assessment."""
    found = (
        _latest(when, scope)
        .values("skill__key", skill_title=F("skill__title"))
        .annotate(
            learners=Count("enrollment__learner", distinct=True),
            assessed=Count("pk"),
            attained=Count("pk", filter=Q(score__gte=F("mastery"))),
        )
        .order_by("skill__title", "skill__key")
    )
    rows = [
        {**row, "skill": row["skill_title"], "value": share(row["attained"], row["assessed"])}
        for row in found
    ]
    columns = (
        SKILL,
        Column("assessed", "Assessed", COUNT),
        Column("attained", "Attained", COUNT),
        Column("value", "Attainment", PERCENT),
    )
    return Table(columns, rows)


def _latest(when: Period, scope: Scope) -> Assessments:
    """The latest assessment of each pair among those of the scope."""
    return LATEST.among(within(assessed(when), scope)).order_by()


@drill_down(ATTAINMENT, "coverage", "Coverage")
def coverage(when: Period, scope: Scope) -> Table:
    """Of the enrolments that fell due in the period, times the skills that the modules of their
    plan teach: how many were assessed by the period's end."""
    seen: dict[tuple[str, str, str], _Covered] = defaultdict(_Covered)
    for course, key, title, learner, enrollment, is_assessed in _expected(when, scope):
        one = seen[course, title, key]
        one.learners.add(learner)
        one.assessed[enrollment] = is_assessed
    rows = [_covered(names, seen[names]) for names in sorted(seen)]
    columns = (
        Column.of("course"),
        SKILL,
        Column("expected", "Expected", COUNT),
        Column("assessed", "Assessed", COUNT),
        Column("coverage", "Coverage", PERCENT),
    )
    return Table(columns, rows)


@dataclass
class _Covered:
    """A skill in a course: who was to be assessed, and of which enrolments it was done."""

    learners: set[int] = field(default_factory=set)
    assessed: dict[int, bool] = field(default_factory=dict)


def _covered(names: tuple[str, str, str], one: _Covered) -> dict[str, Any]:
    expected, done = len(one.assessed), sum(one.assessed.values())
    return {
        "course": names[0],
        "skill": names[1],
        "expected": expected,
        "assessed": done,
        "coverage": share(done, expected),
        "learners": len(one.learners),
    }


def _expected(when: Period, scope: Scope) -> QuerySet[PlannedModule, tuple[Any, ...]]:
    """Each enrolment due in the period with each skill of its plan, and whether it was assessed.

    A skill that several modules teach comes as often.
    """
    done = SkillAssessment.objects.filter(
        enrollment=OuterRef("enrollment"),
        skill=OuterRef("module__skills"),
        stage=SkillAssessment.Stage.POST,
        assessed_at__lt=when.end,
    )
    plans = PlannedModule.objects.filter(
        enrollment__due_at__gte=when.start,
        enrollment__due_at__lt=when.end,
        module__skills__isnull=False,
    )
    found: QuerySet[PlannedModule, tuple[Any, ...]] = (
        within(plans, scope, module="module")
        .annotate(is_assessed=Exists(done))
        .order_by()
        .values_list(
            *("enrollment__run__course__title", "module__skills__key", "module__skills__title"),
            *("enrollment__learner", "enrollment", "is_assessed"),
        )
    )
    return found


@drill_down(ATTAINMENT, "gain", "Gain before and after")
def gain(when: Period, scope: Scope) -> Table:
    """Of the learners assessed in the period who were also assessed before the course: the mean
    of their latest score less their first one before it, and the mean normalised gain, which is
    (after − before) ÷ (1 − before), for those who had something to gain (Hake 1998)."""
    # by way of the learner's few enrolments, for very many are assessed in a skill
    theirs = Enrollment.objects.filter(
        learner=OuterRef(OuterRef("enrollment__learner")), is_cancelled=False
    )
    before = (
        SkillAssessment.objects.filter(
            enrollment__in=theirs.values("pk"),
            skill=OuterRef("skill"),
            stage=SkillAssessment.Stage.PRE,
            assessed_at__lte=OuterRef("assessed_at"),
        )
        .order_by("assessed_at", "-score")
        .values("score")[:1]
    )
    pairs = _latest(when, scope).annotate(before=Subquery(before)).filter(before__isnull=False)
    rows = pairs.values("skill__key", skill_title=F("skill__title")).annotate(
        learners=Count("enrollment__learner", distinct=True),
        pairs=Count("pk"),
        mean_before=Avg("before"),
        mean_after=Avg("score"),
        gain=Avg(F("score") - F("before")),
        able=Count("pk", filter=Q(before__lt=1)),
        normalised=Avg(
            Case(When(before__lt=1, then=(F("score") - F("before")) / (1.0 - F("before"))))
        ),
    )
    columns = (
        SKILL,
        Column("pairs", "Learners with both", COUNT),
        Column("mean_before", "Before", PERCENT),
        Column("mean_after", "After", PERCENT),
        Column("gain", "Mean gain", POINTS),
        Column("able", "With something to gain", COUNT),
        Column("normalised", "Normalised gain", PERCENT),
    )
    ordered = rows.order_by("skill__title", "skill__key")
    return Table(columns, [{**row, "skill": row["skill_title"]} for row in ordered])
