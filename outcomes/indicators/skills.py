from __future__ import annotations

from django.db.models import Count, F, Q, QuerySet

from kpis.definitions.aggregates import FactAggregate
from kpis.definitions.periods import Period
from kpis.definitions.registry import kpi
from kpis.definitions.units import PERCENT
from outcomes.facts.skills import ATTAINMENT
from outcomes.indicators.latest_per_learner import LatestPerLearner
from outcomes.models import SkillAssessment

Assessments = QuerySet[SkillAssessment]

# of two assessments at one moment the better stands
LATEST = LatestPerLearner(of="skill", order=("assessed_at", "score", "enrollment"))


@kpi(ATTAINMENT, "Skill attainment", unit=PERCENT, target=90, is_additive=False)
def skill_attainment(when: Period) -> FactAggregate:
    """(Learner, skill) pairs at or above mastery ÷ pairs assessed.

    The latest assessment of the pair in the period stands: for a run or course the latest within
    it. Mastery is what its dial stood at when the assessment was taken. Assessments from before
    the course (stage pre) serve the gain alone.
    """
    return LATEST.tally(
        assessed(when),
        total=Count("pk", filter=Q(score__gte=F("mastery"))),
        weight=Count("pk"),
    )


def assessed(when: Period) -> Assessments:
    """The assessments of the period that may tell attainment."""
    return SkillAssessment.objects.filter(
        stage=SkillAssessment.Stage.POST,
        assessed_at__gte=when.start,
        assessed_at__lt=when.end,
    )
