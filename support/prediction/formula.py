"""The chance of not finishing as a formula: numbers that JSON can hold. No Django here.

A logistic regression on how an enrollment stands. The weight of each input changes in a straight
line over the course. A second one, fitted on learners that the first had not seen, corrects what
the first is too sure of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from support.prediction.features import NOTHING, WEEK, Standings
from support.prediction.histories import Floats, Ints

# Everything that a chance may depend on. None of it says who the learner is.
INPUTS = (
    "idle_days",
    "active_days",
    "active_days_of_week",
    "active_days_of_month",
    "never_active",
    "days_enrolled_before",
    "modules_done",
    "modules_overdue",
    "overdue_days",
    "mean_delay",
    "mean_score",
    "last_score",
    "course",
)
# a usual score, and as many results of it as are added before averaging: one result says little
USUAL_SCORE, USUAL_RESULTS = 0.7, 2
# inputs further from the mean than so many standard deviations count as if they were not
FARTHEST = 3.0
LATEST = 1.3


@dataclass(frozen=True)
class Formula:
    """`courses` are the log odds of not finishing of each course so far, by its id."""

    courses: Mapping[int, float]
    other_courses: float
    means: Floats
    scales: Floats
    weights: Floats
    calibration: Floats

    def chances(self, standings: Standings, courses: Ints) -> Floats:
        """Return the chance of each enrollment not to finish, from 0 to 1."""
        score = self.scores(standings, courses)
        return _chance(calibration_terms(score, standings.share_elapsed) @ self.calibration)

    def scores(self, standings: Standings, courses: Ints) -> Floats:
        """Return the log odds before they are calibrated."""
        inputs = inputs_of(standings, self.log_odds_of(courses))
        return terms(inputs, standings.share_elapsed, self.means, self.scales) @ self.weights

    def log_odds_of(self, courses: Ints) -> Floats:
        found = [self.courses.get(one, self.other_courses) for one in courses.tolist()]
        return np.array(found, float)

    def as_json(self) -> dict[str, Any]:
        lists = ("means", "scales", "weights", "calibration")
        return {
            "inputs": list(INPUTS),
            "courses": {str(one): odds for one, odds in self.courses.items()},
            "other_courses": self.other_courses,
            **{name: [float(one) for one in getattr(self, name)] for name in lists},
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Formula | None:
        """Return the formula; None for one of other inputs, which this version cannot compute."""
        if tuple(stored["inputs"]) != INPUTS:
            return None
        lists = ("means", "scales", "weights", "calibration")
        return cls(
            {int(one): odds for one, odds in stored["courses"].items()},
            stored["other_courses"],
            *(np.array(stored[name], float) for name in lists),
        )


def inputs_of(standings: Standings, course: Floats) -> Floats:
    """Return one row per enrollment with a column per input."""
    days = np.maximum(standings.days, 1)
    planned = np.maximum(standings.planned, 1)
    overdue = standings.due - standings.done_of_due
    usual = USUAL_SCORE * USUAL_RESULTS
    columns: Sequence[Any] = (
        np.log1p(standings.idle_days),
        np.sqrt(standings.active_days / days),
        np.sqrt(standings.active_days_of_week / WEEK),
        np.sqrt(standings.active_days_of_month / np.minimum(days, 4 * WEEK)),
        standings.last_active == NOTHING,
        np.log1p(standings.lead_days),
        standings.done / planned,
        overdue / planned,
        np.log1p(standings.overdue_days),
        standings.mean_delay / (4 * WEEK),
        (standings.mean_score * standings.results + usual) / (standings.results + USUAL_RESULTS),
        np.where(standings.results > 0, standings.last_score, USUAL_SCORE),
        course,
    )
    return np.stack(columns, axis=1).astype(float)


def terms(inputs: Floats, elapsed: Floats, means: Floats, scales: Floats) -> Floats:
    """Return each input, and each multiplied by the share of the course that has elapsed."""
    scaled = np.clip((inputs - means) / scales, -FARTHEST, FARTHEST)
    late = np.minimum(elapsed, LATEST)[:, None]
    return np.concatenate([_course_of_time(elapsed), scaled, scaled * late], axis=1)


def calibration_terms(score: Floats, elapsed: Floats) -> Floats:
    time = _course_of_time(elapsed)
    return np.concatenate([time, time * score[:, None]], axis=1)


def _course_of_time(elapsed: Floats) -> Floats:
    late = np.minimum(elapsed, LATEST)
    return np.stack([np.ones_like(late), late, late**2, np.exp(-12 * late)], axis=1)


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), float)
