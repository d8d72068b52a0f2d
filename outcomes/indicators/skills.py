from __future__ import annotations

from dataclasses import replace

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from kpis.periods import Period
from kpis.registry import kpi
from kpis.tally import Tally
from kpis.units import PERCENT
from outcomes.facts.skills import ATTAINMENT
from outcomes.models import SkillAssessment

Assessments = QuerySet[SkillAssessment]

# of whom two assessments are of one pair, where the pairs of a course or run are told
PAIR = "enrollment__learner"
SAME = {"site": (PAIR,), "course": (PAIR, "enrollment__run__course"), "run": ("enrollment",)}


@kpi(ATTAINMENT, "Skill attainment", unit=PERCENT, target=90, is_additive=False)
def skill_attainment(when: Period) -> Tally:
    """(Learner, skill) pairs at or above mastery ÷ pairs assessed.

    The latest assessment of the pair in the period stands: for a run or course the latest within
    it. Mastery is what its dial stood at when the assessment was taken. Assessments from before
    the course (stage pre) serve the gain alone.
    """
    taken = assessed(when)
    anywhere = Tally(
        rows=latest(taken),
        total=Count("pk", filter=Q(score__gte=F("mastery"))),
        weight=Count("pk"),
        among=lambda ids: latest(taken.filter(enrollment__run__course__in=ids)),
    )
    narrower = {
        level: replace(anywhere, rows=latest(taken, SAME[level]), among=None)
        for level in ("course", "run")
    }
    return replace(anywhere, by_level=narrower)


def assessed(when: Period) -> Assessments:
    """The assessments of the period that may tell attainment."""
    return SkillAssessment.objects.filter(
        stage=SkillAssessment.Stage.POST,
        assessed_at__gte=when.start,
        assessed_at__lt=when.end,
    )


def latest(taken: Assessments, same: tuple[str, ...] = SAME["site"]) -> Assessments:
    """The last of each pair; of two at one moment the better.

    One in a cancelled enrolment stands in nobody's way.
    """
    at_once = Q(assessed_at=OuterRef("assessed_at"))
    as_good = at_once & Q(score=OuterRef("score"))
    later = taken.filter(
        Q(assessed_at__gt=OuterRef("assessed_at"))
        | at_once & Q(score__gt=OuterRef("score"))
        | as_good & Q(enrollment__gt=OuterRef("enrollment")),
        enrollment__is_cancelled=False,
        skill=OuterRef("skill"),
        **{path: OuterRef(path) for path in same},
    )
    return taken.filter(~Exists(later))
