from __future__ import annotations

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from kpis.definitions.aggregates import FactAggregate
from kpis.definitions.periods import Period
from kpis.definitions.registry import Interval, kpi
from kpis.definitions.units import PERCENT, POINTS
from outcomes.facts.surveys import CSAT, SATISFACTION
from outcomes.indicators.latest_per_learner import LatestPerLearner
from outcomes.models import Response

PROMOTERS = Q(nps__gte=9)
DETRACTORS = Q(nps__lte=6)
SATISFIED = Q(csat__gte=4)
LATEST = LatestPerLearner(of="wave", order=("answered_at", "enrollment"))


@kpi(
    SATISFACTION,
    "Satisfaction (NPS)",
    unit=POINTS,
    target=80,
    interval=Interval.NET,
    min_n=50,
    is_additive=False,
    companions=(CSAT,),
)
def satisfaction(when: Period) -> FactAggregate:
    """Net promoter score: answers of 9 and 10 less answers of 0 to 6 ÷ answers to “how likely
    are you to recommend this course”, from −100 to 100.

    One answer per learner and wave, the latest: of a course the latest within it. Who dismissed
    the survey did not answer.
    """
    promoter, detractor = When(PROMOTERS, then=Value(1)), When(DETRACTORS, then=Value(-1))
    return LATEST.tally(
        answers(when, "nps"),
        total=Sum(Case(promoter, detractor, default=Value(0))),
        weight=Count("pk"),
        squares=Count("pk", filter=PROMOTERS | DETRACTORS),
    )


@kpi(CSAT, "Satisfaction (CSAT)", unit=PERCENT, target=85, is_additive=False)
def csat(when: Period) -> FactAggregate:
    """Answers of 4 and 5 ÷ answers on the scale from 1 to 5.

    One answer per learner and wave, the latest: of a course the latest within it. Who dismissed
    the survey did not answer.
    """
    return LATEST.tally(
        answers(when, "csat"),
        total=Count("pk", filter=SATISFIED),
        weight=Count("pk"),
    )


def answers(when: Period, asked: str) -> QuerySet[Response]:
    """The answers to what was `asked` (nps, csat) that were given in the period."""
    given = Response.objects.filter(answered_at__gte=when.start, answered_at__lt=when.end)
    return given.filter(**{f"{asked}__isnull": False})
