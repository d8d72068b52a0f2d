"""Run an analysis: from the fact rows to the stored result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.database.locks import queue_to_write
from experiments.analysis import units
from experiments.analysis.comparing import Compared, compare_all
from experiments.analysis.sums import scope_of, sums_of
from experiments.analysis.units import Counts
from experiments.analysis.verdict import Findings, Verdict, is_before_its_time, its_time, verdict_of
from experiments.models import Analysis, AnalysisResult, Experiment, Metric
from experiments.statistics import sample_ratio
from kpis.aggregation.unit_sums import UnitSums
from kpis.definitions.registry import REGISTRY

# KPIs that are summed at the same time
AT_ONCE = 2
# from so many units, most of each table is read, and looking up single rows would be slower
LARGE = 20_000
FOR_LARGE = (
    "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off; SET LOCAL enable_nestloop = off; "
    # two queries use two cores; workers of their own would build the same hash tables once more
    "SET LOCAL max_parallel_workers_per_gather = 0"
)
SumsByVariant = dict[int, UnitSums]


def analyze(
    experiment: Experiment,
    *,
    now: datetime | None = None,
    through: datetime | None = None,
    night: date | None = None,
) -> Analysis:
    """Compare the variants with all facts so far, and store the result.

    `through` leaves out later facts and exposures, and so does the planned end of a fixed horizon:
    who looks again with more facts would find effects that do not exist. `night` says that this is
    the analysis of that night, of which there is one. What is stored follows from the facts, the
    exposures and the assignments alone, in whatever order they came. ValidationError for an
    experiment that has not started.
    """
    if experiment.started_at is None:
        raise ValidationError(gettext("The experiment has not started yet."))
    now = now or timezone.now()
    ends = (now, through, experiment.stopped_at, its_time(experiment))
    last = min(one for one in ends if one is not None)
    with queue_to_write(), transaction.atomic():
        units.mark_left_out(experiment)
    counts = units.count(experiment, last)
    metrics = [one for one in experiment.metrics.order_by("position", "pk") if one.kpi in REGISTRY]
    sums = _all_sums(experiment, metrics, counts, last)
    variants = list(experiment.variants.order_by("position"))
    is_early = is_before_its_time(experiment, counts, last)
    compared = compare_all(experiment, metrics, variants, sums, is_early=is_early)
    p = _sample_ratio_p(counts)
    verdict = verdict_of(Findings(experiment, counts, p, compared, last))
    with queue_to_write(), transaction.atomic():
        return _store(experiment, counts, p, compared, verdict, now=now, through=last, night=night)


def _all_sums(
    experiment: Experiment, metrics: Sequence[Metric], counts: Counts, through: datetime
) -> dict[str, SumsByVariant]:
    """Return the sums by KPI and variant (id), of two KPIs at a time."""
    if counts.first_exposure is None:
        return {one.kpi: {} for one in metrics}
    scope = scope_of(experiment)
    tasks = {
        one.kpi: partial(
            sums_of,
            experiment,
            REGISTRY[one.kpi],
            scope,
            through=through,
            first_exposure=counts.first_exposure,
        )
        for one in metrics
    }
    # another connection would not see what this transaction has written
    if connection.in_atomic_block:
        return {kpi: task() for kpi, task in tasks.items()}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        run = partial(_in_thread, is_large=sum(counts.exposed.values()) >= LARGE)
        return dict(zip(tasks, threads.map(run, tasks.values()), strict=True))


def _in_thread(task: Callable[[], SumsByVariant], *, is_large: bool) -> SumsByVariant:
    try:
        if not is_large or connection.vendor != "postgresql":
            return task()
        # the settings end with the transaction: the connection goes back to its pool
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FOR_LARGE)
            return task()
    finally:
        connection.close()


def _sample_ratio_p(counts: Counts) -> float | None:
    """Return the p-value of the numbers of units, given the weights; None without units."""
    numbers = list(counts.exposed.values())
    if not sum(numbers):
        return None
    return sample_ratio(numbers, [counts.expected[key] for key in counts.exposed])


def _store(
    experiment: Experiment,
    counts: Counts,
    p: float | None,
    compared: Sequence[Compared],
    verdict: Verdict,
    *,
    now: datetime,
    through: datetime,
    night: date | None,
) -> Analysis:
    if night is not None:
        # the same night again, with what has come since
        Analysis.objects.filter(experiment=experiment, night=night).delete()
    stored = Analysis.objects.create(
        experiment=experiment,
        computed_at=now,
        through=through,
        night=night,
        method=experiment.method,
        assigned=counts.assigned,
        exposed=counts.exposed,
        learners=counts.learners,
        expected=counts.expected,
        set_aside=counts.left_out.get("two-variants", 0),
        forced=counts.left_out.get("forced", 0),
        uncounted=counts.left_out.get("uncounted", 0),
        sample_ratio_p=p,
        verdict=verdict.verdict,
        variant=verdict.variant,
        why=verdict.why,
    )
    AnalysisResult.objects.bulk_create(_result(stored, one) for one in compared)
    return stored


def _result(analysis: Analysis, one: Compared) -> AnalysisResult:
    found = one.comparison
    row = AnalysisResult(
        analysis=analysis,
        kpi=one.metric.kpi,
        role=one.metric.role,
        variant=one.variant,
        kind=one.kind,
        n=one.sums.n,
        without_rows=one.sums.without_rows,
        sums=_sums(one.sums),
        value=one.value,
        margin=one.metric.margin,
        adjusted_p=one.adjusted_p,
        outcome=one.outcome,
    )
    if found is not None:
        row.effect, row.low, row.high, row.p = found.effect, found.low, found.high, found.p
        row.relative_effect = found.relative_effect
        row.relative_low, row.relative_high = found.relative_low, found.relative_high
        row.method, row.standard_error = found.method, found.standard_error
        row.degrees_of_freedom, row.reduction = found.degrees_of_freedom, found.reduction
    return row


def _sums(sums: UnitSums) -> dict[str, float]:
    """Return the raw sums by name: Σy as y, Σy² as yy, Σyx₀ as yx0 and so on."""
    spread, before = sums.spread, sums.before
    after = {"y": sums.total, "x": sums.weight, "yy": spread.yy, "xx": spread.xx, "xy": spread.xy}
    if before is None:
        return after
    names = ("y0y0", "x0x0", "x0y0", "yy0", "yx0", "xy0", "xx0")
    products = {name: getattr(before, name) for name in names}
    return {**after, "y0": before.total, "x0": before.weight, **products}
