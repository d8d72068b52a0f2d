"""The page of one alert: its figures, the chart around it, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from alerts import scopes
from alerts.models import Alert, AlertEvent
from alerts.pages.alert_card import AlertCard
from alerts.pages.alert_list import cards
from alerts.pages.earlier import EarlierTime, earlier_times
from alerts.pages.sections import ALERT_SECTIONS
from alerts.suppressed_alerts import can_be_queried, is_suppressed
from core import reporting_clock
from curriculum.models import Course, CourseRun, Module
from kpis.definitions.periods import Period, between, containing, local_day
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import KpiResult
from presentation import charts, figures
from presentation.chart_notes import with_notes
from presentation.figures import Figure

PERIODS_BEFORE, PERIODS_AFTER, MAX_PERIODS = 6, 3, 60
Kind = AlertEvent.Kind
# the evaluation writes figures into the reasons of these
WITH_FIGURES = {Kind.OPENED, Kind.WORSENED, Kind.RECOVERED, Kind.REOPENED, Kind.RESTATED}
ENDS = {Kind.RECOVERED, Kind.CLOSED}


@dataclass(frozen=True)
class HistoryEntry:
    event: AlertEvent
    is_hidden: bool

    @property
    def at(self) -> str:
        return figures.moment(self.event.at)

    @property
    def by(self) -> str:
        return str(self.event.by) if self.event.by else ""

    @property
    def reason(self) -> str:
        return figures.hidden_note() if self.is_hidden else self.event.reason


@dataclass(frozen=True)
class Row:
    """A period of the table below the chart."""

    figure: Figure
    is_in_alert: bool


@dataclass
class AlertPage:
    service: KpiQueryService
    alert: Alert

    @cached_property
    def card(self) -> AlertCard:
        return cards([self.alert], self.service)[0]

    @cached_property
    def events(self) -> list[AlertEvent]:
        return list(self.alert.events.select_related("by"))

    @property
    def history(self) -> list[HistoryEntry]:
        days = {one.period_start for one in self.events if one.period_start}
        is_hidden = is_suppressed(self.service, self.alert, days | {self.card.figures_start})
        return [HistoryEntry(one, is_hidden and _has_figures(one)) for one in self.events]

    @cached_property
    def earlier(self) -> list[EarlierTime]:
        """Earlier times; none for readers who must not see the figures."""
        return [] if self.card.is_hidden else earlier_times(self.alert, self.service.now)

    @property
    def sections(self) -> list[tuple[str, dict[str, Any]]]:
        """The templates that other apps add, each with its variables."""
        shown = [
            (one.template, one.show(self.service, self.alert)) for one in ALERT_SECTIONS.values()
        ]
        return [(template, section) for template, section in shown if section is not None]

    @cached_property
    def thing(self) -> Course | CourseRun | Module | None:
        """The course, run or module; None for the whole site, or if it was deleted."""
        rows = scopes.QUERYSETS.get(self.alert.scope)
        return None if rows is None else rows.filter(pk=self.alert.scope_id).first()

    @cached_property
    def result(self) -> KpiResult | None:
        """The KPI in the periods around the alert; None if it has no values there."""
        is_deleted = self.thing is None and self.alert.scope in scopes.QUERYSETS
        if self.card.indicator is None or is_deleted or not can_be_queried(self.alert):
            return None
        return self.service.ask(self.card.indicator, self._query)

    @property
    def _query(self) -> KpiQuery:
        thing, alert = self.thing, self.alert
        course = thing.course if isinstance(thing, CourseRun | Module) else thing
        return KpiQuery(
            kind=alert.rule.period_kind,
            periods=self.periods,
            window=None,
            scope=scopes.AlertScope(alert.scope, alert.scope_id, alert.course_id).kpi_scope,
            course=course,
            run=thing if isinstance(thing, CourseRun) else None,
            module=thing if isinstance(thing, Module) else None,
            by=None,
            compare=None,
            now=self.service.now,
        )

    @cached_property
    def periods(self) -> Sequence[Period]:
        """The periods of the alert, with some before and after."""
        first, last = self._first, self._last
        for _ in range(PERIODS_BEFORE):
            first = first.previous
        for _ in range(PERIODS_AFTER):
            last = last.next
        zone = reporting_clock.reporting_zone()
        until = min(last.first, local_day(self.service.now, zone))
        return list(between(first.first, until, self.alert.rule.period_kind, zone))[-MAX_PERIODS:]

    @property
    def _first(self) -> Period:
        return self._period(self.alert.first_period_start)

    @property
    def _last(self) -> Period:
        """The last period of the alert, without the one in which it recovered."""
        ends = [one for one in self.events if one.kind in ENDS and one.period_start]
        if self.alert.is_open or not ends:
            return self._period(self.alert.last_period_start)
        end = self._period(ends[-1].period_start or self.alert.last_period_start)
        has_recovered = ends[-1].kind == Kind.RECOVERED and end.first > self._first.first
        return end.previous if has_recovered else end

    def _period(self, day: date) -> Period:
        return containing(day, self.alert.rule.period_kind, reporting_clock.reporting_zone())

    @property
    def _in_alert(self) -> list[bool]:
        first, last = self._first.first, self._last.first
        return [first <= one.first <= last for one in self.periods]

    @property
    def rows(self) -> list[Row]:
        if self.result is None:
            return []
        pairs = zip(self.result.series, self._in_alert, strict=True)
        return [Row(Figure(value), is_in_alert) for value, is_in_alert in pairs]

    @property
    def chart(self) -> dict[str, Any]:
        """The data of the chart; `span` are the first and last period of the alert."""
        if self.result is None:
            return {}
        shaded = [at for at, is_in_alert in enumerate(self._in_alert) if is_in_alert]
        chart = charts.line_chart([self.result], with_bands=True)
        courses = self._query.scope.course_ids
        chart = with_notes(chart, self.periods, self.service.date_notes, courses)
        if not shaded:
            return chart
        shading = gettext("Shaded: the periods of the alert.")
        caption = f"{shading} {chart['caption']}"
        return chart | {"span": [shaded[0], shaded[-1]], "caption": caption}

    @property
    def chart_summary(self) -> str:
        return charts.line_chart_summary([self.result]) if self.result else ""

    @property
    def kpi_url(self) -> str:
        """The KPI's page, filtered to the alert's course, run or module."""
        if self.card.indicator is None:
            return ""
        query = self._query
        filters = {"period": query.kind} | {
            name: one.key for name in ("course", "run", "module") if (one := getattr(query, name))
        }
        return f"{reverse('dashboard:kpi', args=[self.card.indicator.key])}?{urlencode(filters)}"

    @property
    def rule_url(self) -> str:
        return reverse("admin:alerts_alertrule_change", args=[self.alert.rule_id])

    @property
    def api(self) -> str:
        return reverse("alerts:api-alert", args=[self.alert.pk])


def _has_figures(event: AlertEvent) -> bool:
    return event.kind in WITH_FIGURES or (event.kind == Kind.CLOSED and event.by is None)
