"""Answer a question: one KPI over periods, its groups and components, as the reader may see it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from curriculum.access import Reader
from curriculum.outages import outage_of
from curriculum.parameters import Standings
from kpis import holding, read, stale
from kpis.answers import Answer, Context, answer, combine
from kpis.models import Feed, PeriodKind
from kpis.periods import WINDOW, Period
from kpis.question import Question
from kpis.read import Found
from kpis.registry import REGISTRY, Indicator, Part
from kpis.replies import THINGS, Group, Reply, Thing, place_of
from kpis.tally import Scope
from kpis.targets import TargetBook, Targets, comparable
from kpis.veil import Veil

logger = logging.getLogger(__name__)

# the one that an answer is compared with, and one in force that it is not


@dataclass
class Desk:
    """Answers questions of one reader at one moment; loads targets, dials and feeds once."""

    reader: Reader
    now: datetime
    _feeds: dict[str, dict[int, datetime]] = field(default_factory=dict)
    _veils: dict[str, Veil] = field(default_factory=dict)
    _first_days: dict[Any, date | None] = field(default_factory=dict)
    _owners: dict[str, dict[int, int]] = field(default_factory=dict)
    _targets: TargetBook | None = None
    _dials: Standings | None = None

    def ask(self, indicator: Indicator, question: Question) -> Reply:
        """Answer one KPI; where it cannot be computed, every answer has the status error."""
        try:
            return self._reply(indicator, question)
        except (DatabaseError, ArithmeticError) as error:
            if outage_of(error):
                raise
            logger.exception("%s cannot be answered", indicator.key)
            return self._failed(indicator, question)

    def _reply(self, indicator: Indicator, question: Question) -> Reply:
        periods = list(question.periods)
        current = question.current
        wanted = periods if current.previous in periods else [current.previous, *periods]
        parts = self._parts(indicator, question.scope, wanted)
        answers = (
            self._weighed(indicator, question.scope, wanted, parts)
            if parts
            else self.answers(indicator, question.scope, wanted)
        )
        return Reply(
            indicator=indicator,
            question=question,
            series=[answers[period] for period in periods],
            current=answers[current],
            previous=answers[current.previous],
            window=self._window(indicator, question),
            components=self._components(indicator, question, parts),
            groups=self._groups(indicator, question) if question.by else (),
        )

    def _components(
        self,
        indicator: Indicator,
        question: Question,
        parts: Mapping[Part, Mapping[Period, Answer]],
    ) -> list[Answer]:
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

    def _failed(self, indicator: Indicator, question: Question) -> Reply:
        def error(period: Period) -> Answer:
            target, other = self._targets_of(indicator, question.scope, period)
            return Answer(indicator, period, "error", target=target, other_target=other)

        return Reply(
            indicator=indicator,
            question=question,
            series=[error(period) for period in question.periods],
            current=error(question.current),
            previous=error(question.current.previous),
            window=error(question.window) if question.window else None,
        )

    def _window(self, indicator: Indicator, question: Question) -> Answer | None:
        window = question.window
        if window is None:
            return None
        inside = question.periods
        return self.answers(indicator, question.scope, [window], inside=inside)[window]

    def answers(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        *,
        inside: Sequence[Period] = (),
    ) -> dict[Period, Answer]:
        """One answer per period, under the rule of small groups.

        `inside` are the periods that a window consists of: hidden ones hide the window.
        """
        if indicator.parts:
            parts = self._parts(indicator, scope, periods, inside)
            return self._weighed(indicator, scope, periods, parts)
        found = self._held(indicator, scope, read.series(indicator, scope, periods, self.now))
        hidden = self._hidden(indicator, scope, periods, inside)
        answers = {
            period: self._answer(indicator, scope, period, found[period], period in hidden)
            for period in periods
        }
        return answers | self._pending(indicator, scope, answers)

    def _pending(
        self, indicator: Indicator, scope: Scope, answers: Mapping[Period, Answer]
    ) -> dict[Period, Answer]:
        """Those without data of which something has come in that is not computed yet."""
        empty = [one for one, answer in answers.items() if answer.status == "no_data"]
        if not empty or not read.is_kept(indicator, scope, empty) or not self._is_anything_waiting:
            return {}
        waiting = stale.stale_starts(indicator, empty)
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
    ) -> dict[Part, dict[Period, Answer]]:
        return {
            part: self.answers(REGISTRY[part.key], scope, periods, inside=inside)
            for part in indicator.parts
        }

    def _weighed(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        parts: Mapping[Part, Mapping[Period, Answer]],
    ) -> dict[Period, Answer]:
        return {
            period: self._combine(
                indicator, scope, period, {part: there[period] for part, there in parts.items()}
            )
            for period in periods
        }

    def _combine(
        self, indicator: Indicator, scope: Scope, period: Period, answers: Mapping[Part, Answer]
    ) -> Answer:
        course = _only(scope)
        weighed = [
            (self.dials.value(part.weight, period.end, course_id=course), one)
            for part, one in answers.items()
        ]
        blank = self._blank(indicator, scope, period)
        return combine(blank, weighed, self._context(indicator, scope))

    def groups(self, indicator: Indicator, question: Question) -> list[Group]:
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

    def _groups(self, indicator: Indicator, question: Question) -> list[Group]:
        by = question.by or "course"
        period = question.window or question.current
        answers = self._group_answers(indicator, question, period, by)
        things: dict[int, Thing] = THINGS[by].in_bulk(list(answers))
        ordered = sorted(things.values(), key=place_of)
        return [Group(thing, answers[thing.pk]) for thing in ordered]

    def _group_answers(
        self, indicator: Indicator, question: Question, period: Period, by: str
    ) -> dict[int, Answer]:
        judged = question.periods if question.window else [question.current]
        return self.group_answers(indicator, question.scope, by, {period: judged})[period]

    def group_answers(
        self,
        indicator: Indicator,
        scope: Scope,
        by: str,
        judged: Mapping[Period, Sequence[Period]],
    ) -> dict[Period, dict[int, Answer]]:
        """The parts of the scope by their ids, in each of the periods (of one kind).

        Each period comes with those that it is judged by: what is hidden in one of them is hidden.
        """
        narrow = self._narrowing(scope, by)
        if indicator.parts:
            parts = {
                part: self.group_answers(REGISTRY[part.key], scope, by, judged)
                for part in indicator.parts
            }
            return {
                period: self._weighed_groups(
                    indicator,
                    narrow,
                    period,
                    {part: there[period] for part, there in parts.items()},
                )
                for period in judged
            }
        found = read.groups(indicator, scope, list(judged), by, self.now)
        found = self._held_groups(indicator, scope, by, found)
        answers: dict[Period, dict[int, Answer]] = {}
        for period, judges in judged.items():
            hidden = self._hidden_groups(indicator, scope, by, judges)
            answers[period] = {
                key: self._answer(indicator, narrow(key), period, one, key in hidden)
                for key, one in found[period].items()
            }
        return answers

    def _weighed_groups(
        self,
        indicator: Indicator,
        narrow: Callable[[int], Scope],
        period: Period,
        parts: Mapping[Part, Mapping[int, Answer]],
    ) -> dict[int, Answer]:
        return {
            key: self._combine(
                indicator,
                narrow(key),
                period,
                {part: there[key] for part, there in parts.items() if key in there},
            )
            for key in {key for answers in parts.values() for key in answers}
        }

    def _narrowing(self, scope: Scope, by: str) -> Callable[[int], Scope]:
        """From a group's id to a scope of its course: whose target and dials it is judged by."""
        if by == "learner" or (by != "course" and _only(scope)):
            return lambda _: scope
        course_of = {} if by == "course" else self._courses_of(by)
        return lambda key: replace(scope, course_ids=frozenset({course_of.get(key, key)}))

    def _courses_of(self, by: str) -> dict[int, int]:
        """The course of each run or module."""
        if by not in self._owners:
            self._owners[by] = dict(THINGS[by].values_list("pk", "course_id"))
        return self._owners[by]

    def _answer(
        self, indicator: Indicator, scope: Scope, period: Period, found: Found, hide: bool
    ) -> Answer:
        blank = replace(
            self._blank(indicator, scope, period),
            computed_at=found.computed_at,
            restated_at=found.restated_at,
        )
        if hide:
            return replace(blank, status="suppressed")
        context = self._context(indicator, scope)
        if indicator.is_total and not found.sums.n:
            context = replace(context, data_from=self._first_day(indicator, scope, period))
        return answer(blank, found.sums, context)

    def _first_day(self, indicator: Indicator, scope: Scope, period: Period) -> date | None:
        kind = PeriodKind.DAY if period.kind == WINDOW else period.kind
        key = (indicator.key, scope.course_ids, kind)
        if key not in self._first_days:
            self._first_days[key] = read.first_day(indicator, scope, kind)
        return self._first_days[key]

    def _blank(self, indicator: Indicator, scope: Scope, period: Period) -> Answer:
        target, other = self._targets_of(indicator, scope, period)
        return Answer(
            indicator,
            period,
            target=target,
            other_target=other,
            data_through=self._context(indicator, scope).data_through,
        )

    @property
    def _holds(self) -> bool:
        return settings.KPI_HOLD_OPEN_FIGURES and not self.reader.sees_small_groups

    def _held(
        self, indicator: Indicator, scope: Scope, found: dict[Period, Found]
    ) -> dict[Period, Found]:
        """The sums as the reader is shown them; see `holding`."""
        return holding.held(indicator, scope, found, self.now) if self._holds else found

    def _held_groups(
        self, indicator: Indicator, scope: Scope, by: str, found: dict[Period, dict[int, Found]]
    ) -> dict[Period, dict[int, Found]]:
        # one learner is a small group, and suppressed
        if not self._holds or by == "learner":
            return found
        narrow = self._narrowing(scope, by)

        def part(key: int) -> Scope:
            around = narrow(key)
            run_id = key if by == "run" else around.run_id
            return replace(
                around, run_id=run_id, module_id=key if by == "module" else around.module_id
            )

        return {
            period: {
                key: self._held(indicator, part(key), {period: one})[period]
                for key, one in groups.items()
            }
            for period, groups in found.items()
        }

    def _hidden(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        inside: Sequence[Period],
    ) -> set[Period]:
        if self.reader.sees_small_groups:
            return set()
        hidden = self.veil(indicator).periods(scope, inside or periods)
        return set(periods) if inside and hidden else hidden

    def _hidden_groups(
        self, indicator: Indicator, scope: Scope, by: str, judged: Sequence[Period]
    ) -> set[int]:
        if self.reader.sees_small_groups:
            return set()
        return self.veil(indicator).groups(scope, by, judged)

    def veil(self, indicator: Indicator) -> Veil:
        """What is hidden of a KPI from a reader who may not see small groups."""
        if indicator.key not in self._veils:
            everything = Scope(None if self.reader.sees_every_course else self.reader.course_ids)
            self._veils[indicator.key] = Veil(indicator, everything, self.now)
        return self._veils[indicator.key]

    @cached_property
    def _is_anything_waiting(self) -> bool:
        return stale.is_anything_waiting()

    @property
    def dials(self) -> Standings:
        if self._dials is None:
            keys = [part.weight for one in REGISTRY.values() for part in one.parts]
            self._dials = Standings(keys)
        return self._dials

    def _targets_of(self, indicator: Indicator, scope: Scope, period: Period) -> Targets:
        """The target in force, if any, as an answer takes it."""
        if self._targets is None:
            self._targets = TargetBook.load()
        found = self._targets.in_force(indicator.key, _only(scope), period.last)
        return comparable(found, indicator, scope, period)

    def _context(self, indicator: Indicator, scope: Scope) -> Context:
        feeds = self._feeds_of(indicator.category)
        reached = [
            at
            for course, at in feeds.items()
            if scope.course_ids is None or course in scope.course_ids
        ]
        return Context.at(self.now, max(reached, default=None))

    def _feeds_of(self, category: str) -> dict[int, datetime]:
        if category not in self._feeds:
            rows = Feed.objects.filter(category=category)
            self._feeds[category] = dict(rows.values_list("course_id", "data_through"))
        return self._feeds[category]


def _only(scope: Scope) -> int | None:
    """The one course of the scope; None when there are more."""
    if scope.course_ids is not None and len(scope.course_ids) == 1:
        return next(iter(scope.course_ids))
    return None
