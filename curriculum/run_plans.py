"""The plan that each new enrollment of a run starts with.

The refund cut-off, the completion window, the planned days and the deadline extension are those of
the moment of the sign-up, also when the sign-up arrives years later. The days are those of the
learner's arm where an experiment tries other ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Prefetch

from curriculum import due_dates
from curriculum.due_dates import PlanLine
from curriculum.models import CourseRun, Module, RunModule
from curriculum.parameter_definitions import (
    DEADLINE_EXTENSION,
    PLANNED_DAYS,
    REFUND_CUTOFF,
    WINDOW_FACTOR,
)
from curriculum.parameters import (
    ParameterHistory,
    ParameterScope,
    Question,
    overridden_by_arms,
    values_of_arms,
)

PARAMETERS = (WINDOW_FACTOR, REFUND_CUTOFF, PLANNED_DAYS, DEADLINE_EXTENSION)
# what an arm may change in the plan of its learners; the rest defines figures
PLANNED_AT_SIGN_UP = (PLANNED_DAYS, DEADLINE_EXTENSION)


# compared by identity, since what follows from the terms is computed once for all who share them
@dataclass(frozen=True, eq=False)
class Terms:
    """The parameter values for everyone who signs up at one moment.

    `planned_days` and `extensions` are those of modules that have some, by module id. They move
    the due dates of modules, never the completion window, which defines a figure.
    """

    window_factor: Decimal
    cutoff_days: int
    planned_days: Mapping[int, int] = field(default_factory=dict)
    extensions: Mapping[int, int] = field(default_factory=dict)

    @property
    def cutoff(self) -> timedelta:
        return timedelta(days=self.cutoff_days)

    def length(self, nominal_days: int) -> timedelta:
        return timedelta(days=float(self.window_factor * nominal_days))


@dataclass(frozen=True, eq=False)
class ArmDays:
    """The days that a learner's arm puts in the place of the ordinary ones, by module id."""

    planned_days: Mapping[int, int] = field(default_factory=dict)
    extensions: Mapping[int, int] = field(default_factory=dict)

    def applied_to(self, terms: Terms) -> Terms:
        return replace(
            terms,
            planned_days={**terms.planned_days, **self.planned_days},
            extensions={**terms.extensions, **self.extensions},
        )


class SignUpTime(NamedTuple):
    """When a learner signs up for a run."""

    learner_id: int
    run: CourseRun
    enrolled_at: datetime


def load_arm_days(
    sign_ups: Collection[SignUpTime], module_ids: Mapping[int, Collection[int]]
) -> dict[SignUpTime, ArmDays]:
    """Return the days of the learners' arms, for sign-ups of learners who are in one.

    `module_ids` are by run id. The enrollments must be stored, since they decide who is in an
    experiment; learners without an arm are assigned to one.
    """
    keys = overridden_by_arms().intersection(PLANNED_AT_SIGN_UP) if sign_ups else ()
    asked = {
        Question(
            key=key,
            at=one.enrolled_at,
            scope=ParameterScope(
                course_id=one.run.course_id, run_id=one.run.pk, module_id=module_id
            ),
            learner_id=one.learner_id,
        ): one
        for one in (sign_ups if keys else ())
        for key in keys
        for module_id in module_ids.get(one.run.pk, ())
    }
    days: dict[SignUpTime, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for question, value in values_of_arms(asked.keys()).items():
        days[asked[question]][question.key][question.scope.module_id or 0] = int(value)
    return {
        one: ArmDays(found[PLANNED_DAYS], found[DEADLINE_EXTENSION]) for one, found in days.items()
    }


# the terms of a run, by the moment of the sign-up
TermsAt = Callable[[CourseRun, datetime], Terms]


def load_terms(runs: Collection[CourseRun], module_ids: Mapping[int, Collection[int]]) -> TermsAt:
    """Load the terms of some runs and modules at every moment, with two queries.

    `module_ids` are by run id.
    """
    scopes = [
        ParameterScope(course_id=run.course_id, run_id=run.pk, module_id=module_id)
        for run in runs
        for module_id in (None, *module_ids.get(run.pk, ()))
    ]
    history = ParameterHistory(PARAMETERS, scopes=scopes)
    moments = sorted(one.applies_from for one in history.changes)
    known: dict[tuple[int, int], Terms] = {}

    def terms_at(run: CourseRun, enrolled_at: datetime) -> Terms:
        # the terms stay the same until the next change
        key = (run.pk, bisect_right(moments, enrolled_at))
        if key not in known:
            known[key] = _terms(history, run, enrolled_at, module_ids.get(run.pk, ()))
        return known[key]

    return terms_at


def _terms(
    history: ParameterHistory, run: CourseRun, at: datetime, module_ids: Collection[int]
) -> Terms:
    ids = {"course_id": run.course_id, "run_id": run.pk}
    own = {pk: history.own(PLANNED_DAYS, at, run_id=run.pk, module_id=pk) for pk in module_ids}
    later = {pk: history.value(DEADLINE_EXTENSION, at, **ids, module_id=pk) for pk in module_ids}
    return Terms(
        window_factor=history.value(WINDOW_FACTOR, at, **ids),
        cutoff_days=int(history.value(REFUND_CUTOFF, at, **ids)),
        planned_days={pk: int(days) for pk, days in own.items() if days is not None},
        extensions={pk: int(days) for pk, days in later.items() if days},
    )


@dataclass(frozen=True)
class PlanDates:
    """The dates of one enrollment's plan."""

    started_at: datetime
    cutoff_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class RunPlan:
    """A run's modules as of now, and its terms at every moment."""

    run: CourseRun
    modules: Sequence[Module]
    terms_at: TermsAt

    @classmethod
    def of(cls, run: CourseRun, modules: Sequence[Module]) -> RunPlan:
        """Plan other modules than those of the course."""
        return cls(run, modules, load_terms([run], {run.pk: [one.pk for one in modules]}))

    def dates(self, enrolled_at: datetime) -> PlanDates:
        start, terms = self.start(enrolled_at), self.terms_at(self.run, enrolled_at)
        due = start + terms.length(self.run.nominal_days)
        return PlanDates(started_at=start, cutoff_at=start + terms.cutoff, due_at=due)

    def start(self, enrolled_at: datetime) -> datetime:
        return due_dates.start_of(self.run, enrolled_at)

    def lines(self, timetable: dict[int, date], terms: Terms) -> Iterator[PlanLine]:
        """Yield when each module is due under these terms."""
        return due_dates.plan_lines(
            self.modules,
            timetable,
            planned_days=terms.planned_days,
            extensions=terms.extensions,
        )


def current_plans(run_ids: Collection[int]) -> dict[int, RunPlan]:
    """Return the plans of runs with the present modules of their courses, by run id."""
    runs = (
        CourseRun.objects.filter(pk__in=run_ids)
        .order_by()
        .prefetch_related("course__modules", Prefetch("timetable", RunModule.objects.order_by()))
    )
    modules = {run.pk: list(run.course.modules.all()) for run in runs}
    module_ids = {pk: [one.pk for one in found] for pk, found in modules.items()}
    terms_at = load_terms(runs, module_ids)
    return {run.pk: RunPlan(run, modules[run.pk], terms_at) for run in runs}
