"""What the page of one alert shows: its figures, the chart around it, its history, its forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from alerts import scope_names
from alerts.evaluation.evaluation_data import AlertScope
from alerts.models import Alert, AlertEvent
from alerts.pages.alert_card import AlertCard
from alerts.pages.alert_list import cards
from alerts.suppressed_alerts import can_be_asked, is_suppressed
from core import reporting_clock
from curriculum.models import Course, CourseRun, Module
from kpis.definitions.periods import Period, between, containing, local_day
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import KpiResult
from presentation import charts
from presentation import wording as words
from presentation.figures import Figure

BEFORE, AFTER, MOST = 6, 3, 60
Kind = AlertEvent.Kind
# whose words are the judge's, with figures in them
FIGURED = {Kind.OPENED, Kind.WORSENED, Kind.RECOVERED, Kind.REOPENED, Kind.RESTATED}
ENDS = {Kind.RECOVERED, Kind.CLOSED}


@dataclass(frozen=True)
class HistoryEntry:
    """One line of the history."""

    event: AlertEvent
    is_hidden: bool

    @property
    def at(self) -> str:
        return words.moment(self.event.at)

    @property
    def who(self) -> str:
        return str(self.event.by) if self.event.by else ""

    @property
    def why(self) -> str:
        return words.hidden_note() if self.is_hidden else self.event.why


@dataclass(frozen=True)
class Row:
    """A period of the table behind the chart."""

    figure: Figure
    is_within: bool


@dataclass
class AlertPage:
    desk: KpiQueryService
    alert: Alert

    @cached_property
    def card(self) -> AlertCard:
        return cards([self.alert], self.desk)[0]

    @cached_property
    def events(self) -> list[AlertEvent]:
        return list(self.alert.events.select_related("by"))

    @property
    def history(self) -> list[HistoryEntry]:
        days = {one.period_start for one in self.events if one.period_start}
        is_hidden = is_suppressed(self.desk, self.alert, days | {self.card.told_of})
        return [HistoryEntry(one, is_hidden and _tells_figures(one)) for one in self.events]

    @cached_property
    def thing(self) -> Course | CourseRun | Module | None:
        """What it is about; None for the whole site, and for what is gone."""
        rows = scope_names.NAMED.get(self.alert.scope)
        return None if rows is None else rows.filter(pk=self.alert.scope_id).first()

    @property
    def is_gone(self) -> bool:
        return self.thing is None and self.alert.scope in scope_names.NAMED

    @cached_property
    def reply(self) -> KpiResult | None:
        """The KPI in the periods around the alert; None where there is nothing to ask."""
        if self.card.indicator is None or self.is_gone or not can_be_asked(self.alert):
            return None
        return self.desk.ask(self.card.indicator, self._question)

    @property
    def _question(self) -> KpiQuery:
        thing = self.thing
        course = thing.course if isinstance(thing, CourseRun | Module) else thing
        return KpiQuery(
            kind=self.alert.rule.period_kind,
            periods=self.periods,
            window=None,
            scope=AlertScope(self.alert.scope, self.alert.scope_id, self.alert.course_id).narrow,
            course=course,
            run=thing if isinstance(thing, CourseRun) else None,
            module=thing if isinstance(thing, Module) else None,
            by=None,
            compare=None,
            now=self.desk.now,
        )

    @cached_property
    def periods(self) -> Sequence[Period]:
        """Some before it began, those of the alert, and some after it ended."""
        first, last = self._first, self._last
        for _ in range(BEFORE):
            first = first.previous
        for _ in range(AFTER):
            last = last.next
        today = local_day(self.desk.now, reporting_clock.reporting_zone())
        until = min(last.first, today)
        found = list(
            between(
                first.first, until, self.alert.rule.period_kind, reporting_clock.reporting_zone()
            )
        )
        return found[-MOST:]

    @property
    def _first(self) -> Period:
        return self._period(self.alert.first_period_start)

    @property
    def _last(self) -> Period:
        """The last period of the alert; the one that healed it is none of its."""
        ends = [one for one in self.events if one.kind in ENDS and one.period_start]
        if self.alert.is_open or not ends:
            return self._period(self.alert.last_period_start)
        end = self._period(ends[-1].period_start or self.alert.last_period_start)
        healed = ends[-1].kind == Kind.RECOVERED and end.first > self._first.first
        return end.previous if healed else end

    def _period(self, day: date) -> Period:
        return containing(day, self.alert.rule.period_kind, reporting_clock.reporting_zone())

    @property
    def _within(self) -> list[bool]:
        first, last = self._first.first, self._last.first
        return [first <= one.first <= last for one in self.periods]

    @property
    def rows(self) -> list[Row]:
        if self.reply is None:
            return []
        answers = zip(self.reply.series, self._within, strict=True)
        return [Row(Figure(answer), is_within) for answer, is_within in answers]

    @property
    def chart(self) -> dict[str, Any]:
        """The lines of the chart, and from which to which of its periods the alert is marked."""
        if self.reply is None:
            return {}
        within = [at for at, is_within in enumerate(self._within) if is_within]
        drawn = charts.line_chart([self.reply], with_bands=True)
        if not within:
            return drawn
        shaded = f"Shaded: the periods of the alert. {drawn['caption']}"
        return drawn | {"span": [within[0], within[-1]], "caption": shaded}

    @property
    def chart_summary(self) -> str:
        return charts.line_chart_summary([self.reply]) if self.reply else ""

    @property
    def kpi_url(self) -> str:
        """The KPI's page with the filters of what the alert is about."""
        if self.card.indicator is None:
            return ""
        asked = self._question
        chosen = {
            "period": asked.kind,
            **{
                name: one.key
                for name in ("course", "run", "module")
                if (one := getattr(asked, name))
            },
        }
        return f"{reverse('dashboard:kpi', args=[self.card.indicator.key])}?{urlencode(chosen)}"

    @property
    def rule_url(self) -> str:
        return reverse("admin:alerts_alertrule_change", args=[self.alert.rule_id])

    @property
    def api(self) -> str:
        return reverse("alerts:api-alert", args=[self.alert.pk])


def _tells_figures(event: AlertEvent) -> bool:
    return event.kind in FIGURED or (event.kind == Kind.CLOSED and event.by is None)
