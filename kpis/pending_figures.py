"""Which figures are still to be computed from facts that are stored already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

from core.changes import CourseId
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.recompute import stale_days


class PendingFigures:
    """Reads what is stale once, for all figures that are read at one moment."""

    def __init__(self) -> None:
        self._stale: dict[tuple[str, Sequence[Period]], set[tuple[date, CourseId]]] = {}

    def starts(self, indicator: Indicator, scope: Scope, periods: Sequence[Period]) -> set[date]:
        """Return the first days of those periods (of one kind) in which the scope is stale.

        A figure without observations is pending then: it is neither missing nor zero. The site is
        stale while any of its courses is.
        """
        if not periods or not self._is_any:
            return set()
        key = (indicator.key, tuple(periods))
        if key not in self._stale:
            self._stale[key] = stale_days.stale_starts(indicator, periods)
        courses = scope.course_ids
        return {first for first, course in self._stale[key] if courses is None or course in courses}

    @cached_property
    def _is_any(self) -> bool:
        return stale_days.is_anything_stale()
