from __future__ import annotations

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from curriculum.models import Enrollment
from kpis.definitions.facts import Cut, Ratio
from kpis.definitions.registry import kpi
from kpis.definitions.units import PERCENT
from outcomes.facts.career import IMPACT
from outcomes.indicators.latest_per_learner import LEARNER
from outcomes.models import CareerOutcome
from outcomes.models.career import IN_TIME


@kpi(
    IMPACT,
    _("Career impact"),
    unit=PERCENT,
    target=85,
    is_additive=False,
    facts=CareerOutcome,
    at="reported_at",
    reads={Enrollment: "career_outcomes"},
)
def career_impact(rows: QuerySet[CareerOutcome], cut: Cut) -> Ratio:
    """The share of graduates who got a new job, were promoted or completed a project at work after
    the course. Example: of the 40 graduates who answered the question in October, 31 reported at
    least one of these: 77.5%.

    Formula: (graduates who reported a job placement, a promotion or a completed work project
    within 180 days of their completion) ÷ (graduates who answered the question in the period).

    A graduate is a learner who completed the course before the end of the period. Each graduate
    counts once, however many answers they gave. Graduates who did not answer count in neither
    number; the drill-down shows how far they could move the result.
    """
    graduates = Count(LEARNER, distinct=True)
    return Ratio(
        rows=rows.filter(enrollment__completed_at__lt=cut.period.end),
        total=Count(LEARNER, distinct=True, filter=IN_TIME),
        weight=graduates,
        n=graduates,
    )
