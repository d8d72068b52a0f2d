"""Query the KPIs of a page; if recent periods are empty, go back to the latest ones with data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.reader import Reader
from core import reporting_clock
from core.lazy_text import LazyText
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.models import Measurement
from kpis.query.comparisons import with_earlier
from kpis.query.dates import PRESETS
from kpis.query.kpi_query import POINTS_SHOWN, KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import KpiResult, MetricValue
from presentation import figures, svg_drawings
from presentation.figures import Figure, Verdict
from presentation.filters import Filters


@dataclass(frozen=True)
class Card:
    """`note` explains why the card shows more than the page's filters select."""

    result: KpiResult
    note: LazyText = ""

    @property
    def indicator(self) -> Indicator:
        return self.result.indicator

    @property
    def metric_value(self) -> MetricValue:
        """The value of the selected dates, else of the last closed period."""
        return self.result.window or self.result.current

    @property
    def figure(self) -> Figure:
        return Figure(self.metric_value)

    @property
    def change(self) -> Verdict | None:
        """The value compared with the earlier one; None if one has no value."""
        if self.result.window:
            change, before = self.result.change_of_window, self.result.window_before
        else:
            change, before = self.result.change, self.result.earlier
        if change is None or before is None:
            return None
        unit, earlier = self.indicator.unit, Figure(before)
        values = {
            "difference": figures.difference_text(unit, change),
            "before": earlier.value,
            "period": earlier.period,
        }
        if figures.rounds_to_zero(unit, change):
            return Verdict(gettext("Unchanged from %(before)s in %(period)s") % values, None)
        text = (
            gettext("Up %(difference)s from %(before)s in %(period)s")
            if change > 0
            else gettext("Down %(difference)s from %(before)s in %(period)s")
        )
        is_good = (change > 0) is self.indicator.higher_is_better
        return Verdict(text % values, is_good if self._is_clear_of(before) else None)

    def _is_clear_of(self, before: MetricValue) -> bool:
        """True if the change is neither chance nor that of dates that are not over."""
        current = self.metric_value
        if current.is_few or before.is_few or current.period.is_open(self.result.query.now):
            return False
        comparison = with_earlier(current, before)
        return comparison is None or not comparison.may_be_chance

    @property
    def components(self) -> list[Figure]:
        """The components of a composite; companions of a KPI have cards of their own."""
        is_composite = self.indicator.parts
        return [Figure(one) for one in self.result.components] if is_composite else []

    @property
    def series(self) -> list[Figure]:
        return [Figure(one) for one in self.result.series]

    @property
    def sparkline(self) -> svg_drawings.Sparkline | None:
        return svg_drawings.sparkline(self.result.series)

    @property
    def shows_targets(self) -> bool:
        return self.result.query.compare not in ("previous", "none")

    @property
    def shows_change(self) -> bool:
        return self.result.query.compare not in ("target", "none")

    @property
    def page(self) -> str:
        return reverse("dashboard:kpi", args=[self.indicator.key])


WIDER_SCOPE_NOTES: dict[str, LazyText] = {
    "module": gettext_lazy("This is for the whole course: the KPI is not measured by module."),
    "run": gettext_lazy("This is for the whole course: the KPI is not measured by run."),
}
LAST_CLOSED: dict[str, LazyText] = {
    "day": gettext_lazy("last closed day"),
    "week": gettext_lazy("last closed week"),
    "month": gettext_lazy("last closed month"),
    "quarter": gettext_lazy("last closed quarter"),
}


@dataclass
class PageResult:
    """The cards of a page and the query that they answer.

    `moved_to` names the period that the page went back to; None if it shows what was asked for.
    """

    filters: Filters
    kpi_query: KpiQuery
    cards: Sequence[Card]
    moved_to: str | None = None

    @property
    def period(self) -> str:
        return period_name(self.kpi_query.window or self.kpi_query.current)

    @property
    def period_note(self) -> str:
        """The rule that selected the period; empty if the user chose the days."""
        query = self.kpi_query
        if (name := self.filters.chosen.get("dates", "")) in PRESETS:
            return str(PRESETS[name][0])
        if query.window or query.chosen or self.moved_to or query.current.is_open(query.now):
            return ""
        return str(LAST_CLOSED[query.kind])

    @property
    def is_provisional(self) -> bool:
        """True if the dates are not over, or late data may still change their figures."""
        shown = self.kpi_query.window or self.kpi_query.current
        return not shown.is_closed(self.kpi_query.now, reporting_clock.close_lag())

    @property
    def has_data(self) -> bool:
        return any(one.is_shown for card in self.cards for one in card.result.series)

    @property
    def recent_periods_query(self) -> str:
        """The query string that shows the recent periods, although they are empty."""
        first = self.filters.kpi_query.periods[0].first
        return self.filters.query_string(**{"from": first.isoformat()})

    def series_query(self, card: Card, **more: str) -> str:
        """The API's query string for the periods on the page."""
        return self._api_query(card, ("to",), more)

    def period_query(self, card: Card, **more: str) -> str:
        """The API's query string for the groups and tables of the page's period."""
        return self._api_query(card, ("from", "to"), more)

    def _api_query(self, card: Card, ends: Sequence[str], more: dict[str, str]) -> str:
        current = self.kpi_query.current
        days = {"from": current.first.isoformat(), "to": current.last.isoformat()}
        moved = {end: days[end] for end in ends} if self.moved_to else {}
        # a filter that the KPI does not know is replaced by its course
        shown = card.result.query
        unknown = [
            name
            for name in ("run", "module")
            if getattr(self.kpi_query, name) and not getattr(shown, name)
        ]
        course = {"course": shown.course.key} if unknown and shown.course else {}
        scope = course | dict.fromkeys(unknown, "")
        return self.filters.query_string(**scope, **moved, **more)

    def series_csv(self, card: Card) -> str:
        return card.indicator.api_url + self.series_query(card, format="csv")

    def groups_csv(self, card: Card, by: str) -> str:
        return card.indicator.api_url + self.period_query(card, by=by, format="csv")


