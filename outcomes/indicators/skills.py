from __future__ import annotations

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kpis.definitions.facts import Cut, Ratio
from kpis.definitions.registry import kpi
from kpis.definitions.units import PERCENT
from outcomes.facts.skills import ATTAINMENT
from outcomes.indicators.latest_per_learner import LatestPerLearner
from outcomes.models import SkillAssessment

Assessments = QuerySet[SkillAssessment]

# of two assessments at the same moment, the better one counts
LATEST = LatestPerLearner(per="skill", order=("assessed_at", "score", "enrollment"))


@kpi(
    ATTAINMENT,
    _("Skill attainment"),
    unit=PERCENT,
    target=90,
    is_additive=False,
    facts=SkillAssessment,
    at="assessed_at",
)
def skill_attainment(rows: Assessments, cut: Cut) -> Ratio:
    """The share of assessed skills that learners have mastered. Example: 60 learners were assessed
    in 2 skills each in October, and 96 of these 120 results reached mastery: 80.0%.

    Formula: (pairs of learner and skill at or above the mastery score) ÷ (pairs of learner and
    skill that were assessed in the period).

    The latest assessment of each pair in the period counts. For a course or run it is the latest
    one within it. The mastery score is the one that was set when the assessment was taken.
    Assessments from before the course (stage “pre”) are used only for the gain.
    """
    return Ratio(
        rows=LATEST.among(rows.filter(stage=SkillAssessment.Stage.POST), cut.level),
        total=Count("pk", filter=Q(score__gte=F("mastery"))),
        weight=Count("pk"),
    )
