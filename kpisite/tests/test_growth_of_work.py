"""What every figure and drill-down costs is in proportion to its rows, and not to their square.

Counted are the steps of SQLite's virtual machine, which are the same on any machine. The events
are of one skill, one wave and two courses, so that a look-up by these alone finds everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import connection

from curriculum.models import Course
from curriculum.tests.people import course, run_of
from intake.receive import receive
from intake.resolve import Sender
from kpis import clock
from kpis.periods import containing
from kpis.registry import REGISTRY
from kpis.tally import Scope

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LMS = Sender("lms", creates_unknown=True)
COURSES = ("py", "db")
FEW, MANY = 50, 200
# four times as many people are four times the work; what is sorted costs a little more
MOST = 1.6 * MANY / FEW
numbers = count(1)


@pytest.fixture
def site() -> list[Course]:
    made = [course(key, modules=2) for key in COURSES]
    for one in made:
        run_of(one)
    return made


def told(kind: str, who: str, where: str, at: str, **more: Any) -> dict[str, Any]:
    event = {"id": str(next(numbers)), "kind": kind, "learner": who, "course": where}
    return {**event, "occurred_at": f"{at}T12:00:00Z", **more}


def life(who: str) -> Iterator[dict[str, Any]]:
    """All that a learner does in both courses, one of each kind that a KPI counts."""
    wave = {"survey": "end", "wave": "w1"}
    holds = {"subscription": f"{who}-holds"}
    for where in COURSES:
        yield told("enrollment.started", who, where, "2026-01-05", data={"track": "certificate"})
        yield told("skill.assessed", who, where, "2026-01-06", object="sql", value=0.2,
                   data={"stage": "pre"})  # fmt: skip
        yield told("video.watched", who, where, "2026-01-07", module="m1", object="intro",
                   data={"segments": [[0, 60]], "duration": 240})  # fmt: skip
        yield told("quiz.attempted", who, where, "2026-01-08", module="m1", object="q1")
        yield told("assessment.graded", who, where, "2026-01-09", module="m2", object="exam",
                   value=0.8, data={"items": [{"id": "a", "score": 1}]})  # fmt: skip
        yield told("skill.assessed", who, where, "2026-02-01", object="sql", value=0.9)
        yield told("course.completed", who, where, "2026-02-02")
        yield told("certificate.earned", who, where, "2026-02-03")
        yield told("survey.answered", who, where, "2026-02-04",
                   data={**wave, "nps": 9, "csat": 4, "career": ["project"]})  # fmt: skip
        yield told("payment.received", who, where, "2026-02-05",
                   data={"amount": 250, "currency": "USD"})  # fmt: skip
        yield told("invitation.sent", who, where, "2026-02-06", data={"invitee": f"{who}@x.org"})
    yield told("subscription.started", who, "py", "2025-12-05", data=holds)
    yield told("subscription.cancelled", who, "py", "2026-02-07", data=holds)


def arrive(first: int, last: int) -> None:
    events = [event for number in range(first, last) for event in life(f"learner-{number}")]
    assert {one.status for one in receive(events, LMS)} == {"accepted"}


@contextmanager
def counted() -> Iterator[list[int]]:
    """The steps that SQLite takes meanwhile, in hundreds."""
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(step, 100)
    yield steps
    connection.connection.set_progress_handler(None, 0)


def questions(site: list[Course]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every KPI of the quarter and every drill-down, each by its name."""
    quarter = containing(date(2026, 2, 1), "quarter", clock.zone())
    scopes = {"site": Scope(), "course": Scope(frozenset([site[0].pk]))}
    scopes["some courses"] = Scope(frozenset(one.pk for one in site))
    for key, indicator in REGISTRY.items():
        for name, scope in scopes.items():
            if indicator.tally:
                tally = indicator.tally(quarter)
                yield f"{key} of {name}", partial(tally.grouped, (), scope)
            for drill in indicator.drill_downs.values():
                yield (
                    f"{key}, {drill.key} of {name}",
                    partial(drill.table, quarter, scope),
                )


def work(site: list[Course]) -> dict[str, int]:
    found = {}
    for name, ask in questions(site):
        with counted() as steps:
            ask()
        found[name] = steps[0]
    return found


def test_four_times_the_people_are_no_more_than_four_times_the_work(site: list[Course]) -> None:
    arrive(0, FEW)
    before = work(site)
    arrive(FEW, MANY)
    after = work(site)

    assert len(after) > 60
    steep = {name: (before[name], steps) for name, steps in after.items()
             if steps > MOST * max(before[name], 20)}  # fmt: skip
    assert not steep
