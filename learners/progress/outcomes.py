"""What a learner has gained: skills and certificates; and the surveys that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from curriculum.models import Learner
from kpis.definitions.facts import Cut
from kpis.definitions.periods import Period
from outcomes.indicators.skills import skill_attainment
from outcomes.models import Certificate, Invitation, SkillAssessment, Wave
from outcomes.surveys import links


@dataclass(frozen=True)
class OpenSurvey:
    title: str
    course: str
    link: str
    last_day: date | None


def skills_of(learner: Learner, period: Period) -> list[SkillAssessment]:
    """Return the latest assessment of each skill up to the end of the period, by title."""
    rows = SkillAssessment.objects.filter(
        enrollment__learner=learner,
        enrollment__is_cancelled=False,
        assessed_at__lt=period.end,
    )
    latest: QuerySet[Any] | None = skill_attainment(rows, Cut(period, "site")).rows
    found = rows if latest is None else latest
    return list(found.select_related("skill").order_by("skill__title", "skill"))


def certificates_of(learner: Learner) -> list[Certificate]:
    """Return a learner's certificates with their courses and codes, the latest first."""
    rows = Certificate.objects.filter(enrollment__learner=learner)
    return list(
        rows.select_related("enrollment__run__course", "enrollment__certificate_code").order_by(
            "-earned_at", "pk"
        )
    )


def open_surveys_of(learner: Learner, now: datetime) -> list[OpenSurvey]:
    """Return the surveys to which the learner is invited and has not replied yet."""
    rows = (
        Invitation.objects.unanswered()
        .filter(
            enrollment__learner=learner,
            dismissed_at=None,
            wave__in=Wave.objects.open(now).order_by(),
        )
        .select_related("wave__survey", "enrollment__run__course")
        .order_by("wave__closes_at", "pk")
    )
    return [
        OpenSurvey(
            title=one.wave.survey.shown_text("title"),
            course=str(one.enrollment.run.course),
            link=reverse("outcomes:survey", args=[links.token_of(one.pk)]),
            last_day=one.wave.last_day,
        )
        for one in rows
    ]
