"""The plan that each new enrollment of a run starts with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch
from django.utils import timezone

from curriculum import due_dates
from curriculum.models import CourseRun, Module, RunModule
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from curriculum.parameters import ParameterHistory

PARAMETERS = (WINDOW_FACTOR, REFUND_CUTOFF)


@dataclass(frozen=True)
class RunPlan:
    """A run's modules, refund cut-off and length, as of now."""

    run: CourseRun
    modules: Sequence[Module]
    cutoff: timedelta
    length: timedelta

    @classmethod
    def of(
        cls,
        run: CourseRun,
        modules: Sequence[Module] | None = None,
        *,
        parameters: ParameterHistory | None = None,
    ) -> RunPlan:
        """Read the current parameters; `modules` default to those of the course."""
        now, parameters = timezone.now(), parameters or ParameterHistory(PARAMETERS)
        factor = parameters.value(WINDOW_FACTOR, now, course_id=run.course_id)
        cutoff = parameters.value(REFUND_CUTOFF, now, course_id=run.course_id)
        return cls(
            run=run,
            modules=list(run.course.modules.all()) if modules is None else modules,
            cutoff=timedelta(days=int(cutoff)),
            length=timedelta(days=float(factor * Decimal(run.nominal_days))),
        )

    def start(self, enrolled_at: datetime) -> datetime:
        return due_dates.start_of(self.run, enrolled_at)


def current_plans(run_ids: Collection[int]) -> dict[int, RunPlan]:
    """Return the current plans of runs, by run id."""
    runs = (
        CourseRun.objects.filter(pk__in=run_ids)
        .order_by()
        .prefetch_related("course__modules", Prefetch("timetable", RunModule.objects.order_by()))
    )
    parameters = ParameterHistory(PARAMETERS)
    return {run.pk: RunPlan.of(run, parameters=parameters) for run in runs}