def query_page(
    service: KpiQueryService, indicators: Sequence[Indicator], filters: Filters
) -> PageResult:
    """Query the KPIs; if the default periods are empty, show the latest ones with data."""
    query = filters.kpi_query
    if service.reader.is_limited_to_run(query.scope.course_ids):
        # anything else would be of the whole course
        indicators = [one for one in indicators if one.has_runs]
    service.read_ahead(indicators, query)
    page = PageResult(filters, query, [_card(service, one, query) for one in indicators])
    if page.has_data or not indicators or {"dates", "from", "to"} & set(filters.chosen):
        return page
    last = _last_period_with_data(indicators, query)
    if last is None or last in query.periods:
        return page
    query = _ending_with(query, last)
    service.read_ahead(indicators, query)
    cards = [_card(service, one, query) for one in indicators]
    return PageResult(filters, query, cards, moved_to=period_name(query.current))


def _card(service: KpiQueryService, indicator: Indicator, query: KpiQuery) -> Card:
    """Query one KPI, without the run or module if the KPI is not measured by it."""
    knows_run = query.run is None or indicator.has_runs
    knows_module = query.module is None or indicator.has_modules
    if knows_run and knows_module:
        return Card(service.ask(indicator, query))
    wider = replace(
        query,
        run=query.run if knows_run else None,
        module=query.module if knows_module else None,
        scope=replace(
            query.scope,
            run_id=query.scope.run_id if knows_run else None,
            module_id=query.scope.module_id if knows_module else None,
        ),
    )
    note = WIDER_SCOPE_NOTES["run" if knows_module else "module"]
    return Card(service.ask(indicator, wider), note)


def _last_period_with_data(indicators: Iterable[Indicator], query: KpiQuery) -> Period | None:
    """The latest of the periods in which most of these KPIs have data; None if none has any."""
    best = (
        _measurements_with_data(indicators)
        .filter(_in_scope(query.scope), period_kind=query.kind)
        .values("period_start")
        .annotate(kpis=Count("kpi", distinct=True))
        .order_by("-kpis", "-period_start")
        .first()
    )
    if best is None:
        return None
    return containing(best["period_start"], query.kind, reporting_clock.reporting_zone())


def _in_scope(scope: Scope) -> Q:
    if scope.run_id is not None:
        return Q(scope="run", scope_id=scope.run_id)
    if scope.course_ids is not None:
        return Q(scope="course", scope_id__in=scope.course_ids)
    return Q(scope="site")


def _ending_with(query: KpiQuery, last: Period) -> KpiQuery:
    """The same query for the default number of periods, ending with this one."""
    periods = [last]
    while len(periods) < POINTS_SHOWN[query.kind]:
        periods.append(periods[-1].previous)
    return replace(query, periods=periods[::-1], window=None)


def has_any_data(indicators: Iterable[Indicator], reader: Reader) -> bool:
    """True if one of these KPIs has ever been measured in a course that the reader sees."""
    rows = _measurements_with_data(indicators)
    if not reader.sees_every_course:
        of_runs = Q(scope="run", scope_id__in=reader.run_ids)
        rows = rows.filter(Q(course__in=reader.course_ids) | of_runs)
    return rows.exists()


def _measurements_with_data(indicators: Iterable[Indicator]) -> QuerySet[Measurement]:
    keys = {key for indicator in indicators for key in indicator.measured_keys}
    return Measurement.objects.filter(kpi__in=keys, n__gt=0)


def query_service_of(request: HttpRequest) -> KpiQueryService:
    """The query service for the request's account; PermissionDenied if it may not read KPIs."""
    reader = Reader.of(request.user)
    if not reader.reads_kpis:
        raise PermissionDenied
    return KpiQueryService(reader, timezone.now())
