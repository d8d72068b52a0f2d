from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from kpis.definitions.aggregates import FactAggregate
from kpis.definitions.periods import Period
from kpis.definitions.registry import kpi
from kpis.definitions.units import PERCENT
from outcomes.facts.career import IMPACT
from outcomes.indicators.latest_per_learner import LEARNER
from outcomes.models import CareerOutcome
from outcomes.models.career import IN_TIME


@kpi(IMPACT, "Career impact", unit=PERCENT, target=85, is_additive=False)
def career_impact(when: Period) -> FactAggregate:
    """Graduates who report a job placement, a promotion or a completed work project within 180
    days of their completion ÷ graduates who answered the question in the period.

    A graduate completed the course before the period's end, and counts once however many answers
    and impacts there are. Who did not answer is in neither; the drill-down gives the bounds.
    """
    graduates = Count(LEARNER, distinct=True)
    return FactAggregate(
        rows=reports(when),
        total=Count(LEARNER, distinct=True, filter=IN_TIME),
        weight=graduates,
        n=graduates,
    )


def reports(when: Period) -> QuerySet[CareerOutcome]:
    """What graduates said of their careers in the period."""
    return CareerOutcome.objects.filter(
        Q(reported_at__gte=when.start, reported_at__lt=when.end),
        enrollment__completed_at__lt=when.end,
    )
