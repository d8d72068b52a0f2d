"""The experiments that run or ran, loaded once per revision into the memory of each process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import reporting_clock
from core.process_cache import ProcessCache
from curriculum.parameters import ParameterScope
from experiments import revision
from experiments.assignment.enrolled import EnrolledIn
from experiments.assignment.hashing import bounds, bucket, position
from experiments.models import Experiment, Variant, VariantValue
from kpis.definitions.periods import local_day

# a parameter's key, and a module (id) or None
Target = tuple[str, int | None]
# what takes the place of a variant: outside the part of the layer, or in the holdout
NO_VARIANT = 0
CACHE: ProcessCache[tuple[RunningExperiment, ...]] = ProcessCache(4)


@dataclass(frozen=True, kw_only=True)
class RunningExperiment:
    """What is needed to assign units and to look up their values; also of one that is over.

    Courses and runs are those of the locked plan: an audience must not grow to the whole site
    because its course is deleted.
    """

    pk: int
    key: str
    name: str
    is_by_run: bool
    seed: str
    layer_seed: str | None
    layer_part: tuple[float, float]
    holdout: float
    started_at: datetime
    stopped_at: datetime | None
    courses: frozenset[int]
    runs: frozenset[int]
    courses_of_runs: frozenset[int]
    only_new: bool
    track: str
    variants: tuple[tuple[int, str], ...]
    ends: tuple[float, ...]
    values: Mapping[int, Mapping[Target, Decimal]]

    @property
    def is_site_wide(self) -> bool:
        return not self.courses and not self.runs

    def variant_of(self, unit: str) -> int:
        """Return the variant (id) of a unit by its key; NO_VARIANT outside layer or in holdout."""
        if self.layer_seed is not None:
            first, last = self.layer_part
            if not first <= position(self.layer_seed, "layer", unit) < last:
                return NO_VARIANT
        if self.holdout and position(self.seed, self.key, "holdout", unit) < self.holdout:
            return NO_VARIANT
        return self.variants[bucket(position(self.seed, self.key, unit), self.ends)][0]

    def key_of(self, variant_id: int) -> str:
        return dict(self.variants)[variant_id]

    def includes(self, one: EnrolledIn) -> bool:
        """True if an enrollment makes its learner, or its run, part of the audience."""
        is_there = self.is_site_wide or one.course_id in self.courses or one.run_id in self.runs
        return is_there and (self._run_is_new(one) if self.is_by_run else self._fits(one))

    def _fits(self, one: EnrolledIn) -> bool:
        if self.only_new and (one.enrolled_at is None or one.enrolled_at < self.started_at):
            return False
        wanted = self.track == Experiment.Track.CERTIFICATE
        return self.track == Experiment.Track.ANY or one.is_certificate_track == wanted

    def _run_is_new(self, one: EnrolledIn) -> bool:
        day = local_day(self.started_at, reporting_clock.reporting_zone())
        return not self.only_new or one.run_starts_on is None or one.run_starts_on >= day

    def covers(self, scope: ParameterScope) -> bool:
        """True if a value of a variant may apply in a scope: in a course or run of the audience.

        Where only a course is asked for, the experiment of one of its runs may apply.
        """
        if self.is_site_wide or scope.course_id in self.courses:
            return True
        if scope.run_id is not None:
            return scope.run_id in self.runs
        return scope.course_id in self.courses_of_runs

    def runs_at(self, moment: datetime) -> bool:
        is_over = self.stopped_at is not None and self.stopped_at <= moment
        return self.started_at <= moment and not is_over

    @property
    def parameters(self) -> set[str]:
        """Return the keys of the parameters that its variants override."""
        return {key for values in self.values.values() for key, _ in values}

    def changes(self, key: str, module_id: int | None) -> bool:
        targets = ((key, None), (key, module_id))
        return any(one in values for values in self.values.values() for one in targets)

    def value(self, variant_id: int, key: str, module_id: int | None) -> Decimal | None:
        """Return a variant's value; None for the control, which has the ordinary ones."""
        own = self.values.get(variant_id, {})
        return own.get((key, module_id), own.get((key, None)))


def running_experiments() -> tuple[RunningExperiment, ...]:
    """Return the running experiments, the earliest first; one query while nothing changes."""
    return tuple(one for one in started_experiments() if one.stopped_at is None)


def started_experiments() -> tuple[RunningExperiment, ...]:
    """Return the experiments that run or are over; one query while nothing changes."""
    number = revision.current()
    found = CACHE.get(number)
    return CACHE.keep(number, _load()) if found is None else found


def _load() -> tuple[RunningExperiment, ...]:
    started = Experiment.objects.exclude(started_at=None)
    rows = list(started.select_related("layer").order_by("started_at", "pk"))
    variants: dict[int, list[Variant]] = defaultdict(list)
    for one in Variant.objects.filter(experiment__in=rows).order_by("experiment", "position"):
        variants[one.experiment_id].append(one)
    values: dict[int, dict[Target, Decimal]] = defaultdict(dict)
    for value in VariantValue.objects.filter(variant__experiment__in=rows).order_by():
        values[value.variant_id][value.parameter_key, value.module_id] = value.value
    courses_of = _courses_of_runs()
    return tuple(_running(row, variants[row.pk], values, courses_of) for row in rows)


def _courses_of_runs() -> dict[int, set[int]]:
    """Return the courses (ids) that contain runs of each experiment's audience."""
    found: dict[int, set[int]] = defaultdict(set)
    through = Experiment.runs.through.objects.exclude(experiment__started_at=None)
    for experiment, course in through.values_list("experiment_id", "courserun__course_id"):
        found[experiment].add(course)
    return found


def _running(
    row: Experiment,
    variants: list[Variant],
    values: Mapping[int, Mapping[Target, Decimal]],
    courses_of: Mapping[int, set[int]],
) -> RunningExperiment:
    plan: dict[str, Any] = row.plan or {}
    assert row.started_at is not None  # noqa: S101 - a constraint says so
    return RunningExperiment(
        pk=row.pk,
        key=row.key,
        name=row.name,
        is_by_run=row.unit == Experiment.Unit.RUN,
        seed=row.seed,
        layer_seed=row.layer.seed if row.layer else None,
        layer_part=(float(row.layer_from or 0), float(row.layer_to or 0)),
        holdout=float(row.holdout),
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        courses=frozenset(one["id"] for one in plan["courses"]),
        runs=frozenset(one["id"] for one in plan["runs"]),
        courses_of_runs=frozenset(courses_of.get(row.pk, ())),
        only_new=row.only_new,
        track=row.track,
        variants=tuple((one.pk, one.key) for one in variants),
        ends=tuple(bounds(float(one.weight) for one in variants)),
        values={one.pk: values.get(one.pk, {}) for one in variants},
    )
