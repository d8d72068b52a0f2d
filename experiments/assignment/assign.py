"""Assign learners and runs to variants, many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from core.database import bulk_upsert
from core.database.id_lists import ids_in
from core.database.locks import queue_to_write
from curriculum.models import CourseRun
from experiments.assignment.enrolled import EnrolledIn, enrollments_of
from experiments.assignment.running import NO_VARIANT, RunningExperiment, running_experiments
from experiments.models import Assignment, ForcedVariant

# learners of one set of queries: SQLite allows some 30,000 parameters in a statement
AT_ONCE = 10_000
# ids of an experiment, and of a learner or a run
Unit = tuple[int, int]


@dataclass(frozen=True)
class Placement:
    """The variant of a learner in an experiment; None in the holdout or outside of the layer.

    `run_id` and `course_id` are those of the run that was assigned, if runs are the units.
    """

    experiment: RunningExperiment
    variant_id: int | None
    run_id: int | None = None
    course_id: int | None = None

    @property
    def variant(self) -> str | None:
        """Return the key of the variant."""
        return None if self.variant_id is None else self.experiment.key_of(self.variant_id)


def assign(
    learner_ids: Collection[int],
    *,
    now: datetime | None = None,
    since: Mapping[int, datetime] | None = None,
) -> dict[int, list[Placement]]:
    """Return the placements of learners in the running experiments, by learner (id).

    Units without a variant are assigned now, or at the earlier moment that `since` has for the
    learner, such as that of the sign-up. A stored assignment stays, whatever the weights are by
    then. Learners who are in no audience are left out. Six queries for 10,000 learners at most.
    """
    running = running_experiments()
    ids = sorted(set(learner_ids))
    found: dict[int, list[Placement]] = {}
    for begin in range(0, len(ids) if running else 0, AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        found |= _assign(running, some, now=now or timezone.now(), since=since or {})
    return found


def stored_placements(
    experiments: Collection[RunningExperiment], learner_ids: Collection[int]
) -> dict[int, list[Placement]]:
    """Return the placements of learners in experiments that may be over; nobody is assigned."""
    is_by_run = any(one.is_by_run for one in experiments)
    enrolled = enrollments_of(learner_ids, with_dates=False) if is_by_run else []
    known = _known(experiments, learner_ids, {one.run_id for one in enrolled})
    return _placements(experiments, enrolled, *known)


def _assign(
    running: tuple[RunningExperiment, ...],
    learner_ids: list[int],
    *,
    now: datetime,
    since: Mapping[int, datetime],
) -> dict[int, list[Placement]]:
    enrolled = enrollments_of(learner_ids, with_dates=any(one.only_new for one in running))
    of_learners, of_runs = _known(running, learner_ids, {one.run_id for one in enrolled})
    wanted = [*_wanted(running, enrolled)]
    new_learners: dict[Unit, tuple[int, datetime]] = {}
    new_runs: dict[Unit, tuple[int, datetime]] = {}
    for experiment, one in wanted:
        unit = (experiment.pk, one.run_id if experiment.is_by_run else one.learner_id)
        known, new = (of_runs, new_runs) if experiment.is_by_run else (of_learners, new_learners)
        if unit in known:
            continue
        known[unit] = experiment.variant_of(
            one.key_of_run if experiment.is_by_run else one.learner_key
        )
        if known[unit] != NO_VARIANT:
            at = max(since.get(one.learner_id, now), experiment.started_at)
            new[unit] = (known[unit], min(at, now))
    if new_learners or new_runs:
        with queue_to_write(), transaction.atomic():
            of_learners |= _store("learner_id", new_learners)
            of_runs |= _store("run_id", new_runs)
    return _placements(running, enrolled, of_learners, of_runs)


def _wanted(
    running: Iterable[RunningExperiment], enrolled: Collection[EnrolledIn]
) -> Iterator[tuple[RunningExperiment, EnrolledIn]]:
    for experiment in running:
        for one in enrolled:
            if experiment.includes(one):
                yield experiment, one


def _known(
    running: Iterable[RunningExperiment], learner_ids: Collection[int], run_ids: Collection[int]
) -> tuple[dict[Unit, int], dict[Unit, int]]:
    """Return the variants of units that have one, those by chance first, then forced ones."""
    by_run = [one.pk for one in running if one.is_by_run]
    by_learner = [one.pk for one in running if not one.is_by_run]
    of_learners: dict[Unit, int] = {}
    of_runs: dict[Unit, int] = {}
    for model in (Assignment, ForcedVariant):
        rows = model.objects.order_by()
        if by_learner:
            found = rows.filter(experiment__in=by_learner, learner__in=ids_in(learner_ids))
            of_learners |= _by_unit(found.values_list("experiment_id", "learner_id", "variant_id"))
        if by_run and run_ids:
            found = rows.filter(experiment__in=by_run, run__in=ids_in(run_ids))
            of_runs |= _by_unit(found.values_list("experiment_id", "run_id", "variant_id"))
    return of_learners, of_runs


def _by_unit(rows: Iterable[tuple[int, int | None, int]]) -> dict[Unit, int]:
    return {(experiment, unit or 0): variant for experiment, unit, variant in rows}


def _store(column: str, new: Mapping[Unit, tuple[int, datetime]]) -> dict[Unit, int]:
    """Store assignments; returns those that another process has stored meanwhile."""
    rows = [
        (experiment, unit, variant, at) for (experiment, unit), (variant, at) in sorted(new.items())
    ]
    stored = bulk_upsert.upsert(
        Assignment,
        ("experiment_id", column, "variant_id", "assigned_at"),
        rows,
        conflict=f"experiment_id, {column}",
        returning=("experiment_id", column),
    )
    missing = new.keys() - {(experiment, unit) for experiment, unit in stored}
    if not missing:
        return {}
    rows_of_others = Assignment.objects.filter(
        experiment__in={experiment for experiment, _ in missing},
        **{f"{column}__in": ids_in(unit for _, unit in missing)},
    )
    return _by_unit(rows_of_others.values_list("experiment_id", column, "variant_id"))


def _placements(
    running: Collection[RunningExperiment],
    enrolled: Collection[EnrolledIn],
    of_learners: Mapping[Unit, int],
    of_runs: Mapping[Unit, int],
) -> dict[int, list[Placement]]:
    by_pk = {one.pk: one for one in running}
    found: dict[int, list[Placement]] = defaultdict(list)
    for (pk, learner), variant in of_learners.items():
        found[learner].append(Placement(by_pk[pk], variant or None))
    for experiment in running if of_runs else ():
        for one in enrolled:
            unit = (experiment.pk, one.run_id)
            if experiment.is_by_run and unit in of_runs:
                placed = Placement(experiment, of_runs[unit] or None, one.run_id, one.course_id)
                found[one.learner_id].append(placed)
    return dict(found)


def assign_runs(run_ids: Collection[int], *, now: datetime | None = None) -> dict[Unit, int]:
    """Assign runs before anybody is enrolled in them; variants (id) by experiment and run (ids).

    Runs outside of the audiences, in a holdout or outside of a layer are left out.
    """
    now = now or timezone.now()
    running = [one for one in running_experiments() if one.is_by_run]
    rows = CourseRun.objects.filter(pk__in=run_ids).select_related("course").order_by("pk")
    _, known = _known(running, (), run_ids) if running else ({}, {})
    new: dict[Unit, tuple[int, datetime]] = {}
    for run in rows if running else ():
        # the run as if somebody enrolled in it now
        as_enrolled = EnrolledIn(
            0, "", run.pk, run.key, run.starts_on, run.course_id, run.course.key, False, now
        )
        for experiment in running:
            unit = (experiment.pk, run.pk)
            if unit not in known and experiment.includes(as_enrolled):
                variant = experiment.variant_of(as_enrolled.key_of_run)
                if variant != NO_VARIANT:
                    new[unit] = (variant, now)
    with queue_to_write(), transaction.atomic():
        stored = _store("run_id", new) if new else {}
    return known | {unit: variant for unit, (variant, _) in new.items()} | stored
