from __future__ import annotations

from kpis.tests.visitors import _in_july_2026, ada, in_july, run

__all__ = ["_in_july_2026", "ada", "in_july", "run"]
