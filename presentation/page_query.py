"""What pages ask of several KPIs at once, opened at the last data where there are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.access import MayReadKpis, Reader
from core import reporting_clock
from kpis.api import json_answers
from kpis.definitions.aggregates import Scope
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Indicator, has_modules, has_runs
from kpis.models import Measurement
from kpis.query.kpi_query import POINTS_SHOWN, KpiQuery
from kpis.query.query_service import KpiQueryService
from presentation.cards import Card
from presentation.filters import Filters

WIDER = {
    "module": "Of the whole course: this figure cannot be told apart by module.",
    "run": "Of the whole course: this figure cannot be told apart by run.",
}


@dataclass
class PageResult:
    """A question and its replies, moved to the last data where its own periods are empty.

    `opened_at` names the period moved to; None where the question stands as it was asked.
    """

    filters: Filters
    kpi_query: KpiQuery
    cards: Sequence[Card]
    opened_at: str | None = None

    def series_query(self, card: Card, **more: str) -> str:
        """What has the API answer the periods that the page shows."""
        return self.filters.query_string(**self._scope(card), **self._moved("to"), **more)

    def period_query(self, card: Card, **more: str) -> str:
        """What has the API answer the groups and tables of the one period on the page."""
        return self.filters.query_string(**self._scope(card), **self._moved("from", "to"), **more)

    def _scope(self, card: Card) -> dict[str, str]:
        """What the card's KPI cannot be told apart by is left out, and its course put in."""
        shown = card.result.query
        left_out = [
            name
            for name in ("run", "module")
            if getattr(self.kpi_query, name) and not getattr(shown, name)
        ]
        course = {"course": shown.course.key} if left_out and shown.course else {}
        return course | dict.fromkeys(left_out, "")

    def _moved(self, *ends: str) -> dict[str, str]:
        shown = self.kpi_query.current
        days = {"from": shown.first.isoformat(), "to": shown.last.isoformat()}
        return {end: days[end] for end in ends} if self.opened_at else {}

    def series_csv(self, card: Card) -> str:
        return json_answers.api_url(card.indicator) + self.series_query(card, format="csv")

    def groups_csv(self, card: Card, by: str) -> str:
        return json_answers.api_url(card.indicator) + self.period_query(card, by=by, format="csv")

    @property
    def usual(self) -> str:
        """The query for the usual periods, empty as they are."""
        return self.filters.query_string(
            **{"from": self.filters.kpi_query.periods[0].first.isoformat()}
        )

    @property
    def why_period(self) -> str:
        """Why the page shows the period that it does, where nobody has chosen one."""
        question = self.kpi_query
        if question.window or self.opened_at or question.current.is_open(question.now):
            return ""
        return f"the last closed {question.kind}"

    @property
    def has_data(self) -> bool:
        return any(answer.is_shown for card in self.cards for answer in card.result.series)


def query_page(
    desk: KpiQueryService, indicators: Sequence[Indicator], filters: Filters
) -> PageResult:
    """Ask the KPIs; where their usual periods are empty, open at the last data there are."""
    asked = PageResult(filters, filters.kpi_query, _cards(desk, indicators, filters.kpi_query))
    if asked.has_data or not indicators or {"from", "to"} & set(filters.chosen):
        return asked
    last = last_with_data(indicators, filters.kpi_query)
    if last is None or last in filters.kpi_query.periods:
        return asked
    question = ending_at(filters.kpi_query, last)
    cards = _cards(desk, indicators, question)
    return PageResult(filters, question, cards, period_name(question.current))


def _cards(
    desk: KpiQueryService, indicators: Sequence[Indicator], question: KpiQuery
) -> list[Card]:
    return [card(desk, indicator, question) for indicator in indicators]


def card(desk: KpiQueryService, indicator: Indicator, question: KpiQuery) -> Card:
    """Ask one KPI; of a run or module only where it can be told apart, else of the course."""
    knows_run = question.run is None or has_runs(indicator)
    knows_module = question.module is None or has_modules(indicator)
    if knows_run and knows_module:
        return Card(desk.ask(indicator, question))
    scope = replace(
        question.scope,
        run_id=question.scope.run_id if knows_run else None,
        module_id=question.scope.module_id if knows_module else None,
    )
    wider = replace(
        question,
        run=question.run if knows_run else None,
        module=question.module if knows_module else None,
        scope=scope,
    )
    return Card(desk.ask(indicator, wider), note=WIDER["run" if knows_module else "module"])


def last_with_data(indicators: Iterable[Indicator], question: KpiQuery) -> Period | None:
    """The latest of the periods in which most of these KPIs have data; None when none has."""
    keys = {key for indicator in indicators for key in indicator.measured_keys}
    best = (
        Measurement.objects.filter(
            _measured(question.scope), kpi__in=keys, period_kind=question.kind, n__gt=0
        )
        .values("period_start")
        .annotate(kpis=Count("kpi", distinct=True))
        .order_by("-kpis", "-period_start")
        .first()
    )
    return (
        containing(best["period_start"], question.kind, reporting_clock.reporting_zone())
        if best
        else None
    )


def has_any_data(indicators: Iterable[Indicator], reader: Reader) -> bool:
    """True when one of these KPIs has been measured in what the reader may see."""
    keys = {key for indicator in indicators for key in indicator.measured_keys}
    rows = Measurement.objects.filter(kpi__in=keys, n__gt=0)
    return (
        rows if reader.sees_every_course else rows.filter(course__in=reader.course_ids)
    ).exists()


def _measured(scope: Scope) -> Q:
    if scope.run_id is not None:
        return Q(scope="run", scope_id=scope.run_id)
    if scope.course_ids is not None:
        return Q(scope="course", scope_id__in=scope.course_ids)
    return Q(scope="site")


def ending_at(question: KpiQuery, last: Period) -> KpiQuery:
    """The same question, of as many periods as usual, that end with this one."""
    periods = [last]
    while len(periods) < POINTS_SHOWN[question.kind]:
        periods.append(periods[-1].previous)
    return replace(question, periods=periods[::-1], window=None)


def query_service_of(request: HttpRequest) -> KpiQueryService:
    """Who asks, and when; PermissionDenied for an account that may read no KPI."""
    reader = Reader.of(request.user)
    if not reader.reads_kpis:
        raise PermissionDenied(MayReadKpis.message)
    return KpiQueryService(reader, timezone.now())
