"""The facts of outcomes: one row per what its KPIs are sums over."""

from __future__ import annotations

from outcomes.models.career import CareerOutcome
from outcomes.models.certificates import Certificate
from outcomes.models.feedback import Remark, Testimonial, Theme, ThemeSearch
from outcomes.models.skills import SkillAssessment
from outcomes.models.surveys import Invitation, Response, Survey, Wave

__all__ = [
    "CareerOutcome",
    "Certificate",
    "Invitation",
    "Remark",
    "Response",
    "SkillAssessment",
    "Survey",
    "Testimonial",
    "Theme",
    "ThemeSearch",
    "Wave",
]
