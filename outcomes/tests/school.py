"""Helpers for a course with two modules, its learners and the sums of its KPIs.

The course takes 28 days, so a learner who starts on 5 January is due 42 days later, on 16 February.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any

from accounts.tests.people import course, run_of
from core import reporting_clock
from curriculum.models import Course, Learner, Module, Skill
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Table
from kpis.definitions.scopes import SITE, Scope
from kpis.statistics.intervals import Sums

LMS = Sender("lms", creates_unknown=True)
START = "2026-01-05T00:00:00Z"
numbers = count(1)


def school(key: str = "py") -> Course:
    made = course(key, modules=2)
    run_of(made)
    return made


def teaches(module: Module, *keys: str) -> None:
    for key in keys:
        skill, _ = Skill.objects.get_or_create(key=key, defaults={"title": f"Skill {key}"})
        skill.modules.add(module)


def enrolled(*names: str, at: str = START, **more: Any) -> None:
    for name in names:
        did(name, "enrollment.started", at, **more)


def did(who: str, kind: str, at: str, **more: Any) -> None:
    """Send one event of a learner in course py; a date means noon of that day."""
    occurred_at = at if "T" in at else f"{at}T12:00:00Z"
    event = {"id": str(next(numbers)), "kind": kind, "occurred_at": occurred_at, "learner": who}
    (outcome,) = receive([{"course": "py", **event, **more}], LMS)
    assert outcome.status == "accepted", outcome


def skilled(who: str, score: float, at: str, *, skill: str = "sql", **more: Any) -> None:
    did(who, "skill.assessed", at, object=skill, value=score, **more)


def is_of_kind(who: str, kind: str) -> None:
    Learner.objects.filter(key=who).update(kind=kind)


def period(day: str, kind: str = "month") -> Period:
    return containing(date.fromisoformat(day), kind, reporting_clock.reporting_zone())


def sums(
    slug: str, day: str, kind: str = "month", *, scope: Scope | None = None
) -> tuple[float, float]:
    """Total and weight of an outcome KPI in the period that contains the day."""
    found = outcome_sums(slug, day, kind, scope=scope)[()]
    return found.total, found.weight


def outcome_sums(
    slug: str, day: str, kind: str = "month", by: Sequence[str] = (), scope: Scope | None = None
) -> dict[tuple[Any, ...], Sums]:
    return sums_by(REGISTRY[f"outcome.{slug}"], period(day, kind), by, scope or SITE)


def table(slug: str, drill: str, day: str, scope: Scope | None = None) -> Table:
    found = REGISTRY[f"outcome.{slug}"].drill_downs[drill]
    return found.table(period(day), scope or Scope())


def rows_of(found: Table, *columns: str) -> list[Sequence[Any]]:
    return [tuple(row[column] for column in columns) for row in found.rows]
