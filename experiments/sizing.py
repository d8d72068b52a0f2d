"""How many units an experiment needs, how many it gets, and what it can detect with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from statistics import fmean, pstdev

from core import reporting_clock
from experiments import audience
from experiments.analysis.comparing import arm_sums
from experiments.analysis.sums import scope_of
from experiments.models import Experiment, Metric
from experiments.statistics import (
    ArmSums,
    Cluster,
    Design,
    Kind,
    MeanBaseline,
    ShareBaseline,
    achieved_power,
    baseline_of,
    design_effect,
    detectable_effect,
    intraclass_correlation,
    planned_units,
)
from kpis.aggregation.unit_sums import UnitSums, sums_of_units
from kpis.definitions.periods import WINDOW, Period, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import SITE, Scope

DAY = timedelta(days=1)
# days whose facts say how a KPI varies between learners
LOOKS_BACK = 90


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is planned, in the calculator as well as in a draft.

    `effect` is an improvement in the KPI's unit, shares from 0 to 1, and totals per learner or run.
    `weights` are those of the variants, the control's first, and `share` is the part of the
    audience that is in any.
    """

    kpi: str
    effect: float | None
    scope: Scope = SITE
    by_run: bool = False
    alpha: float = 0.05
    power: float = 0.8
    is_sequential: bool = False
    weights: tuple[float, ...] = (0.5, 0.5)
    share: float = 1.0
    end: date | None = None


@dataclass(frozen=True)
class Sizing:
    """What is needed and what there is; numbers of units are those of the smallest variant.

    `needed`, `power` and `detectable` are None if the KPI has no past, or no number is enough; if
    runs are assigned, also if the past does not say how alike their learners are.
    `present` units are those that are still learning.
    `available` is the number at the planned end, and `weeks` is how long it takes to get `needed`
    at the present rate. If runs are assigned, `correlation` says how alike their learners are.
    `measured` is the number of learners whose facts say how the KPI varies, and `coverage` the
    share of units that had such facts: the others tell nothing about a share or a ratio, and count
    as 0 in a total.
    """

    baseline: float | None
    needed: int | None
    available: int | None
    power: float | None
    detectable: float | None
    present: int
    per_week: float
    weeks: float | None
    design_effect: float = 1.0
    correlation: float | None = None
    cluster_size: float | None = None
    measured: int = 0
    coverage: float = 1.0

    @property
    def is_enough(self) -> bool:
        """True if the planned effect will be found with the planned power."""
        known = self.needed is not None and self.available is not None
        return known and (self.available or 0) >= (self.needed or 0)


def assess(experiment: Experiment, now: datetime) -> Sizing | None:
    """Return the sizing of an experiment; None without a primary KPI and two variants."""
    primary = experiment.metrics.filter(role=Metric.Role.PRIMARY).first()
    variants = sorted(experiment.variants.all(), key=lambda one: not one.is_control)
    if primary is None or primary.kpi not in REGISTRY or len(variants) < 2:
        return None
    part = (experiment.layer_to or Decimal(1)) - (experiment.layer_from or Decimal(0))
    question = Question(
        kpi=primary.kpi,
        effect=experiment.planned_effect,
        scope=scope_of(experiment),
        by_run=experiment.unit == Experiment.Unit.RUN,
        alpha=float(experiment.alpha),
        power=float(experiment.power),
        is_sequential=experiment.method == Experiment.Method.SEQUENTIAL,
        weights=tuple(float(one.weight) for one in variants),
        share=float(part * (1 - experiment.holdout)),
        end=experiment.planned_end,
    )
    present = 0 if experiment.only_new else audience.present(experiment, now)
    return answer(question, now, present=present, per_week=audience.per_week(experiment, now))


