"""The drill-down tables of the outcome KPIs; importing this package registers them."""

from __future__ import annotations

from outcomes.drill_downs import career, certificates, feedback, skills, surveys

__all__ = ["career", "certificates", "feedback", "skills", "surveys"]
