"""Which days and weeks a reader may see beside the months and quarters that are shown.

All that a reader can be shown of a KPI in one quarter adds up days of runs: days, weeks, months
and quarters, of runs, courses and everything. So they are audited together, in one span.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from django.conf import settings

from core.process_cache import ProcessCache
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, between, containing
from kpis.definitions.registry import Indicator
from kpis.disclosure import linear_spans, small_groups
from kpis.disclosure.daily_cells import FINE, Atom, Cell, QuarterCells, StoredCells
from kpis.statistics.intervals import Sums

# the suppressed months and quarters of all courses, of all runs or of everything ("")
Coarse = Callable[[str, Collection[Period]], set[Cell]]

# the same figures are audited alike, for whoever asks; a changed one makes another key
AUDITS: ProcessCache[frozenset[Cell]] = ProcessCache(500)


class DailySuppression:
    """The audit of the days and weeks of one KPI, under the widest scope a reader may ask for."""

    def __init__(
        self, indicator: Indicator, everything: Scope, now: datetime, coarse: Coarse
    ) -> None:
        self.indicator = indicator
        self.coarse = coarse
        self.stored = StoredCells(indicator, everything, now)
        self._suppressed: dict[tuple[str, Period], AbstractSet[Cell]] = {}

    def suppressed(self, kind: str, periods: Collection[Period]) -> set[Cell]:
        """The suppressed cells of all courses, of all runs or of everything ("")."""
        # a week over a quarter's end lies in two
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
        """Decide on a kind and on those wider than it, which never depend on the finer ones."""
        there = self.stored.of_quarter(quarter)
        small = {cell for cell, sums in there.sums.items() if small_groups.is_small(sums)}
        protected = [there.atoms([cell]) for cell in small]
        protected += [there.atoms(cells) for cells in self._rests(there.sums, small)]
        kinds = self.stored.kinds[: self.stored.kinds.index(kind) + 1]
        wanted = [cell for one in kinds for cell in there.ranked(one) if cell not in small]
        can_be = linear_spans.shown(
            [there.atoms([cell]) for cell in wanted],
            known=self._known(quarter, there),
            protected=list(dict.fromkeys(protected)),
        )
        shown = {cell for cell, is_shown in zip(wanted, can_be, strict=True) if is_shown}
        for one in kinds:
            hidden = set(there.ranked(one)) - shown
            self._suppressed[one, quarter] = hidden | self._alike(there, one, hidden)

    def _rests(self, sums: Mapping[Cell, Sums], small: Iterable[Cell]) -> Iterator[list[Cell]]:
        """The small cells side by side in one total that are surely small together as well."""
        lines: dict[Any, list[Cell]] = defaultdict(list)
        for thing, period in small:
            around = self.stored.around(thing)[:1]
            lines[thing[0], *around, period].append((thing, period))
            if period.kind == "day":
                lines[thing, containing(period.first, "week", period.zone)].append((thing, period))
        for line in lines.values():
            people = sum(sums[cell].learners for cell in line)
            if len(line) > 1 and people < settings.KPI_MIN_GROUP:
                yield line

    def _known(self, quarter: Period, there: QuarterCells) -> list[frozenset[Atom]]:
        """The months and quarters that are shown."""
        months = list(between(quarter.first, quarter.last, "month", quarter.zone))
        hidden = {
            cell
            for kind in self.stored.kinds
            for periods in ([quarter], months)
            for cell in self.coarse(kind, periods)
        }
        shown = {cell for cell in there.sums if cell[1].kind not in FINE} - hidden
        return [there.atoms([cell]) for cell in shown]

    def _alike(self, there: QuarterCells, kind: str, hidden: Collection[Cell]) -> set[Cell]:
        """What has to go beside suppressed things that are all alike in a period."""
        if self.indicator.is_total:
            return set()
        lines: dict[Any, dict[Cell, Sums]] = defaultdict(dict)
        for thing, period in there.ranked(kind):
            line = (*self.stored.around(thing)[:1], period)
            lines[line][thing, period] = there.sums[thing, period]
        return set().union(*(small_groups.to_hide_beside(line, hidden) for line in lines.values()))