def answer(question: Question, now: datetime, *, present: int, per_week: float) -> Sizing:
    """Return what an effect needs, and what the units there are can show.

    `present` and `per_week` are units of the whole audience: now, and new ones. How the KPI varies
    is measured on the last 90 days. KeyError for an unknown KPI, ValueError for one that has no
    value for a learner or run.
    """
    indicator, past = REGISTRY[question.kpi], _past(now)
    learners = sums_of_units(indicator, past, question.scope).get(None, UnitSums())
    by_run = sums_of_units(indicator, past, question.scope, by_run=True) if question.by_run else {}
    measured = len(by_run) if question.by_run else learners.n
    units_there = audience.active(question.scope, past, "run" if question.by_run else "learner")
    silent = max(0, units_there - measured)
    # totals of whole runs, such as enrollments, do not follow from those of their learners
    units = _runs(by_run) if question.by_run and indicator.is_total else arm_sums(learners)
    if indicator.is_total:
        units = replace(units, n=units.n + silent, without_rows=units.without_rows + silent)
    coverage = measured / (measured + silent) if measured else 1.0
    clusters = [] if indicator.is_total else _clusters(by_run, learners)
    design = _design(question, clusters)
    kind = Kind.MEAN if indicator.is_total else Kind.RATIO
    correlation = intraclass_correlation(clusters)
    # from one run, nobody knows how alike learners of a run are
    is_unknown = bool(clusters) and correlation is None and design.cluster_size != 1
    baseline = None if is_unknown else baseline_of(units, kind)
    plan = _Plan(indicator, question, design, baseline, coverage)
    needed, part = plan.needed, question.share * min(question.weights)
    weeks = (question.end - past.last).days / 7 if question.end else None
    available = None if weeks is None else int((present + per_week * max(weeks, 0.0)) * part)
    return Sizing(
        baseline=units.per_unit.value if indicator.is_total else learners.value,
        needed=needed,
        available=available,
        power=plan.power(available),
        detectable=plan.detectable(available),
        present=present,
        per_week=per_week,
        weeks=_weeks_until(needed, present * part, per_week * part),
        design_effect=design.design_effect,
        correlation=correlation,
        cluster_size=design.cluster_size,
        measured=learners.n,
        coverage=coverage,
    )


def _past(now: datetime) -> Period:
    zone = reporting_clock.reporting_zone()
    today = local_day(now, zone)
    return Period(today - LOOKS_BACK * DAY, today + DAY, WINDOW, zone, now=now)


def _runs(by_run: Mapping[int | None, UnitSums]) -> ArmSums:
    """Return the sums of the runs' totals."""
    totals = [one.total for one in by_run.values()]
    squares = sum(one * one for one in totals)
    return ArmSums(len(totals), sum(totals), len(totals), squares, len(totals), sum(totals))


def _clusters(by_run: Mapping[int | None, UnitSums], learners: UnitSums) -> list[Cluster]:
    """Return each run's learners, by how far they are from the ratio of all: y − r x."""
    ratio = learners.value or 0.0
    return [
        Cluster(
            one.n,
            one.total - ratio * one.weight,
            one.spread.yy - 2 * ratio * one.spread.xy + ratio**2 * one.spread.xx,
        )
        for one in by_run.values()
    ]


def _design(question: Question, clusters: list[Cluster]) -> Design:
    control, *treatments = question.weights
    effect, size = 1.0, None
    if clusters:
        sizes = [one.n for one in clusters]
        size = fmean(sizes)
        alike = intraclass_correlation(clusters) or 0.0
        effect = design_effect(size, alike, size_variation=pstdev(sizes) / size)
    return Design(
        alpha=question.alpha,
        power=question.power,
        ratio=min(treatments) / control,
        arms=len(question.weights),
        design_effect=effect,
        cluster_size=size,
        is_sequential=question.is_sequential,
    )


@dataclass(frozen=True)
class _Plan:
    """The calculator works with learners in the control; this, with units of the smallest variant.

    Of totals, both work with the units that are assigned. Otherwise, `coverage` is the share of
    units that have a value.
    """

    indicator: Indicator
    question: Question
    design: Design
    baseline: ShareBaseline | MeanBaseline | None
    coverage: float

    @property
    def smallest(self) -> float:
        """Units of the smallest variant per learner with a value in the control."""
        found = min(self.design.ratio, 1.0) / (self.design.cluster_size or 1.0)
        return found if self.indicator.is_total else found / self.coverage

    @property
    def effect(self) -> float | None:
        if self.question.effect is None:
            return None
        return self.question.effect * (1 if self.indicator.higher_is_better else -1)

    @property
    def needed(self) -> int | None:
        if self.baseline is None or not self.effect:
            return None
        found = planned_units(self.baseline, self.effect, self.design)
        return None if found is None else ceil(found * self.smallest - 1e-9)

    def power(self, available: int | None) -> float | None:
        if self.baseline is None or available is None or not self.effect:
            return None
        return achieved_power(self.baseline, self.effect, available / self.smallest, self.design)

    def detectable(self, available: int | None) -> float | None:
        """Return the smallest improvement, as a positive number."""
        if self.baseline is None or available is None:
            return None
        upwards = self.indicator.higher_is_better
        n = available / self.smallest
        found = detectable_effect(self.baseline, n, self.design, upwards=upwards)
        return None if found is None else abs(found)


def _weeks_until(needed: int | None, present: float, per_week: float) -> float | None:
    """Return the weeks until a variant has enough units; None if it never has."""
    if needed is None:
        return None
    missing = needed - present
    if missing <= 0:
        return 0.0
    return missing / per_week if per_week > 0 else None
