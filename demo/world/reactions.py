"""How learners react to the variant of an experiment that they are in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from demo.world.calendar import Calendar
from demo.world.experiment_plans import BY_KEY, CONTROL, ExperimentPlan
from demo.world.journeys import Journey


@dataclass
class Reaction:
    """The reaction to one experiment, up to its end.

    It only concerns learners who enroll in a course of the audience while the experiment runs.
    """

    key: str
    calendar: Calendar

    @cached_property
    def plan(self) -> ExperimentPlan:
        return BY_KEY[self.key]

    def variant(self, journey: Journey, day: date) -> str | None:
        """Return the variant of the learner on a day; None for whoever is in none."""
        if not journey.counts or journey.run.course.key not in self.plan.courses:
            return None
        started, ends = self.plan.started_at(self.calendar), self.plan.ends_on(self.calendar)
        if journey.enrolled_at < started or day >= ends:
            return None
        return self.plan.variant_of(journey.learner.key)

    def is_treated(self, journey: Journey, day: date) -> bool:
        """True if the learner has another variant than the control."""
        return self.variant(journey, day) not in (None, CONTROL)

    def shift(self, journey: Journey, day: date) -> float:
        """Return half of the reaction, negative in the control, so that the course's mean stays."""
        variant = self.variant(journey, day)
        if variant is None:
            return 0.0
        return self.plan.reaction / 2 * (-1 if variant == CONTROL else 1)
