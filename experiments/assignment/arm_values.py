"""Fill the curriculum's slot: which learners get another value than the ordinary one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from curriculum.parameters import ARM_VALUES, ParameterScope, Question
from experiments import revision
from experiments.assignment.assign import Placement
from experiments.assignment.cached import placements_of
from experiments.assignment.running import RunningExperiment, running_experiments


def register() -> None:
    ARM_VALUES.register("experiments", arm_values)


def arm_values(questions: Collection[Question]) -> Mapping[Question, Decimal]:
    """Return the values of the learners' variants, where they differ from the ordinary ones.

    Learners without a variant are assigned, as of the moment asked about. Nobody is exposed by it.
    """
    with revision.known(revision.current()):
        running = running_experiments()
        concerned = [(one, _concerned(running, one)) for one in questions if running]
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
    running: Collection[RunningExperiment], question: Question
) -> list[RunningExperiment]:
    return [
        one
        for one in running
        if one.changes(question.key, question.scope.module_id)
        and one.covers(question.scope)
        and question.at >= one.started_at
    ]


def _placements(
    asked: Mapping[Question, list[RunningExperiment]],
) -> dict[int, list[Placement]]:
    """Return the placements; ask the database for learners who are in none of what is asked."""
    since: dict[int, datetime] = {}
    for one in asked:
        learner = one.learner_id or 0
        since[learner] = min(one.at, since.get(learner, one.at))
    now = timezone.now()
    found = placements_of(list(since), now=now, since=since)
    missing = {
        one.learner_id or 0
        for one, experiments in asked.items()
        if not _are_placed(experiments, found.get(one.learner_id or 0, ()))
    }
    missing &= found.keys()  # the others were just looked up
    if missing:
        found |= placements_of(missing, now=now, since=since, is_fresh=True)
    return found


def _are_placed(experiments: Collection[RunningExperiment], placed: Collection[Placement]) -> bool:
    return {one.pk for one in experiments} <= {one.experiment.pk for one in placed}


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
