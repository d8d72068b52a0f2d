"""Targets to set, and what the loop wrote, to look at."""

from __future__ import annotations

from kpis.admin import loop, measurements, targets

__all__ = ["loop", "measurements", "targets"]
