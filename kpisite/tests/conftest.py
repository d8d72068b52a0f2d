from __future__ import annotations

from kpisite.tests.cached_visitors import clock, py

__all__ = ["clock", "py"]
