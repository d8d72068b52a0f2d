"""One enrollment as the page of a learner's progress shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext, ngettext

from core import localized, reporting_clock
from kpis.definitions.periods import local_day
from kpis.statistics.shares_and_medians import share
from learners.progress.cohort import Comparison
from learners.progress.pace import Pace, Step, done_effort, last_day, pace


def day_of(moment: datetime) -> date:
    return local_day(moment, reporting_clock.reporting_zone())


@dataclass(frozen=True)
class Result:
    """The best score in one assessment, from 0 to 1, and how often it was tried."""

    title: str
    score: float
    is_passed: bool
    attempts: int
    graded_at: datetime


@dataclass(frozen=True)
class PlanRow:
    """A module as the page lists it."""

    step: Step

    @property
    def due_on(self) -> date | None:
        return last_day(self.step.due_at, day_of) if self.step.due_at else None

    @property
    def state(self) -> str:
        step = self.step
        if step.is_waived:
            return gettext("Waived")
        if step.done_at:
            return gettext("Done on %(day)s") % {"day": localized.long_day(day_of(step.done_at))}
        return gettext("Started") if step.reached_at else gettext("Not started")


@dataclass
class CourseProgress:
    """One enrollment as the page shows it, at the moment `now`."""

    enrollment: Any
    now: datetime
    steps: list[Step] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    comparisons: Sequence[Comparison] = ()

    @property
    def title(self) -> str:
        return str(self.enrollment.run.course)

    @property
    def run(self) -> str:
        """Name the run beside its course, which many titles of runs begin with."""
        run = self.enrollment.run
        return str(run.title.removeprefix(self.title).strip(" ,:") or run.key)

    @property
    def rows(self) -> list[PlanRow]:
        return [PlanRow(one) for one in self.steps]

    @property
    def is_running(self) -> bool:
        """Return whether the learner can be ahead or behind now."""
        one = self.enrollment
        has_ended = one.is_cancelled or one.withdrawn_at or one.completed_at
        return not has_ended and one.due_at is not None and one.started_at <= self.now

    @cached_property
    def pace(self) -> Pace | None:
        return pace(self.steps, self.now, day_of) if self.is_running else None

    @property
    def state(self) -> str:
        """One sentence: how the course is going, or why nothing is due."""
        return self._ended_in_words() or self._running_in_words()

    def _ended_in_words(self) -> str:
        """How the course ended; empty if it has not."""
        one = self.enrollment
        if one.is_cancelled:
            return gettext("You canceled this course. Nothing is due.")
        if one.completed_at:
            return _on(gettext("You finished this course on %(day)s."), one.completed_at)
        if one.withdrawn_at:
            text = gettext("You left this course on %(day)s. Nothing is due.")
            return _on(text, one.withdrawn_at)
        return ""

    def _running_in_words(self) -> str:
        if self.enrollment.due_at is None:
            return gettext("Your course is paused. Nothing is due until you go on.")
        if self.enrollment.started_at > self.now:
            return _on(gettext("Your course begins on %(day)s."), self.enrollment.started_at)
        if not self.steps:
            return gettext("This course has no plan, so nothing is due on a certain day.")
        return self._pace_in_words()

    def _pace_in_words(self) -> str:
        if self.pace is None:
            return gettext("You have done everything in the plan.")
        days = abs(self.pace.days)
        if self.pace.days < 0:
            text = ngettext(
                "You are %(days)s day behind the plan.", "You are %(days)s days behind the plan.",
                days,
            )  # fmt: skip
        elif days:
            text = ngettext(
                "You are %(days)s day ahead of the plan.",
                "You are %(days)s days ahead of the plan.",
                days,
            )
        else:
            return gettext("You are on schedule.")
        return text % {"days": localized.number(days)}

    @property
    def next_step(self) -> str:
        """What is due next, and when; empty if nothing is."""
        if self.pace is None:
            return ""
        texts = {"module": self.pace.following.title, "day": localized.long_day(self.pace.due_on)}
        if self.pace.days < 0:
            return gettext("Next: %(module)s, which was due on %(day)s.") % texts
        return gettext("Next: %(module)s, due on %(day)s.") % texts

    @property
    def done_modules(self) -> tuple[int, int]:
        """Numbers of required modules: those done, and all of them."""
        required = [one for one in self.steps if one.is_required]
        return sum(one.is_done for one in required), len(required)

    @property
    def modules_in_words(self) -> str:
        done, count = self.done_modules
        text = ngettext(
            "%(done)s of %(count)s required module done",
            "%(done)s of %(count)s required modules done",
            count,
        )
        return text % {"done": localized.number(done), "count": localized.number(count)}

    @property
    def done_share(self) -> float | None:
        """The share of the planned effort that is done; None without planned effort."""
        return share(*done_effort(self.steps))

    @property
    def mean_score(self) -> float | None:
        return share(sum(one.score for one in self.results), len(self.results))

    @property
    def watch_share(self) -> float | None:
        return share(self.enrollment.watched_of_known, self.enrollment.known_seconds)


def _on(text: str, moment: datetime) -> str:
    return text % {"day": localized.long_day(day_of(moment))}
