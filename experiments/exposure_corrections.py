"""Correct exposures whose events are retracted or replaced, and keep those of purged events."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from core.changes import Changes
from experiments.exposures import EXPOSED, Exposed
from experiments.models import Exposure
from intake.models import Event


def undo(events: Sequence[Event], changes: Changes) -> list[Q]:
    """Delete the exposures of these events; returns which kept events record them again."""
    mine = _exposures_in(events)
    if not mine:
        return []
    rows_of(mine).delete()
    return [
        Q(
            kind=EXPOSED,
            learner__in={one.learner for one in mine},
            run_key__in={one.run_key for one in mine},
            data__experiment__in=sorted({one.data["experiment"] for one in mine}),
        )
    ]


def mark_purged(events: Sequence[Event]) -> None:
    """Mark the exposures of these events, which are about to be purged."""
    mine = _exposures_in(events)
    if mine:
        rows_of(mine).update(has_purged_event=True)


def beyond_horizon(events: Sequence[Event]) -> set[int]:
    """Return those of the events (ids) that led to an exposure to which a purged event led, too."""
    mine = _exposures_in(events)
    if not mine:
        return set()
    marked = rows_of(mine).filter(has_purged_event=True)
    units = {
        (experiment, learner or run)
        for experiment, learner, run in marked.values_list("experiment_id", "learner_id", "run_id")
    }
    exposed = Exposed(mine)
    return {one.pk for one in mine if _unit_of(one, exposed) in units}


def rows_of(events: Sequence[Event]) -> QuerySet[Exposure]:
    """Return the exposures of the units that events are about, to whatever variant."""
    exposed = Exposed(events)
    units = {_unit_of(one, exposed) for one in events}
    found = Exposure.objects.filter(
        Q(learner__in=exposed.learners.values()) | Q(run__in=exposed.runs.values()),
        experiment__in=[one.pk for one in exposed.experiments.values()],
    )
    ids = [
        pk
        for pk, experiment, learner, run in found.values_list(
            "pk", "experiment_id", "learner_id", "run_id"
        )
        if (experiment, learner or run) in units
    ]
    return Exposure.objects.filter(pk__in=ids)


def _unit_of(event: Event, exposed: Exposed) -> tuple[int, int | None] | None:
    experiment = exposed.experiments.get(event.data["experiment"])
    return (experiment.pk, exposed.unit(event, experiment)) if experiment else None


def _exposures_in(events: Sequence[Event]) -> list[Event]:
    return [one for one in events if one.kind == EXPOSED]
