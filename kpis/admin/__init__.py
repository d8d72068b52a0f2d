"""Targets to set; measurements and the log of recomputing to look at."""

from __future__ import annotations

from kpis.admin import measurements, recompute_log, targets

__all__ = ["measurements", "recompute_log", "targets"]
