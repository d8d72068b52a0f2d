"""Decide which days and weeks to suppress beside the months and quarters that are shown.

All figures of a KPI in one quarter add up the same days of runs: days, weeks, months and quarters
of runs, courses and everything. They are therefore audited together, as one linear span.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from django.conf import settings

from core.process_cache import ProcessCache
from kpis.definitions.periods import Period, between, containing
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.disclosure import linear_spans, small_groups
from kpis.disclosure.daily_cells import FINE, Atom, Cell, QuarterCells, StoredCells
from kpis.statistics.intervals import Sums

# returns the suppressed months and quarters of all courses, of all runs or of everything ("")
Coarse = Callable[[str, Collection[Period]], set[Cell]]

# the same figures get the same audit, whoever asks; a changed figure changes the key
AUDITS: ProcessCache[frozenset[Cell]] = ProcessCache(500)


class DailySuppression:
    """The suppressed days and weeks of one KPI, within the widest scope a reader may see."""

    def __init__(
        self, indicator: Indicator, everything: Scope, now: datetime, coarse: Coarse
    ) -> None:
        self.indicator = indicator
        self.coarse = coarse
        self.stored = StoredCells(indicator, everything, now)
        self._suppressed: dict[tuple[str, Period], AbstractSet[Cell]] = {}

    def suppressed(self, kind: str, periods: Collection[Period]) -> set[Cell]:
        """Return the suppressed cells of all courses, of all runs or of everything ("")."""
        # a week across a quarter's end lies in two quarters
        quarters = {
            containing(day, "quarter", period.zone)
            for period in periods
            for day in (period.first, period.last)
        }
        new = sorted(one for one in quarters if (kind, one) not in self._suppressed)
        for quarter, key in self.stored.fingerprints(new).items():
            known = AUDITS.get((kind, key))
            if known is None:
                self._audit(kind, quarter)
                known = AUDITS.keep((kind, key), frozenset(self._suppressed[kind, quarter]))
            self._suppressed[kind, quarter] = known
        asked = set(periods)
        return {
            cell
            for quarter in quarters
            for cell in self._suppressed[kind, quarter]
            if cell[1] in asked
        }

    def _audit(self, kind: str, quarter: Period) -> None:
        """Decide on a kind of group and all wider ones, which never depend on narrower ones."""
        cells = self.stored.of_quarter(quarter)
        small = {cell for cell, sums in cells.sums.items() if small_groups.is_small(sums)}
        protected = [cells.atoms([cell]) for cell in small]
        protected += [cells.atoms(some) for some in self._small_together(cells.sums, small)]
        kinds = self.stored.kinds[: self.stored.kinds.index(kind) + 1]
        wanted = [cell for one in kinds for cell in cells.ranked(one) if cell not in small]
        can_be = linear_spans.shown(
            [cells.atoms([cell]) for cell in wanted],
            known=self._known(quarter, cells),
            protected=list(dict.fromkeys(protected)),
        )
        shown = {cell for cell, is_shown in zip(wanted, can_be, strict=True) if is_shown}
        for one in kinds:
            hidden = set(cells.ranked(one)) - shown
            self._suppressed[one, quarter] = hidden | self._alike(cells, one, hidden)

    def _small_together(
        self, sums: Mapping[Cell, Sums], small: Iterable[Cell]
    ) -> Iterator[list[Cell]]:
        """Yield small cells that add up to one total and are certainly small together, too."""
        lines: dict[Any, list[Cell]] = defaultdict(list)
        for group, period in small:
            around = self.stored.around(group)[:1]
            lines[group[0], *around, period].append((group, period))
            if period.kind == "day":
                lines[group, containing(period.first, "week", period.zone)].append((group, period))
        for line in lines.values():
            people = sum(sums[cell].learners for cell in line)
            if len(line) > 1 and people < settings.KPI_MIN_GROUP:
                yield line

    def _known(self, quarter: Period, cells: QuarterCells) -> list[frozenset[Atom]]:
        """Return the months and quarters that are shown."""
        months = list(between(quarter.first, quarter.last, "month", quarter.zone))
        hidden = {
            cell
            for kind in self.stored.kinds
            for periods in ([quarter], months)
            for cell in self.coarse(kind, periods)
        }
        shown = {cell for cell in cells.sums if cell[1].kind not in FINE} - hidden
        return [cells.atoms([cell]) for cell in shown]

    def _alike(self, cells: QuarterCells, kind: str, hidden: Collection[Cell]) -> set[Cell]:
        """Return what to suppress beside suppressed groups that are all alike in a period."""
        if self.indicator.is_total:
            return set()
        lines: dict[Any, dict[Cell, Sums]] = defaultdict(dict)
        for group, period in cells.ranked(kind):
            line = (*self.stored.around(group)[:1], period)
            lines[line][group, period] = cells.sums[group, period]
        return set().union(*(small_groups.to_hide_beside(line, hidden) for line in lines.values()))
