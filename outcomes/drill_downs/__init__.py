"""Tables under the outcome KPIs; importing this package hangs them there."""

from __future__ import annotations

from outcomes.drill_downs import certificates, skills

__all__ = ["certificates", "skills"]
