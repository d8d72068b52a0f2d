"""Figures cost work in proportion to their rows, and one more row what it costs on any day.

Counted are the steps of SQLite's virtual machine, which are the same on any machine. The events
are of one skill, one wave and two courses, so that a look-up by these alone finds everybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial

import pytest
from django.db import connection

from accounts.tests.people import course, run_of
from alerts.evaluation.evaluate import evaluate
from core import reporting_clock
from curriculum.models import Course
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.recompute.recompute_stale import recompute_stale
from kpisite.tests.lives import COURSES, life, take

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FEW, MANY = 45, 160
LAST_YEAR, THIS_YEAR = date(2025, 1, 6), date(2026, 1, 5)
NOW = datetime.fromisoformat("2026-03-20T12:00:00Z")


@pytest.fixture
def site() -> list[Course]:
    made = [course(key, modules=2) for key in COURSES]
    for one in made:
        run_of(one)
    return made


def arrive(first: int, last: int, begins: date) -> None:
    people = (f"{begins} {number}" for number in range(first, last))
    take(*(event for who in people for event in life(who, begins)), now=NOW)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the steps that SQLite takes in the block, in hundreds."""
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(step, 100)
    yield steps
    connection.connection.set_progress_handler(None, 0)


def questions(site: list[Course]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every KPI of the quarter and every drill-down, by name."""
    quarter = containing(date(2026, 2, 1), "quarter", reporting_clock.reporting_zone())
    scopes = {"site": Scope(), "course": Scope(frozenset([site[0].pk]))}
    scopes["some courses"] = Scope(frozenset(one.pk for one in site))
    for key, indicator in REGISTRY.items():
        for name, scope in scopes.items():
            if indicator.facts:
                yield f"{key} of {name}", partial(sums_by, indicator, quarter, (), scope)
            for drill in indicator.drill_downs.values():
                yield f"{key}, {drill.key} of {name}", partial(drill.table, quarter, scope)


def asking(site: list[Course]) -> dict[str, int]:
    found = {}
    for name, ask in questions(site):
        with counted() as steps:
            ask()
        found[name] = steps[0]
    return found


def test_four_times_the_learners_cost_at_most_four_times_the_work(site: list[Course]) -> None:
    arrive(0, FEW, THIS_YEAR)
    before = asking(site)
    arrive(FEW, MANY, THIS_YEAR)
    after = asking(site)

    assert len(after) > 60
    # sorting costs a little more
    assert not steeper(before, after, 1.6 * MANY / FEW)


def test_one_more_row_costs_the_same_with_a_longer_history(site: list[Course]) -> None:
    arrive(0, 10, THIS_YEAR)
    arrive(0, FEW, LAST_YEAR)
    before = cost_of_events("Ada")
    arrive(FEW, MANY, LAST_YEAR)
    after = cost_of_events("Bo")

    # three times the history: what grows is the list of the course's enrollments
    assert not steeper(before, after, 1.7)


def test_one_more_row_costs_the_same_among_more_courses(site: list[Course]) -> None:
    arrive(0, 20, THIS_YEAR)
    before = cost_of_events("Ada")
    for number in range(20):
        run_of(course(f"c{number}", modules=2))
        for who in range(20):
            there = (one for one in life(f"{who}", THIS_YEAR) if one["course"] == COURSES[0])
            take(*({**one, "course": f"c{number}"} for one in there), now=NOW)
    after = cost_of_events("Bo")

    # other KPIs of the site are not the sums of its courses
    of_site = ("survey.answered", "skill.assessed", "payment.received")
    assert not steeper(
        before, Counter({kind: after[kind] for kind in after if kind not in of_site}), 1.3
    )


def test_a_batch_costs_the_same_with_more_learners(site: list[Course]) -> None:
    steps = []
    for first in range(0, 8_000, 2_000):
        with counted() as here:
            sign_up(first, first + 2_000)
        steps += here

    # the first batch has no planner statistics yet
    assert steps[-1] < 1.3 * steps[1], steps


def sign_up(first: int, last: int) -> None:
    """Enroll all learners in one course."""
    take(*(next(life(f"learner {number}", LAST_YEAR)) for number in range(first, last)), now=NOW)


def cost_of_events(who: str) -> Counter[str]:
    """Return the cost of each kind of event of a new learner: intake, recomputing, evaluating."""
    recompute_stale(now=NOW)
    evaluate(NOW)
    found: Counter[str] = Counter()
    for event in life(who, THIS_YEAR):
        # retention reads all customers, and each course costs the same
        if event["kind"].startswith("subscription.") or event["course"] != COURSES[0]:
            continue
        with counted() as steps:
            take(event, now=NOW)
            recompute_stale(now=NOW)
            evaluate(NOW)
        found[event["kind"]] += steps[0]
    return found


def steeper(
    before: dict[str, int], after: dict[str, int], most: float
) -> dict[str, tuple[int, int]]:
    """Return what grew by more than the factor."""
    return {
        name: (before[name], steps)
        for name, steps in after.items()
        if steps > most * max(before[name], 50)
    }
