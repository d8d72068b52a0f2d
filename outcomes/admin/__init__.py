"""The admin of outcomes, one module per subject."""

from __future__ import annotations

from outcomes.admin import career, certificates, feedback, skills, surveys

__all__ = ["career", "certificates", "feedback", "skills", "surveys"]
