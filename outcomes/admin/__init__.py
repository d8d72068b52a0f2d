"""The admin of outcomes, one module per subject."""

from __future__ import annotations

from outcomes.admin import career, certificates, skills, surveys

__all__ = ["career", "certificates", "skills", "surveys"]
