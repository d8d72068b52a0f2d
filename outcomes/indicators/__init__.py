"""The KPIs of the category Outcome & Impact."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from outcomes.indicators import career, certificates, skills, surveys
from presentation.categories import category

__all__ = ["career", "certificates", "skills", "surveys"]

category(
    "outcome",
    _("Outcome & Impact"),
    about=_(
        "What learners gained: skill attainment, certification completion, satisfaction and "
        "career impact, each compared with its target."
    ),
    awaits=_("skill assessments, certificates, survey answers or career reports"),
    bars=(
        "outcome.skill-attainment",
        "outcome.certification-completion",
        "outcome.satisfaction",
        "outcome.csat",
        "outcome.career-impact",
    ),
)
