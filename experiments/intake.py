"""Handle the event by which a platform reports an exposure; docs/events.md documents it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from experiments import exposure_corrections, exposures
from intake.event_batch import EventBatch
from intake.event_kinds import Data, EventSubject, handles, undoes_events
from intake.facts.rebuildable import finds_beyond_horizon, marks_purged

undoes_events(exposure_corrections.undo)
marks_purged(exposure_corrections.mark_purged, [exposures.EXPOSED])
finds_beyond_horizon(exposure_corrections.beyond_horizon)


class ExposureData(Data):
    """The key of the experiment, and of the variant if it is not the assigned one."""

    experiment: Annotated[str, Field(min_length=1, max_length=100, examples=["longer-deadlines"])]
    variant: Annotated[str, Field(min_length=1, max_length=50)] | None = None


@handles(
    exposures.EXPOSED,
    about=EventSubject.CUSTOMER,
    data=ExposureData,
    find_problems=exposures.problems,
)
def experiment_exposed(batch: EventBatch) -> None:
    """The learner met the variant for the first time, or again. The earliest exposure counts."""
    exposures.add(batch.events)
