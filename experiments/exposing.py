"""Report exposures as events, as a learning platform would: there is one way in for facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from curriculum.models import CourseRun, Learner
from curriculum.parameters import ParameterScope
from experiments.assignment.assign import Placement
from experiments.assignment.cached import placements_of
from experiments.exposures import EXPOSED
from experiments.models import Exposure
from intake.events.batch import EventOutcome
from intake.events.senders import Sender
from intake.receiving.receive import receive

# the product itself, when it has handed out values
OURSELVES = Sender("experiments")  # not translated: ids of events are unique per sender


@dataclass(frozen=True, kw_only=True)
class Exposed:
    """A learner, or a run of a course, met a variant; without one, the unit's own."""

    experiment: str
    learner: str = ""
    course: str = ""
    run: str = ""
    variant: str | None = None
    at: datetime | None = None
    # without an id, the same exposure at the same moment is the same event
    id: str = ""

    def event(self, now: datetime) -> dict[str, Any]:
        at = (self.at or now).isoformat()
        unit = self.learner or f"{self.course}/{self.run}"
        named = {"learner": self.learner, "course": self.course, "run": self.run}
        data = {"experiment": self.experiment, "variant": self.variant}
        return {
            "id": self.id or f"{self.experiment} {self.variant or ''} {unit} {at}"[:200],
            "kind": EXPOSED,
            "occurred_at": at,
            "data": {name: value for name, value in data.items() if value is not None},
            **{name: value for name, value in named.items() if value},
        }


def report(
    exposed: Iterable[Exposed], sender: Sender, *, now: datetime | None = None
) -> list[EventOutcome]:
    """Record exposures; returns what became of each, in their order.

    One that is wrong is rejected with a sentence, and keeps no other from being recorded.
    """
    now = now or timezone.now()
    return receive([one.event(now) for one in exposed], sender, now=now)


def expose(learner_id: int, scope: ParameterScope, now: datetime) -> None:
    """Record that a learner sees the values of a place now, the first time only.

    Learners in the control of an experiment that changes something there are exposed, too.
    """
    placed = placements_of([learner_id], now=now).get(learner_id, [])
    shown = [one for one in placed if one.variant_id is not None and _is_shown(one, scope)]
    known = _known(learner_id, shown) if shown else set()
    new = [one for one in shown if (one.experiment.pk, one.variant_id, one.run_id) not in known]
    if new:
        report(_exposed(new, Learner.objects.get(pk=learner_id).key), OURSELVES, now=now)


def _is_shown(one: Placement, scope: ParameterScope) -> bool:
    is_here = one.run_id is None or scope.run_id in (None, one.run_id)
    return is_here and one.experiment.covers(scope)


def _known(learner_id: int, shown: Collection[Placement]) -> set[tuple[int, int, int | None]]:
    """Return the experiments, variants and runs (ids) to which the units were exposed before."""
    runs = [one.run_id for one in shown if one.run_id is not None]
    rows = Exposure.objects.filter(
        Q(learner=learner_id) | Q(run__in=runs),
        experiment__in={one.experiment.pk for one in shown},
    )
    return set(rows.values_list("experiment_id", "variant_id", "run_id"))


def _exposed(placed: Collection[Placement], learner: str) -> list[Exposed]:
    ids = {one.run_id for one in placed if one.run_id is not None}
    runs = CourseRun.objects.select_related("course").in_bulk(list(ids))
    found = []
    for one in placed:
        run = runs.get(one.run_id or 0)
        found.append(
            Exposed(
                experiment=one.experiment.key,
                variant=one.variant,
                course=run.course.key if run else "",
                run=run.key if run else "",
                learner="" if run else learner,
            )
        )
    return found
