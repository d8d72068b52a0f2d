"""The sums of the units of each variant: of one KPI, after the exposure and before."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import reporting_clock
from experiments.analysis.units import compared
from experiments.audience import courses_of
from experiments.models import Experiment
from kpis.aggregation.unit_sums import UnitSums, sums_by_group
from kpis.definitions.facts import Moments
from kpis.definitions.periods import WINDOW, Period, local_day
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import SITE, Scope

DAY = timedelta(days=1)


def sums_of(
    experiment: Experiment,
    indicator: Indicator,
    scope: Scope,
    *,
    through: datetime,
    first_exposure: datetime,
) -> dict[int, UnitSums]:
    """Return the sums by variant (id), of what happened after each unit's first exposure.

    One query. What units did before anybody was exposed comes with them, unless the experiment
    does without it or rows of that time may have changed since.
    """
    unit = "run" if experiment.unit == Experiment.Unit.RUN else "learner"
    moments = Moments(
        rows=compared(experiment, through),
        unit=unit,
        moment="first_at",
        day="first_on",
        group="variant_id",
        are_counted=unit == "learner",
    )
    zone = reporting_clock.reporting_zone()
    first, last = local_day(first_exposure, zone), local_day(through, zone)
    # a KPI may read something else for a single day
    after = Period(first, max(last + DAY, first + 2 * DAY), WINDOW, zone, now=through)
    return sums_by_group(
        indicator, after, moments, scope, before=_before(experiment, indicator, after)
    )


def _before(experiment: Experiment, indicator: Indicator, after: Period) -> Period | None:
    """Return the whole days before the first exposure of all; None if they are not to be used.

    They end before it, and not at each unit's own: many KPIs look at what has become of a row by
    the end of the period, which for a later end would be an effect of the variants.
    """
    if not experiment.baseline_days or indicator.changes_later or indicator.facts is None:
        return None
    begin = after.first - experiment.baseline_days * DAY
    # a week that reaches beyond the first exposure is not before it
    end = after.first - (indicator.facts.row_days - 1) * DAY
    return Period(begin, end, WINDOW, after.zone) if begin < end else None


def scope_of(experiment: Experiment) -> Scope:
    """Return the courses whose facts count: those of the audience."""
    courses = list(experiment.courses.values_list("pk", flat=True))
    runs = list(experiment.runs.values_list("pk", flat=True))
    if not courses and not runs:
        return SITE
    ids = frozenset(courses_of(experiment).values_list("pk", flat=True))
    return Scope(course_ids=ids, run_id=runs[0] if len(runs) == 1 and not courses else None)
