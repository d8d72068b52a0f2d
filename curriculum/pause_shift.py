"""Move due dates later by a learner's pauses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta


def shift_for_pauses(
    planned: datetime, pauses: Iterable[tuple[datetime, datetime | None]]
) -> datetime | None:
    """Move a due date by the pauses that began before it; None while one of them is open.

    A pause that begins after the date, as shifted so far, has no effect. Time that two pauses
    have in common counts once.
    """
    due, resumed = planned, None
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if begin >= due:
            break
        if end is None:
            return None
        counted_from = begin if resumed is None else max(begin, resumed)
        due += max(end - counted_from, timedelta(0))
        resumed = end if resumed is None else max(end, resumed)
    return due
