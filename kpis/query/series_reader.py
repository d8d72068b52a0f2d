"""Read the sums of KPIs over periods, those of a page in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from kpis import read_sums
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import Scope
from kpis.query.kpi_query import KpiQuery
from kpis.read_sums import FoundSums, StoredFigure


class SeriesReader:
    """Keeps what is stored of several KPIs, with the first days of the periods that were read."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._read: dict[tuple[str, Scope, str], tuple[set[date], list[StoredFigure]]] = {}

    def read_ahead(self, indicators: Iterable[Indicator], query: KpiQuery) -> None:
        """Read the KPIs, their components and companions if all of them are stored."""
        keys = {key for one in indicators for key in (one.key, *one.measured_keys, *one.companions)}
        asked, periods = [REGISTRY[key] for key in sorted(keys)], periods_of(query)
        if not all(read_sums.is_stored(one, query.scope, periods) for one in asked):
            return
        rows = read_sums.stored(asked, query.scope, periods)
        days = {period.first for period in periods}
        self._read |= {(key, query.scope, query.kind): (days, rows[key]) for key in rows}

    def read(
        self, indicator: Indicator, scope: Scope, periods: Sequence[Period]
    ) -> dict[Period, FoundSums]:
        """Return the sums of a scope in each period (all of one kind)."""
        days, rows = self._read.get((indicator.key, scope, periods[0].kind), (set(), []))
        is_read = all(period.first in days for period in periods)
        return read_sums.series(indicator, scope, periods, self.now, rows if is_read else None)


def periods_of(query: KpiQuery) -> list[Period]:
    """Return the periods of a query and those before that its current period is compared with."""
    periods = list(query.periods)
    before = sorted({query.current.previous, query.earlier} - set(periods))
    return [*before, *periods]
