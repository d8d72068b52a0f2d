"""Answer a question: one KPI over periods, its groups and components, as the reader may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from curriculum.access import Reader
from curriculum.models import Course, CourseRun, Learner, Module
from curriculum.parameters import Standings
from kpis import read, suppress
from kpis.answers import Answer, Context, answer, combine
from kpis.models import Feed
from kpis.periods import Period, containing
from kpis.question import Question
from kpis.read import Found
from kpis.registry import REGISTRY, Indicator
from kpis.stats import Sums
from kpis.tally import Scope
from kpis.targets import TargetBook

Thing = Course | CourseRun | Module | Learner
THINGS: dict[str, QuerySet[Any]] = {
    "course": Course.objects.all(),
    "run": CourseRun.objects.select_related("course"),
    "module": Module.objects.select_related("course"),
    "learner": Learner.objects.all(),
}
# where one small part of a larger period could be told by subtraction
PARENTS = {"day": ("week", "month"), "week": (), "month": ("quarter",), "quarter": ()}


@dataclass(frozen=True)
class Group:
    """One course, run, module or learner with its answer."""

    thing: Thing
    answer: Answer


@dataclass(frozen=True)
class Reply:
    """Everything about one KPI that was asked."""

    indicator: Indicator
    question: Question
    series: Sequence[Answer]
    current: Answer
    previous: Answer
    window: Answer | None = None
    components: Sequence[Answer] = ()
    groups: Sequence[Group] = ()

    @property
    def change(self) -> float | None:
        """Current minus previous value, in the unit; None when one is missing."""
        if self.current.shown is None or self.previous.shown is None:
            return None
        return round(self.current.shown - self.previous.shown, 4)


@dataclass
class Desk:
    """Answers questions of one reader at one moment; loads targets, dials and feeds once."""

    reader: Reader
    now: datetime
    _feeds: dict[str, dict[int, datetime]] = field(default_factory=dict)
    _targets: TargetBook | None = None
    _dials: Standings | None = None

    def ask(self, indicator: Indicator, question: Question) -> Reply:
        periods = list(question.periods)
        current = question.current
        wanted = periods if current.previous in periods else [current.previous, *periods]
        answers = self.answers(indicator, question.scope, wanted)
        parts = [REGISTRY[part.key] for part in indicator.parts]
        return Reply(
            indicator=indicator,
            question=question,
            series=[answers[period] for period in periods],
            current=answers[current],
            previous=answers[current.previous],
            window=self._window(indicator, question),
            components=[self.answers(part, question.scope, [current])[current] for part in parts],
            groups=self.groups(indicator, question) if question.by else (),
        )

    def _window(self, indicator: Indicator, question: Question) -> Answer | None:
        window = question.window
        if window is None:
            return None
        return self.answers(indicator, question.scope, [window])[window]

    def answers(
        self, indicator: Indicator, scope: Scope, periods: Sequence[Period]
    ) -> dict[Period, Answer]:
        """One answer per period, under the rule of small groups."""
        if indicator.parts:
            return self._combined(indicator, scope, periods)
        wider = self._with_siblings(periods)
        found = read.series(indicator, scope, wider, self.now)
        hidden = self._hidden_periods(found) | self._hidden_scope(indicator, scope, found)
        return {
            period: self._answer(indicator, scope, period, found[period], period in hidden)
            for period in periods
        }

    def _combined(
        self, indicator: Indicator, scope: Scope, periods: Sequence[Period]
    ) -> dict[Period, Answer]:
        parts = {part: self.answers(REGISTRY[part.key], scope, periods) for part in indicator.parts}
        course = _only(scope)
        return {
            period: combine(
                self._blank(indicator, scope, period),
                [
                    (self.dials.value(part.weight, period.end, course_id=course), answers[period])
                    for part, answers in parts.items()
                ],
                self._context(indicator, scope),
            )
            for period in periods
        }

    def groups(self, indicator: Indicator, question: Question) -> list[Group]:
        """The parts of the scope in the window asked for, else in the current period."""
        by = question.by or "course"
        period = question.window or question.current
        answers = self._group_answers(indicator, question.scope, period, by)
        things: dict[int, Thing] = THINGS[by].in_bulk(list(answers))
        ordered = sorted(things.values(), key=_order)
        return [Group(thing, answers[thing.pk]) for thing in ordered]

    def _group_answers(
        self, indicator: Indicator, scope: Scope, period: Period, by: str
    ) -> dict[int, Answer]:
        if indicator.parts:
            return self._combined_groups(indicator, scope, period, by)
        found = read.groups(indicator, scope, [period], by, self.now)[period]
        hidden = self._hidden({key: one.sums for key, one in found.items()})
        return {
            key: self._answer(indicator, _narrow(scope, by, key), period, one, key in hidden)
            for key, one in found.items()
        }

    def _combined_groups(
        self, indicator: Indicator, scope: Scope, period: Period, by: str
    ) -> dict[int, Answer]:
        parts = {
            part: self._group_answers(REGISTRY[part.key], scope, period, by)
            for part in indicator.parts
        }
        keys = {key for answers in parts.values() for key in answers}
        return {
            key: combine(
                self._blank(indicator, _narrow(scope, by, key), period),
                [
                    (self.dials.value(part.weight, period.end), answers[key])
                    for part, answers in parts.items()
                    if key in answers
                ],
                self._context(indicator, scope),
            )
            for key in keys
        }

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
        return answer(blank, found.sums, self._context(indicator, scope))

    def _blank(self, indicator: Indicator, scope: Scope, period: Period) -> Answer:
        return Answer(
            indicator,
            period,
            target=self._target(indicator, scope, period),
            data_through=self._context(indicator, scope).data_through,
        )

    def _hidden(self, parts: Mapping[Any, Sums]) -> set[Any]:
        return set() if self.reader.sees_small_groups else suppress.hidden(parts)

    def _hidden_periods(self, found: Mapping[Period, Found]) -> set[Period]:
        """Periods that are small, or would tell a small one beside them within a larger."""
        if self.reader.sees_small_groups:
            return set()
        hidden = {period for period, one in found.items() if suppress.is_small(one.sums)}
        for period in sorted(hidden):
            for kind in PARENTS.get(period.kind, ()):
                parent = containing(period.first, kind, period.zone)
                siblings = {
                    one: found[one].sums
                    for one in found
                    if parent.first <= one.first < parent.after
                }
                hidden |= suppress.hidden(siblings)
        return hidden

    def _with_siblings(self, periods: Sequence[Period]) -> list[Period]:
        """The periods and, where small groups are hidden, those beside them in larger ones."""
        if self.reader.sees_small_groups:
            return list(periods)
        wider = set(periods)
        for period in periods:
            for kind in PARENTS.get(period.kind, ()):
                parent = containing(period.first, kind, period.zone)
                one = containing(parent.first, period.kind, period.zone)
                while one.first < parent.after:
                    wider.add(one)
                    one = one.next
        return sorted(wider)

    def _hidden_scope(
        self, indicator: Indicator, scope: Scope, found: Mapping[Period, Found]
    ) -> set[Period]:
        """Periods in which this course, run or module would tell a small one beside it."""
        by, key, around = _around(scope, self.reader)
        if self.reader.sees_small_groups or by is None:
            return set()
        parts = read.groups(indicator, around, list(found), by, self.now)
        return {
            period
            for period, groups in parts.items()
            if key in suppress.hidden({group: one.sums for group, one in groups.items()})
        }

    @property
    def dials(self) -> Standings:
        if self._dials is None:
            keys = [part.weight for one in REGISTRY.values() for part in one.parts]
            self._dials = Standings(keys)
        return self._dials

    def _target(self, indicator: Indicator, scope: Scope, period: Period) -> Any:
        if self._targets is None:
            self._targets = TargetBook.load()
        return self._targets.in_force(indicator.key, _only(scope), period.last)

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


def _narrow(scope: Scope, by: str, key: int) -> Scope:
    return Scope(frozenset({key}), scope.run_id, scope.module_id) if by == "course" else scope


def _around(scope: Scope, reader: Reader) -> tuple[str | None, int, Scope]:
    """What this scope is a part of: by which dimension, its id there, and the whole."""
    everything = Scope(None if reader.sees_every_course else reader.course_ids)
    if scope.learner_ids is not None:
        return None, 0, scope
    if scope.module_id is not None:
        return "module", scope.module_id, Scope(scope.course_ids, scope.run_id)
    if scope.run_id is not None:
        return "run", scope.run_id, Scope(scope.course_ids)
    course = _only(scope)
    return ("course", course, everything) if course else (None, 0, scope)


def _order(thing: Thing) -> tuple[Any, ...]:
    if isinstance(thing, Module):
        return (thing.course_id, thing.position)
    if isinstance(thing, CourseRun):
        return (thing.course.title, str(thing.starts_on or ""), thing.key)
    return (str(thing),)
