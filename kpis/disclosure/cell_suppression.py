"""Which figures to suppress: those of small groups, and those that would give them away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.disclosure import daily_cells
from kpis.disclosure.daily_suppression import DailySuppression
from kpis.disclosure.monthly_suppression import COARSE, Cell, MonthlySuppression, place_of


class CellSuppression:
    """The suppressed cells of one KPI, within the widest scope that a reader may see.

    Cells are always decided for a whole quarter, so that every query gets the same cells
    suppressed.
    """

    def __init__(self, indicator: Indicator, everything: Scope, now: datetime) -> None:
        self.everything = everything
        self._monthly = MonthlySuppression(indicator, everything, now)
        self._daily = DailySuppression(indicator, everything, now, self._coarse)

    def periods(self, scope: Scope, periods: Collection[Period]) -> set[Period]:
        """Return the periods (of one kind) in which the scope is suppressed."""
        place = place_of(scope, self.everything)
        cells = self._cells(place.around, place.by, periods)
        return {period for period in periods if (place.key, period) in cells}

    def groups(self, scope: Scope, by: str, periods: Collection[Period]) -> set[int]:
        """Return the groups of a scope that are suppressed in any of the periods (of one kind)."""
        if by == "course" and (scope.run_id is not None or scope.module_id is not None):
            # the part of its course that a run or module is, is the run or module itself
            return set(scope.course_ids or ()) if self.periods(scope, periods) else set()
        cross = {"module": scope.run_id, "run": scope.module_id}
        if cross.get(by):
            wider, at = Scope(scope.course_ids), 0 if by == "run" else 1
            cells = self._cells(wider, ("run", "module"), periods)
            mine = [key for key, period in cells if key[1 - at] == cross[by] and period in periods]
            return {key[at] for key in mine}
        cells = self._cells(scope, (by,), periods)
        return {key[0] for key, period in cells if period in periods}

    def _cells(self, around: Scope, by: tuple[str, ...], periods: Collection[Period]) -> set[Cell]:
        if next(iter(periods)).kind in COARSE:
            return self._monthly.suppressed(around, by, periods)
        if "module" in by or "learner" in by:
            # they are not stored by day, and counting a quarter of days would take too long
            return set(self._monthly.sums(around, by, list(periods)))
        kind = by[0] if by and by[0] in self._daily.stored.kinds else ""
        alone = tuple(self.everything.course_ids or ()) if by else ()
        found = self._daily.suppressed(kind, periods)
        return {((pk,) if kind else alone, period) for (_, pk), period in found}

    def _coarse(self, kind: str, periods: Collection[Period]) -> set[daily_cells.Cell]:
        """Return the suppressed months or quarters of all groups of a kind, for the daily audit."""
        found = self._monthly.suppressed(self.everything, (kind,) if kind else (), periods)
        return {((kind, key[0] if key else 0), period) for key, period in found}
