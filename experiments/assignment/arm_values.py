"""Fill the curriculum's slot: which learners get another value than the ordinary one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from curriculum.parameters import ARMS, Arms, ParameterScope, Question
from experiments import revision
from experiments.assignment.assign import Placement, stored_placements
from experiments.assignment.cached import placements_of
from experiments.assignment.running import RunningExperiment, started_experiments


def register() -> None:
    ARMS.register("experiments", Arms(keys=overridden, values=arm_values))


def overridden() -> set[str]:
    """Return the keys of the parameters that a variant of any experiment overrides or did."""
    return {key for one in started_experiments() for key in one.parameters}


def arm_values(questions: Collection[Question]) -> Mapping[Question, Decimal]:
    """Return the values of the learners' variants, where they differ from the ordinary ones.

    Learners without a variant are assigned, as of the moment asked about. Nobody is exposed by it.
    About the time of an experiment that is over, the variant that the learner had then answers.
    """
    with revision.known(revision.current()):
        started = started_experiments()
        concerned = [(one, _concerned(started, one)) for one in questions if started]
        asked = {one: experiments for one, experiments in concerned if experiments}
        if not asked:
            return {}
        placed = _placements(asked)
    values = {}
    for one, experiments in asked.items():
        value = _value(one, experiments, placed.get(one.learner_id or 0, ()))
        if value is not None:
            values[one] = value
    return values


def _concerned(
    started: Collection[RunningExperiment], question: Question
) -> list[RunningExperiment]:
    return [
        one
        for one in started
        if one.runs_at(question.at)
        and one.changes(question.key, question.scope.module_id)
        and one.covers(question.scope)
    ]


def _placements(
    asked: Mapping[Question, list[RunningExperiment]],
) -> dict[int, list[Placement]]:
    """Return the placements of the learners, by learner (id)."""
    found: dict[int, list[Placement]] = defaultdict(list)
    for placed in (_placements_now(asked), _placements_then(asked)):
        for learner, some in placed.items():
            found[learner] += some
    return found


def _placements_now(
    asked: Mapping[Question, list[RunningExperiment]],
) -> dict[int, list[Placement]]:
    """Return the placements; ask the database for learners who are in none of what is asked."""
    since: dict[int, datetime] = {}
    wanted: dict[int, set[int]] = defaultdict(set)
    for one, experiments in asked.items():
        if running := {running.pk for running in experiments if running.stopped_at is None}:
            learner = one.learner_id or 0
            since[learner] = min(one.at, since.get(learner, one.at))
            wanted[learner] |= running
    now = timezone.now()
    found = placements_of(list(since), now=now, since=since) if since else {}
    # the others were just looked up
    missing = {
        learner
        for learner, placed in found.items()
        if not wanted[learner] <= {one.experiment.pk for one in placed}
    }
    if missing:
        found |= placements_of(missing, now=now, since=since, is_fresh=True)
    return found


def _placements_then(
    asked: Mapping[Question, list[RunningExperiment]],
) -> dict[int, list[Placement]]:
    """Return the stored placements in experiments that are over."""
    over = {one.pk: one for some in asked.values() for one in some if one.stopped_at is not None}
    learners = {
        one.learner_id or 0
        for one, some in asked.items()
        if any(experiment.pk in over for experiment in some)
    }
    return stored_placements(list(over.values()), sorted(learners)) if over else {}


def _value(
    question: Question, experiments: Collection[RunningExperiment], placed: Sequence[Placement]
) -> Decimal | None:
    wanted, scope = {one.pk for one in experiments}, question.scope
    # of several runs of a learner in the course, the last
    for one in reversed(placed):
        if one.experiment.pk not in wanted or one.variant_id is None or not _is_in(one, scope):
            continue
        value = one.experiment.value(one.variant_id, question.key, scope.module_id)
        if value is not None:
            return value
    return None


def _is_in(placement: Placement, scope: ParameterScope) -> bool:
    """True unless runs are assigned, and the run is another one than is asked about."""
    if placement.run_id is None:
        return True
    if scope.run_id is not None:
        return placement.run_id == scope.run_id
    return scope.course_id in (None, placement.course_id)
