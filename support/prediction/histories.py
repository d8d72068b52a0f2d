"""What is known about enrollments, as arrays: their activity, plans, results and pauses.

Nothing else about a learner is read: no name, no address, and no attribute that a law protects.
Days are ordinals. No Django here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# a day that has not come, such as the completion of a learner who has not completed
NEVER = date.max.toordinal()


@dataclass(frozen=True)
class Activity:
    """One row per enrollment and day with activity; `row` is the enrollment's place."""

    row: Ints
    day: Ints


@dataclass(frozen=True)
class PlanLines:
    """One row per required module of a plan, in the order of `row`; `due` leaves out pauses."""

    row: Ints
    due: Ints
    done: Ints
    module: Ints


@dataclass(frozen=True)
class Results:
    """One row per graded attempt; `day` is that of its present score, so of the last regrade."""

    row: Ints
    day: Ints
    score: Floats
    pass_mark: Floats
    assessment: Ints


@dataclass(frozen=True)
class Histories:
    """Days are ordinals in the reporting time zone. `pauses` are those of each row that has any.

    `due` is the day by which the course has to be complete as known today, NEVER during a pause;
    `run_ends` is the last day of the run, NEVER if it has none.
    """

    ids: Ints
    learners: Ints
    runs: Ints
    courses: Ints
    enrolled: Ints
    begins: Ints
    planned: Ints
    due: Ints
    withdrawn: Ints
    completed: Ints
    run_ends: Ints
    activity: Activity
    plan: PlanLines
    results: Results
    pauses: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)
