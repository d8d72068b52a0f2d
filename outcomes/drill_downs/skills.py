from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Avg, Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.utils.translation import gettext_lazy as _

from curriculum.models import Enrollment, PlannedModule
from kpis.aggregation.grouped_sums import rows_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, PERCENT, POINTS, TEXT
from kpis.statistics.shares_and_medians import share
from outcomes.facts.skills import ATTAINMENT
from outcomes.models import SkillAssessment

SKILL = Column("skill", _("Skill"), TEXT)


@drill_down(ATTAINMENT, "skills", _("Attainment by skill"))
def skills(when: Period, scope: Scope) -> Table:
    """Learners who were assessed in the period, by skill, and how many of them reached mastery in
    their latest assessment."""
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
        Column("assessed", _("Assessed"), COUNT),
        Column("attained", _("Attained"), COUNT),
        Column("value", _("Attainment"), PERCENT),
    )
    return Table(columns, rows)


def _latest(when: Period, scope: Scope) -> QuerySet[SkillAssessment]:
    """The latest assessment of each pair of learner and skill within the scope."""
    found: QuerySet[SkillAssessment] = rows_of(ATTAINMENT, when, scope)
    return found


@drill_down(ATTAINMENT, "coverage", _("Coverage"))
def coverage(when: Period, scope: Scope) -> Table:
    """How many of the expected assessments took place. One assessment is expected for each skill
    that an enrollment's modules teach, if the enrollment fell due in the period; assessments up to
    the end of the period count."""
    found: dict[tuple[str, str, str], SkillCoverage] = defaultdict(SkillCoverage)
    for course, key, title, learner, enrollment, is_assessed in _expected(when, scope):
        found[course, title, key].learners.add(learner)
        found[course, title, key].assessed[enrollment] = is_assessed
    rows = [
        {
            "course": names[0],
            "skill": names[1],
            "expected": len(skill.assessed),
            "assessed": sum(skill.assessed.values()),
            "coverage": share(sum(skill.assessed.values()), len(skill.assessed)),
            "learners": len(skill.learners),
        }
        for names, skill in sorted(found.items(), key=lambda item: item[0])
    ]
    columns = (
        Column.of("course"),
        SKILL,
        Column("expected", _("Expected"), COUNT),
        Column("assessed", _("Assessed"), COUNT),
        Column("coverage", _("Coverage"), PERCENT),
    )
    return Table(columns, rows)


@dataclass
class SkillCoverage:
    """The expected assessments of a skill in a course: per enrollment, whether it took place."""

    learners: set[int] = field(default_factory=set)
    assessed: dict[int, bool] = field(default_factory=dict)


def _expected(when: Period, scope: Scope) -> QuerySet[PlannedModule, tuple[Any, ...]]:
    """List each skill of each enrollment due in the period and whether it was assessed.

    A skill that several modules teach is listed once per module.
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


@drill_down(ATTAINMENT, "gain", _("Gain from before to after"))
def gain(when: Period, scope: Scope) -> Table:
    """How much learners improved, if assessed both before the course and in the period. The
    gain is (latest score) − (first score before the course). The normalized gain is (after −
    before) ÷ (1 − before) for learners who scored below 100% before (Hake 1998)."""
    # searching a learner's few enrollments is faster than searching all assessments of a skill
    enrollments = Enrollment.objects.filter(
        learner=OuterRef(OuterRef("enrollment__learner")), is_cancelled=False
    )
    before = (
        SkillAssessment.objects.filter(
            enrollment__in=enrollments.values("pk"),
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
        Column("pairs", _("Learners assessed twice"), COUNT),
        Column("mean_before", _("Before"), PERCENT),
        Column("mean_after", _("After"), PERCENT),
        Column("gain", _("Mean gain"), POINTS),
        Column("able", _("Below 100% before"), COUNT),
        Column("normalised", _("Normalized gain"), PERCENT),
    )
    ordered = rows.order_by("skill__title", "skill__key")
    return Table(columns, [{**row, "skill": row["skill_title"]} for row in ordered])
