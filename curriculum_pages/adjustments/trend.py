"""The KPI of an adjustment before and after the change, as a chart and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from core import reporting_clock
from curriculum.models import CourseRun, Module
from curriculum_pages.adjustments.cards import AdjustmentCard
from kpis.definitions.periods import Period, between, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import Scope
from kpis.models import PeriodKind
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import KpiResult
from presentation import charts
from presentation.chart_notes import with_notes
from presentation.figures import Figure

MONTHS_BEFORE, DAYS_AFTER, MAX_PERIODS = 6, 92, 24


@dataclass(frozen=True)
class TrendRow:
    figure: Figure
    is_after: bool


@dataclass
class Trend:
    """Months around the change; `changed_at` is when it applies, or was proposed."""

    card: AdjustmentCard
    service: KpiQueryService

    @property
    def indicator(self) -> Indicator | None:
        """None if the KPI no longer exists, or is not measured in the parameter's scope."""
        found = REGISTRY.get(self.card.adjustment.kpi)
        is_deleted = self.card.adjustment.parameter is None
        if found is None or is_deleted or (self.run and not found.has_runs):
            return None
        return None if self.module and not found.has_modules else found

    @property
    def run(self) -> CourseRun | None:
        row = self.card.adjustment.parameter
        return row.run if row else None

    @property
    def module(self) -> Module | None:
        row = self.card.adjustment.parameter
        return row.module if row else None

    @property
    def changed_at(self) -> datetime:
        return self.card.adjustment.applies_from or self.card.adjustment.proposed_at

    @property
    def is_in_force(self) -> bool:
        at = self.card.adjustment.applies_from
        return at is not None and at <= self.service.now

    @cached_property
    def periods(self) -> Sequence[Period]:
        zone = reporting_clock.reporting_zone()
        first = local_day(self.changed_at - timedelta(days=31 * MONTHS_BEFORE), zone)
        last = local_day(min(self.service.now, self._end), zone)
        return list(between(first, last, PeriodKind.MONTH, zone))[-MAX_PERIODS:]

    @property
    def _end(self) -> datetime:
        until = self.card.adjustment.watch_until or self.changed_at
        return until + timedelta(days=DAYS_AFTER)

    @cached_property
    def result(self) -> KpiResult | None:
        if self.indicator is None or not self.periods:
            return None
        return self.service.ask(self.indicator, self._query)

    @property
    def _query(self) -> KpiQuery:
        course, run, module = self.card.course, self.run, self.module
        return KpiQuery(
            kind=PeriodKind.MONTH,
            periods=self.periods,
            window=None,
            scope=Scope(
                course_ids=frozenset({course.pk}) if course else None,
                run_id=run.pk if run else None,
                module_id=module.pk if module else None,
            ),
            course=course,
            run=run,
            module=module,
            by=None,
            compare=None,
            now=self.service.now,
        )

    @property
    def rows(self) -> list[TrendRow]:
        if self.result is None:
            return []
        return [
            TrendRow(Figure(value), is_after)
            for value, is_after in zip(self.result.series, self._is_after, strict=True)
        ]

    @property
    def _is_after(self) -> list[bool]:
        """Which periods begin after the change, or contain it."""
        return [self.is_in_force and one.end > self.changed_at for one in self.periods]

    @property
    def chart(self) -> dict[str, Any]:
        if self.result is None:
            return {}
        chart = charts.line_chart([self.result], with_bands=True)
        courses = self.result.query.scope.course_ids
        chart = with_notes(chart, self.periods, self.service.date_notes, courses)
        shaded = [at for at, is_after in enumerate(self._is_after) if is_after]
        if not shaded:
            return chart
        shading = gettext("Shaded: since the change applies.")
        caption = f"{shading} {chart['caption']}"
        span = [shaded[0], shaded[-1]]
        return chart | {"span": span, "spanColor": "--accent", "caption": caption}

    @property
    def summary(self) -> str:
        return charts.line_chart_summary([self.result]) if self.result else ""

    @property
    def kpi_url(self) -> str:
        """The KPI's page for the same course, run or module."""
        if self.indicator is None:
            return ""
        chosen = {"course": self.card.course, "run": self.run, "module": self.module}
        query = urlencode({name: one.key for name, one in chosen.items() if one})
        return f"{reverse('dashboard:kpi', args=[self.indicator.key])}?{query}"
