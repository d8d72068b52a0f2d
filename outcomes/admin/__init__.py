"""The admin of outcomes, one module per subject."""

from __future__ import annotations

from outcomes.admin import certificates, skills

__all__ = ["certificates", "skills"]
