"""Answer a question: one KPI over periods, its groups and components, as the reader may see it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import DatabaseError

from accounts.reader import Reader
from core.outages import outage_of
from kpis import read_sums
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator, Part
from kpis.disclosure.reader_disclosure import ReaderDisclosure
from kpis.query.kpi_query import KpiQuery
from kpis.query.metric_values import MetricValue, combine, metric_value
from kpis.query.query_context import QueryContext
from kpis.query.results import GROUP_OBJECTS, GroupObject, GroupResult, KpiResult, place_of
from kpis.read_sums import FoundSums
from kpis.recompute import stale_periods

logger = logging.getLogger(__name__)


class KpiQueryService:
    """Answers questions of one reader at one moment."""

    def __init__(self, reader: Reader, now: datetime) -> None:
        self.reader = reader
        self.now = now
        self.context = QueryContext(now)
        self.disclosure = ReaderDisclosure(reader, now)

    def ask(self, indicator: Indicator, question: KpiQuery) -> KpiResult:
        """Answer one KPI; where it cannot be computed, every answer has the status error."""
        try:
            return self._reply(indicator, question)
        except (DatabaseError, ArithmeticError) as error:
            if outage_of(error):
                raise
            logger.exception("%s cannot be answered", indicator.key)
            return self._failed(indicator, question)

    def _reply(self, indicator: Indicator, question: KpiQuery) -> KpiResult:
        periods, current, window = list(question.periods), question.current, question.window
        wanted = periods if current.previous in periods else [current.previous, *periods]
        parts = self._parts(indicator, question.scope, wanted)
        answers = (
            self._weighed(indicator, question.scope, wanted, parts)
            if parts
            else self.answers(indicator, question.scope, wanted)
        )
        in_window = (
            self.answers(indicator, question.scope, [window], inside=periods) if window else {}
        )
        return KpiResult(
            indicator=indicator,
            question=question,
            series=[answers[period] for period in periods],
            current=answers[current],
            previous=answers[current.previous],
            window=in_window[window] if window else None,
            components=self._components(indicator, question, parts),
            groups=self._groups(indicator, question) if question.by else (),
        )

    def _components(
        self,
        indicator: Indicator,
        question: KpiQuery,
        parts: Mapping[Part, Mapping[Period, MetricValue]],
    ) -> list[MetricValue]:
        """Those that the value is made of, or the KPI itself and those shown beside it.

        They are of the window asked for, else of the current period.
        """
        scope, period = question.scope, question.window or question.current
        inside = question.periods if question.window else ()
        if question.window:
            parts = self._parts(indicator, scope, [period], inside)
        together = [indicator.key, *indicator.companions] if indicator.companions else []
        beside = [self.answers(REGISTRY[key], scope, [period], inside=inside) for key in together]
        return [there[period] for there in (*parts.values(), *beside)]

    def _failed(self, indicator: Indicator, question: KpiQuery) -> KpiResult:
        def error(period: Period) -> MetricValue:
            target, other = self.context.targets(indicator, question.scope, period)
            return MetricValue(indicator, period, "error", target=target, other_target=other)

        return KpiResult(
            indicator=indicator,
            question=question,
            series=[error(period) for period in question.periods],
            current=error(question.current),
            previous=error(question.current.previous),
            window=error(question.window) if question.window else None,
        )

    def answers(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        *,
        inside: Sequence[Period] = (),
    ) -> dict[Period, MetricValue]:
        """One answer per period, under the rule of small groups.

        `inside` are the periods that a window consists of: a suppressed one suppresses the window.
        """
        if indicator.parts:
            parts = self._parts(indicator, scope, periods, inside)
            return self._weighed(indicator, scope, periods, parts)
        found = read_sums.series(indicator, scope, periods, self.now)
        found = self.disclosure.held(indicator, scope, found)
        suppressed = self.disclosure.suppressed_periods(indicator, scope, periods, inside)
        answers = {
            period: self._answer(indicator, scope, period, found[period], period in suppressed)
            for period in periods
        }
        return answers | self._pending(indicator, scope, answers)

    def _answer(
        self, indicator: Indicator, scope: Scope, period: Period, found: FoundSums, suppress: bool
    ) -> MetricValue:
        blank = replace(
            self.context.blank(indicator, scope, period),
            computed_at=found.computed_at,
            restated_at=found.restated_at,
        )
        if suppress:
            return replace(blank, status="suppressed")
        if indicator.is_total and not found.sums.n:
            context = self.context.of_empty_total(indicator, scope, period)
        else:
            context = self.context.of_value(indicator, scope)
        return metric_value(blank, found.sums, context)

    def _pending(
        self, indicator: Indicator, scope: Scope, answers: Mapping[Period, MetricValue]
    ) -> dict[Period, MetricValue]:
        """Those without data of which something has come in that is not computed yet."""
        empty = [one for one, answer in answers.items() if answer.status == "no_data"]
        if not empty or not read_sums.is_kept(indicator, scope, empty):
            return {}
        if not self.context.is_anything_waiting:
            return {}
        waiting = stale_periods.stale_starts(indicator, empty)
        courses = scope.course_ids
        starts = {first for first, course in waiting if courses is None or course in courses}
        return {
            one: replace(answers[one], status="pending") for one in empty if one.first in starts
        }

    def _parts(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        inside: Sequence[Period] = (),
    ) -> dict[Part, dict[Period, MetricValue]]:
        return {
            part: self.answers(REGISTRY[part.key], scope, periods, inside=inside)
            for part in indicator.parts
        }

    def _weighed(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        parts: Mapping[Part, Mapping[Period, MetricValue]],
    ) -> dict[Period, MetricValue]:
        return {
            period: self._combine(
                indicator, scope, period, {part: there[period] for part, there in parts.items()}
            )
            for period in periods
        }

    def _combine(
        self, indicator: Indicator, scope: Scope, period: Period, parts: Mapping[Part, MetricValue]
    ) -> MetricValue:
        weighed = [
            (self.context.weight(part, scope, period), answer) for part, answer in parts.items()
        ]
        blank = self.context.blank(indicator, scope, period)
        return combine(blank, weighed, self.context.of_value(indicator, scope))

    def groups(self, indicator: Indicator, question: KpiQuery) -> list[GroupResult]:
        """The parts of the scope in the window asked for, else in the current period.

        Empty where they cannot be computed.
        """
        try:
            return self._groups(indicator, question)
        except (DatabaseError, ArithmeticError) as error:
            if outage_of(error):
                raise
            logger.exception("%s cannot be told apart by %s", indicator.key, question.by)
            return []

    def _groups(self, indicator: Indicator, question: KpiQuery) -> list[GroupResult]:
        by = question.by or "course"
        period = question.window or question.current
        judged = {period: question.periods if question.window else [period]}
        answers = self.group_answers(indicator, question.scope, by, judged)[period]
        things: dict[int, GroupObject] = GROUP_OBJECTS[by].in_bulk(list(answers))
        ordered = sorted(things.values(), key=place_of)
        return [GroupResult(thing, answers[thing.pk]) for thing in ordered]

    def group_answers(
        self,
        indicator: Indicator,
        scope: Scope,
        by: str,
        judged: Mapping[Period, Sequence[Period]],
    ) -> dict[Period, dict[int, MetricValue]]:
        """The parts of the scope by their ids, in each of the periods (of one kind).

        Each period comes with those that it is judged by: what is suppressed in one of them is
        suppressed.
        """
        if indicator.parts:
            return self._weighed_groups(indicator, scope, by, judged)
        narrow = self.context.narrowing(scope, by)
        found = read_sums.groups(indicator, scope, list(judged), by, self.now)
        found = self.disclosure.held_groups(indicator, by, found, narrow)
        answers: dict[Period, dict[int, MetricValue]] = {}
        for period, judges in judged.items():
            suppressed = self.disclosure.suppressed_groups(indicator, scope, by, judges)
            answers[period] = {
                key: self._answer(indicator, narrow(key), period, one, key in suppressed)
                for key, one in found[period].items()
            }
        return answers

    def _weighed_groups(
        self,
        indicator: Indicator,
        scope: Scope,
        by: str,
        judged: Mapping[Period, Sequence[Period]],
    ) -> dict[Period, dict[int, MetricValue]]:
        narrow = self.context.narrowing(scope, by)
        parts = {
            part: self.group_answers(REGISTRY[part.key], scope, by, judged)
            for part in indicator.parts
        }
        answers: dict[Period, dict[int, MetricValue]] = {}
        for period in judged:
            here = {part: there[period] for part, there in parts.items()}
            answers[period] = {
                key: self._combine(
                    indicator,
                    narrow(key),
                    period,
                    {part: groups[key] for part, groups in here.items() if key in groups},
                )
                for key in {key for groups in here.values() for key in groups}
            }
        return answers
