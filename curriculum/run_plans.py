"""The plan that each new enrollment of a run starts with.

The refund cut-off and the completion window are those of the moment of the sign-up, also when the
sign-up arrives years later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch

from curriculum import due_dates
from curriculum.models import CourseRun, Module, RunModule
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from curriculum.parameters import ParameterHistory, ParameterScope

PARAMETERS = (WINDOW_FACTOR, REFUND_CUTOFF)


@dataclass(frozen=True)
class Terms:
    """The parameter values for everyone who signs up at one moment."""

    window_factor: Decimal
    cutoff_days: int

    @property
    def cutoff(self) -> timedelta:
        return timedelta(days=self.cutoff_days)

    def length(self, nominal_days: int) -> timedelta:
        return timedelta(days=float(self.window_factor * nominal_days))


# the terms of a run, by the moment of the sign-up
TermsAt = Callable[[CourseRun, datetime], Terms]


def load_terms(runs: Collection[CourseRun]) -> TermsAt:
    """Load the terms of some runs at every moment, with two queries."""
    scopes = [ParameterScope(course_id=run.course_id, run_id=run.pk) for run in runs]
    parameters = ParameterHistory(PARAMETERS, scopes=scopes)

    def terms_at(run: CourseRun, enrolled_at: datetime) -> Terms:
        factor, days = (
            parameters.value(key, enrolled_at, course_id=run.course_id, run_id=run.pk)
            for key in PARAMETERS
        )
        return Terms(window_factor=factor, cutoff_days=int(days))

    return terms_at


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
        return cls(run, modules, load_terms([run]))

    def dates(self, enrolled_at: datetime) -> PlanDates:
        start, terms = self.start(enrolled_at), self.terms_at(self.run, enrolled_at)
        due = start + terms.length(self.run.nominal_days)
        return PlanDates(started_at=start, cutoff_at=start + terms.cutoff, due_at=due)

    def start(self, enrolled_at: datetime) -> datetime:
        return due_dates.start_of(self.run, enrolled_at)


def current_plans(run_ids: Collection[int]) -> dict[int, RunPlan]:
    """Return the plans of runs with the present modules of their courses, by run id."""
    runs = (
        CourseRun.objects.filter(pk__in=run_ids)
        .order_by()
        .prefetch_related("course__modules", Prefetch("timetable", RunModule.objects.order_by()))
    )
    terms_at = load_terms(runs)
    return {run.pk: RunPlan(run, list(run.course.modules.all()), terms_at) for run in runs}
