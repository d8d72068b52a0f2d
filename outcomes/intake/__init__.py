"""The kinds of events about outcomes, as documented for senders in docs/events.md."""

from __future__ import annotations

from outcomes.intake import certificates, skills, surveys

__all__ = ["certificates", "skills", "surveys"]
