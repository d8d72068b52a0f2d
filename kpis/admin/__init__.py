"""Admin pages for targets, notes on dates, measurements and the log of recomputations."""

from __future__ import annotations

from kpis.admin import date_notes, measurements, recompute_log, targets

__all__ = ["date_notes", "measurements", "recompute_log", "targets"]
