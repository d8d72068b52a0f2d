"""A course of two modules, the learners in it, and the sums of its KPIs.

The course takes 28 days, so enrollments from 5 January fall due 42 days later, on 16 February; its
modules of 60 minutes fall due on 12 and 19 January.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any

from accounts.tests.people import course, run_of
from core import reporting_clock
from curriculum.models import Course, Learner
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import SITE, Scope
from kpis.statistics.intervals import Sums

LMS = Sender("lms", creates_unknown=True)
START = "2026-01-05T00:00:00Z"
numbers = count(1)


def school(key: str = "py") -> Course:
    made = course(key, modules=2)
    run_of(made)
    return made


def enrolled(*names: str, at: str = START, **more: Any) -> None:
    for name in names:
        did(name, "enrollment.started", at, **more)


def did(who: str, kind: str, at: str, **more: Any) -> None:
    """Send one event of a learner in course py; a day without a time means noon."""
    occurred_at = at if "T" in at else f"{at}T12:00:00Z"
    event = {"id": str(next(numbers)), "kind": kind, "occurred_at": occurred_at, "learner": who}
    (outcome,) = receive([{"course": "py", **event, **more}], LMS)
    assert outcome.status == "accepted", outcome


def finished(who: str, *modules: str, at: str) -> None:
    for module in modules:
        did(who, "module.completed", at, module=module)


def graded(who: str, value: float, at: str, *, attempt: int = 1, **more: Any) -> None:
    data = {"attempt": attempt, **more.pop("data", {})}
    fields = {"object": "exam", "module": "m1", **more}
    did(who, "assessment.graded", at, value=value, data=data, **fields)


def is_of_kind(who: str, kind: str) -> None:
    Learner.objects.filter(key=who).update(kind=kind)


def period(day: str, kind: str = "month") -> Period:
    return containing(date.fromisoformat(day), kind, reporting_clock.reporting_zone())


def sums(
    slug: str, day: str, kind: str = "month", *, scope: Scope | None = None
) -> tuple[float, float]:
    """Total and weight of an engagement KPI in the period that contains the day."""
    found = _sums_by(slug, day, kind, (), scope or SITE)[()]
    return found.total, found.weight


def by_module(slug: str, day: str, kind: str = "month") -> dict[str, tuple[float, float]]:
    grouped = _sums_by(slug, day, kind, ("module",), SITE)
    keys = dict(Course.objects.values_list("modules", "modules__key"))
    return {keys[pk]: (one.total, one.weight) for (pk,), one in grouped.items() if pk}


def _sums_by(
    slug: str, day: str, kind: str, by: Sequence[str], scope: Scope
) -> dict[tuple[Any, ...], Sums]:
    return sums_by(REGISTRY[f"engagement.{slug}"], period(day, kind), by, scope)


def rows_of(table: Any, *columns: str) -> list[Sequence[Any]]:
    return [tuple(row[column] for column in columns) for row in table.rows]
