"""A learner's way through a run: what falls due when, and on which days it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from curriculum.models import CourseRun, Learner, Module

ENROLLED = ("learner", "course", "run")


@dataclass
class Line:
    """One module of the plan; `due` is None while a pause is open."""

    module: Module
    place: int
    due: date | None
    is_late: bool = False
    begun: date | None = None
    done: date | None = None


@dataclass(frozen=True)
class Pause:
    begin: date
    end: date | None


@dataclass
class Act:
    """One thing that the learner does; those of one day happen in the order of `place`."""

    day: date
    place: float
    kind: str
    line: Line | None = None
    object: str | None = None
    value: float | None = None
    data: dict[str, Any] | None = None
    # what it names of the journey's learner, course and run
    names: tuple[str, ...] = ENROLLED


@dataclass
class Journey:
    learner: Learner
    run: CourseRun
    enrolled_at: datetime
    start: date
    due: date | None
    lines: list[Line]
    ability: float
    pace: float
    pause: Pause | None = None
    stops_after: int | None = None
    left: date | None = None
    is_cancelled: bool = False
    acts: list[Act] = field(default_factory=list)
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
        """The day on which the last module is done; None when that never comes."""
        return self.lines[-1].done if all(line.done for line in self.lines) else None

    def will_do(self, line: Line) -> bool:
        return self.stops_after is None or line.place < self.stops_after
