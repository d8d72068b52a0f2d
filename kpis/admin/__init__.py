"""Admin pages for targets, measurements and the log of recomputations."""

from __future__ import annotations

from kpis.admin import measurements, recompute_log, targets

__all__ = ["measurements", "recompute_log", "targets"]
