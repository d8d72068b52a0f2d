"""Tables under the engagement KPIs; importing this package hangs them there."""

from __future__ import annotations

from engagement.drill_downs import assessments, completion, depth, velocity

__all__ = ["assessments", "completion", "depth", "velocity"]
