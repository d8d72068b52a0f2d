"""The drill-down tables of the engagement KPIs; importing this package registers them."""

from __future__ import annotations

from engagement.drill_downs import assessments, completion, depth, velocity

__all__ = ["assessments", "completion", "depth", "velocity"]
