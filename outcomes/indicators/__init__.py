"""The outcome KPIs; what each number means is docs/kpis.md."""

from __future__ import annotations

from outcomes.indicators import career, certificates, skills, surveys
from presentation.categories import category

__all__ = ["career", "certificates", "skills", "surveys"]

category(
    "outcome",
    "Outcome & Impact",
    about="What learning changed: skill attainment, certification completion, satisfaction and "
    "career impact, each against its target.",
    awaits="skill assessments, certificates, survey answers or career reports",
    bars=(
        "outcome.skill-attainment",
        "outcome.certification-completion",
        "outcome.satisfaction",
        "outcome.csat",
        "outcome.career-impact",
    ),
)
