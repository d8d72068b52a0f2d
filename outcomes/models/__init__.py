"""The facts of outcomes: one row per what its KPIs are sums over."""

from __future__ import annotations

from outcomes.models.certificates import Certificate
from outcomes.models.skills import SkillAssessment

__all__ = [
    "Certificate",
    "SkillAssessment",
]
