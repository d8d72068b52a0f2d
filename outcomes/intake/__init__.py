"""The kinds of events that outcomes understand; docs/events.md tells senders of them."""

from __future__ import annotations

from intake.event_kinds import batch_context
from kpis.recompute import stale_days
from outcomes.intake import certificates, skills, surveys

__all__ = ["certificates", "skills", "surveys"]

batch_context(stale_days.batch)
