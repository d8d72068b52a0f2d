"""The links of a page to other dates: presets, and the dates before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from core.lazy_text import LazyText
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import WINDOW, Period, between
from kpis.query.dates import PRESETS, moved
from kpis.query.kpi_query import KpiQuery
from presentation.filters import DAYS, Filters


@dataclass(frozen=True)
class DateLink:
    """`url` is a query string with all other filters."""

    text: LazyText
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class DateChoice:
    """The dates that a page shows, and those that it leads to.

    `kept` are the parameters of the page's links beside the filters, such as its tab.
    """

    filters: Filters
    query: KpiQuery
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> Period:
        return self.query.window or self.query.current

    @property
    def presets(self) -> list[DateLink]:
        chosen = self.filters.chosen.get("dates")
        return [
            DateLink(title, self._url(dates=name), name == chosen)
            for name, (title, _) in PRESETS.items()
        ]

    @property
    def previous(self) -> DateLink:
        return self._link(by_length(self.shown, -1))

    @property
    def next(self) -> DateLink | None:
        """None if the next dates are all in the future."""
        following = by_length(self.shown, 1)
        return self._link(following) if following.has_begun(self.query.now) else None

    @property
    def hidden_inputs(self) -> list[tuple[str, str]]:
        """What the form for any days keeps."""
        chosen = [(name, value) for name, value in self.filters.chosen.items() if name not in DAYS]
        return [*self.kept.items(), *chosen]

    def _link(self, period: Period) -> DateLink:
        return DateLink(period_name(period), self.url_of(period))

    def url_of(self, period: Period) -> str:
        """The link to a period, or to a window by the page's periods."""
        if period.kind != WINDOW:
            return self._url(dates=period.label)
        ends = {"from": period.first.isoformat(), "to": period.last.isoformat()}
        return self._url(period=self.query.kind, **ends)

    def _url(self, **dates: str) -> str:
        return self.filters.dates_query(**self.kept, **dates)


def by_length(period: Period, direction: int) -> Period:
    """Return the dates right before (−1) or after (1) these, as long; months stay whole months."""
    if period.kind != WINDOW:
        return moved(period, direction)
    months = list(between(period.first, period.last, "month", period.zone))
    if (months[0].first, months[-1].after) == (period.first, period.after):
        ends = [moved(one, direction * len(months)) for one in (months[0], months[-1])]
        return Period(ends[0].first, ends[1].after, WINDOW, period.zone)
    days = timedelta(days=direction * period.days)
    return Period(period.first + days, period.after + days, WINDOW, period.zone)
