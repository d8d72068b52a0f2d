"""How far a learner is ahead of the plan or behind it, and what is due next. No Django here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class Step:
    """A module of an enrollment's plan; `due_at` is None while a pause is open."""

    title: str
    is_required: bool
    effort_minutes: int
    due_at: datetime | None
    reached_at: datetime | None = None
    done_at: datetime | None = None
    is_waived: bool = False

    @property
    def is_done(self) -> bool:
        return self.done_at is not None


@dataclass(frozen=True)
class Pace:
    """`days` ahead of the plan, or behind it if negative; `following` is the next step to do."""

    days: int
    following: Step
    due_on: date

    @property
    def days_behind(self) -> int:
        return -self.days


def pace(steps: Sequence[Step], now: datetime, day_of: Callable[[datetime], date]) -> Pace | None:
    """Compare the required steps with their due dates; None if nothing is left to do by a date.

    Behind: the days since the first unfinished step fell due. Ahead: the days until the last of
    the steps before the first unfinished one falls due, which are all done.
    """
    required = sorted(
        ((one.due_at, one) for one in steps if one.is_required and one.due_at),
        key=lambda dated: dated[0],
    )
    due_before = None
    for due_at, step in required:
        if step.is_done:
            due_before = due_at
            continue
        due_on = last_day(due_at, day_of)
        if due_at <= now:
            return Pace(min(-1, (due_on - day_of(now)).days), step, due_on)
        ahead = (last_day(due_before, day_of) - day_of(now)).days if due_before else 0
        return Pace(max(0, ahead), step, due_on)
    return None


def last_day(due_at: datetime, day_of: Callable[[datetime], date]) -> date:
    """Return the last day on which something is in time: midnight ends the day before it."""
    return day_of(due_at - timedelta(microseconds=1))


def done_effort(steps: Sequence[Step]) -> tuple[int, int]:
    """Return the minutes of the required steps that are done, and of all of them."""
    required = [one for one in steps if one.is_required]
    done = sum(one.effort_minutes for one in required if one.is_done)
    return done, sum(one.effort_minutes for one in required)
