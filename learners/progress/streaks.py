"""Weeks of activity in a row. No Django here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Streak:
    """Numbers of active weeks in a row: up to now, the most ever, and whether this one counts."""

    current: int
    longest: int
    is_active_this_week: bool


def streak(mondays: Collection[date], today: date) -> Streak:
    """Count the active weeks in a row; the running week does not end a streak before it is over."""
    active = set(mondays)
    this_week = today - timedelta(days=today.weekday())
    latest = this_week if this_week in active else this_week - WEEK
    runs = {monday: _length(monday, active) for monday in active if monday + WEEK not in active}
    return Streak(
        current=_length(latest, active),
        longest=max(runs.values(), default=0),
        is_active_this_week=this_week in active,
    )


def _length(last: date, active: Collection[date]) -> int:
    """Count the active weeks in a row that end with this one."""
    count = 0
    while last in active:
        count, last = count + 1, last - WEEK
    return count
