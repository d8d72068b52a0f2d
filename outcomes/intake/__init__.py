"""The kinds of events that outcomes understand; docs/events.md tells senders of them."""

from __future__ import annotations

from intake.registry import surrounds
from kpis import marks
from outcomes.intake import certificates, skills, surveys

__all__ = ["certificates", "skills", "surveys"]

surrounds(marks.together)
