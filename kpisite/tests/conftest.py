from __future__ import annotations

from kpis.tests.visitors import _in_july_2026
from kpisite.tests.cached_visitors import clock, py

__all__ = ["_in_july_2026", "clock", "py"]
