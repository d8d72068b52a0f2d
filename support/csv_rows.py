"""The learners to help as the rows of a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from support.models import Standing
from support.reasons import advice, reasons

COLUMNS = (
    "learner", "name", "email", "course", "run", "week", "chance", "points", "reasons",
    "next_step", "last_active_on", "overdue_days",
)  # fmt: skip


def csv_rows(standings: Iterable[Standing], *, is_chance: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows; `chance` is empty where the rules rank."""
    for one in standings:
        learner, run = one.enrollment.learner, one.enrollment.run
        yield {
            "learner": learner.key,
            "name": learner.name,
            "email": learner.email,
            "course": run.course.key,
            "run": run.key,
            "week": one.week + 1,
            "chance": one.score if is_chance else "",
            "points": one.points,
            "reasons": " ".join(reason.sentence for reason in reasons(one)),
            "next_step": advice(one),
            "last_active_on": one.last_active_on or "",
            "overdue_days": one.overdue_days,
        }
