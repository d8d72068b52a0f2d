"""The facts that the outcome KPIs are computed from, and the surveys they come from."""

from __future__ import annotations

from outcomes.models.career import CareerOutcome
from outcomes.models.certificates import Certificate, CertificateChange, CertificateCode
from outcomes.models.feedback import CommentAnalysis, QuoteConsent, Testimonial, Theme, TopicRun
from outcomes.models.skills import SkillAssessment
from outcomes.models.surveys import Invitation, Response, Survey, Wave

__all__ = [
    "CareerOutcome",
    "Certificate",
    "CertificateChange",
    "CertificateCode",
    "CommentAnalysis",
    "Invitation",
    "QuoteConsent",
    "Response",
    "SkillAssessment",
    "Survey",
    "Testimonial",
    "Theme",
    "TopicRun",
    "Wave",
]
