"""Compare every KPI with a computation that shares no code with the product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.tests.people import course, run_of
from curriculum.models import Course
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpisite.tests.second_computation import Plan, Ratio, SecondComputation, Span
from kpisite.tests.worlds import BERLIN, COURSES, RUNS, World

pytestmark = pytest.mark.django_db

LMS = Sender("lms", creates_unknown=True)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
PERIODS = [
    *(containing(date(2026, month, 1), "month", BERLIN) for month in range(1, 7)),
    *(containing(date(2026, month, 1), "quarter", BERLIN) for month in (1, 4)),
    # the week of the clock change and the following one
    *(containing(date(2026, 3, day), "week", BERLIN) for day in (23, 30)),
]


@pytest.fixture
def courses(settings: Any) -> list[Course]:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    made = [course(key, modules=2) for key in COURSES]
    for one in made:
        for run in RUNS:
            run_of(one, run)
    return made


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.once)])
def test_measurements_equal_the_second_computation(courses: list[Course], seed: int) -> None:
    world = World(seed)
    taken = received(world)
    computation = SecondComputation(
        (one for one in world.events if one["id"] in taken), plan_of(courses[0])
    )

    assert len(taken) > 0.9 * len(world.events)
    for key, compute in computation.kpis.items():
        for period in PERIODS:
            for scope, one in scopes(courses):
                computed = compute(Span(period.start, period.end, one))
                assert measured(key, period, scope) == computed, (key, period.label, one)


def received(world: World) -> set[str]:
    """Send the world in small batches out of order, and events before their enrollment again."""
    taken: set[str] = set()
    for _ in range(2):
        for batch in world.batches():
            waiting = [one for one in batch if one["id"] not in taken]
            outcomes = receive(waiting, LMS, now=NOW)
            taken |= {one.id or "" for one in outcomes if one.status == "accepted"}
    return taken


def plan_of(one: Course) -> Plan:
    due, day = {}, 0
    for module in one.modules.order_by("position"):
        day += module.planned_days
        due[module.key] = day
    first = one.modules.first()
    assert first is not None
    return Plan(due, 1.5 * one.nominal_days, first.effort_minutes)


def scopes(courses: list[Course]) -> Iterator[tuple[Scope, str | None]]:
    yield Scope(), None
    for one in courses:
        yield Scope(frozenset([one.pk])), one.key


def measured(key: str, period: Period, scope: Scope) -> Ratio:
    found = sums_by(REGISTRY[key], period, (), scope)[()]
    return Ratio(found.total, found.weight)
