from __future__ import annotations

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from kpis.definitions.facts import Cut, Ratio
from kpis.definitions.registry import kpi
from kpis.definitions.units import PERCENT, POINTS
from outcomes.facts.surveys import CSAT, SATISFACTION
from outcomes.indicators.latest_per_learner import LatestPerLearner
from outcomes.models import Response

PROMOTERS = Q(nps__gte=9)
DETRACTORS = Q(nps__lte=6)
SATISFIED = Q(csat__gte=4)
LATEST = LatestPerLearner(per="wave", order=("answered_at", "enrollment"))


@kpi(
    SATISFACTION,
    _("Satisfaction (NPS)"),
    unit=POINTS,
    target=80,
    min_n=50,
    is_additive=False,
    companions=(CSAT,),
    facts=Response,
    at="answered_at",
)
def satisfaction(rows: QuerySet[Response], cut: Cut) -> Ratio:
    """How strongly learners would recommend the course, as a net promoter score (NPS) from −100 to
    100. Example: of the 200 answers in October, 150 came from promoters (9 or 10) and 20 from
    detractors (0 to 6): 75% − 10% = 65 points.

    Formula: 100 × ((answers of 9 and 10) − (answers of 0 to 6)) ÷ (all answers to “How likely are
    you to recommend this course?”).

    Each learner counts once per survey wave, with the latest answer. For a course it is the latest
    answer within the course. A learner who dismisses the survey has not answered it.
    """
    promoter, detractor = When(PROMOTERS, then=Value(1)), When(DETRACTORS, then=Value(-1))
    return Ratio(
        rows=LATEST.among(rows.filter(nps__isnull=False), cut.level),
        total=Sum(Case(promoter, detractor, default=Value(0))),
        weight=Count("pk"),
    )


@kpi(
    CSAT,
    _("Satisfaction (CSAT)"),
    unit=PERCENT,
    target=85,
    is_additive=False,
    facts=Response,
    at="answered_at",
)
def csat(rows: QuerySet[Response], cut: Cut) -> Ratio:
    """The share of learners who are satisfied with the course. Example: of the 180 learners who
    rated it in October, 153 gave 4 or 5 out of 5: 85.0%.

    Formula: (answers of 4 and 5) ÷ (all answers on the scale from 1 to 5).

    Each learner counts once per survey wave, with the latest answer. For a course it is the latest
    answer within the course. A learner who dismisses the survey has not answered it.
    """
    return Ratio(
        rows=LATEST.among(rows.filter(csat__isnull=False), cut.level),
        total=Count("pk", filter=SATISFIED),
        weight=Count("pk"),
    )
