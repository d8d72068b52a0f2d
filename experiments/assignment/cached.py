"""Placements of learners from the cache; a start, a stop or an edit makes all of them outdated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial

from django.core.cache import cache
from django.db import transaction

from core import task_queue
from experiments import revision
from experiments.assignment.assign import Placement, assign
from experiments.assignment.running import running_experiments

# in seconds: a learner may enroll elsewhere, and so come into the audience of one more experiment
KEPT_FOR = 300
# ids of an experiment, a variant, a run and a course
Stored = list[tuple[int, int | None, int | None, int | None]]


def placements_of(
    learner_ids: Collection[int],
    *,
    now: datetime | None = None,
    since: Mapping[int, datetime] | None = None,
    is_fresh: bool = False,
) -> dict[int, list[Placement]]:
    """Return what `assign` returns, with one query if all learners are in the cache.

    Learners in no experiment are not cached: they may enroll at any moment. With `is_fresh`, ask
    the database in any case.
    """
    number = revision.current()
    with revision.known(number):
        if not running_experiments():
            return {}
        found = {} if is_fresh else _cached(number, learner_ids)
        missing = set(learner_ids) - found.keys()
        if missing:
            new = assign(missing, now=now, since=since)
            # assignments that are rolled back must not be answered from the cache
            transaction.on_commit(partial(_keep, number, new))
            found |= new
    return found


def _name(number: int, learner_id: int) -> str:
    return f"experiments-{number}-{learner_id}"


def _cached(number: int, learner_ids: Collection[int]) -> dict[int, list[Placement]]:
    names = {_name(number, one): one for one in learner_ids}
    try:
        stored: dict[str, Stored] = cache.get_many(names)
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("assignments come from the database", error)
        return {}
    by_pk = {one.pk: one for one in running_experiments()}
    return {
        names[name]: [Placement(by_pk[pk], *ids) for pk, *ids in placements]
        for name, placements in stored.items()
    }


def _keep(number: int, found: Mapping[int, list[Placement]]) -> None:
    stored = {
        _name(number, learner): [
            (one.experiment.pk, one.variant_id, one.run_id, one.course_id) for one in placed
        ]
        for learner, placed in found.items()
    }
    try:
        cache.set_many(stored, KEPT_FOR)
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("assignments are not cached", error)
