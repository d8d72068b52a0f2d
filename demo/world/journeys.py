"""A learner's journey through a course run: due days, completion days and activities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from curriculum.models import CourseRun, Learner, Module

ENROLLMENT_FIELDS = ("learner", "course", "run")


@dataclass
class Step:
    """One planned module; `due` is None while a pause is open."""

    module: Module
    position: int
    due: date | None
    is_late: bool = False
    begun: date | None = None
    done: date | None = None


@dataclass(frozen=True)
class Pause:
    begin: date
    end: date | None


@dataclass
class Activity:
    """One activity of the learner; `order` sorts the activities of one day."""

    day: date
    order: float
    kind: str
    step: Step | None = None
    object: str | None = None
    value: float | None = None
    data: dict[str, Any] | None = None
    # which of learner, course and run its event names
    names: tuple[str, ...] = ENROLLMENT_FIELDS


@dataclass
class Journey:
    learner: Learner
    run: CourseRun
    enrolled_at: datetime
    start: date
    cutoff_days: int
    due: date | None
    steps: list[Step]
    ability: float
    pace: float
    pause: Pause | None = None
    stops_after: int | None = None
    left: date | None = None
    is_cancelled: bool = False
    activities: list[Activity] = field(default_factory=list)
    track: str = "certificate"
    code: str | None = None

    @property
    def counts(self) -> bool:
        return not self.is_cancelled and self.learner.kind == Learner.Kind.LEARNER

    @property
    def finishes(self) -> bool:
        return self.stops_after is None

    @property
    def done(self) -> date | None:
        """The day on which the last module is completed; None if that never happens."""
        return self.steps[-1].done if all(step.done for step in self.steps) else None

    def will_do(self, step: Step) -> bool:
        return self.stops_after is None or step.position < self.stops_after
