"""Random queries of a manager, put together by exact linear algebra, reveal no hidden cell.

RANDOM_QUERIES=10000 asks more than the usual number.
"""

from __future__ import annotations

import csv
import io
import os
import random
from datetime import datetime, time, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.tests.people import account
from core import reporting_clock
from curriculum.models import CourseRun, Enrollment, Learner
from kpis.definitions.periods import KINDS, containing
from kpis.query.dates import PRESETS
from kpis.tests import kernel
from kpis.tests.audited import FIRST, NOW, WEEKS, Atom, Cells, Known, cells_of, keep, people_of
from kpis.tests.audited import three_courses as three

pytestmark = [pytest.mark.django_db, pytest.mark.once]

QUERIES = int(os.environ.get("RANDOM_QUERIES", "300"))
URL = "/api/kpi/test/started"
LAST = FIRST + timedelta(days=7 * WEEKS - 1)


@pytest.fixture(autouse=True)
def _small_is_under_ten(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    kernel.declare(monkeypatch)
    settings.KPI_MIN_GROUP = 10


def enroll(people: dict[Atom, int]) -> None:
    """Store the enrollments that the measurements count."""
    zone = reporting_clock.reporting_zone()
    learners = iter(
        Learner.objects.bulk_create(Learner(key=f"p{at}") for at in range(sum(people.values())))
    )
    rows = []
    for (run, day), number in people.items():
        at = datetime.combine(day, time(12), zone)
        dates = dict.fromkeys(("enrolled_at", "started_at", "cutoff_at"), at)
        due = dict.fromkeys(("planned_due_at", "due_at"), at + timedelta(days=90))
        rows += [
            Enrollment(
                run_id=run, learner=next(learners), **dates, **due,
                completed_at=at if one < number // 2 else None,
            )
            for one in range(number)
        ]  # fmt: skip
    Enrollment.objects.bulk_create(rows)


def random_query(rng: random.Random, runs: list[CourseRun]) -> dict[str, str]:
    query: dict[str, str] = {}
    run = rng.choice(runs)
    if rng.random() < 0.6:
        query["course"] = run.course.key
        if rng.random() < 0.5:
            query["run"] = run.key
    query |= random_days(rng)
    if rng.random() < 0.4:
        query["by"] = rng.choice(("course", "run"))
    if rng.random() < 0.2:
        query["format"] = "csv"
    if rng.random() < 0.3:
        query["compare"] = rng.choice(("previous", "last-year"))
    return query


def random_days(rng: random.Random) -> dict[str, str]:
    """Choose periods, and days by name or by their ends, if any."""
    kind = {"period": rng.choice(KINDS)}
    chance = rng.random()
    if chance < 0.3:
        return (kind if rng.random() < 0.5 else {}) | {"dates": random_dates(rng)}
    if chance > 0.8:
        return kind
    first = FIRST + timedelta(days=rng.randrange(7 * WEEKS))
    last = min(LAST, first + timedelta(days=rng.choice((0, 1, 6, 13, 30, 60))))
    return kind | {"from": str(first), "to": str(last)}


def random_dates(rng: random.Random) -> str:
    day = FIRST + timedelta(days=rng.randrange(7 * WEEKS))
    period = containing(day, rng.choice(KINDS), reporting_clock.reporting_zone())
    return rng.choice((period.label, *PRESETS))


def values_in(answer: Any, query: dict[str, str]) -> list[tuple[dict[str, Any], bool]]:
    """Return each value of a response, and whether it is of a group."""
    if query.get("format") == "csv":
        return [
            (row, "by" in query) for row in csv.DictReader(io.StringIO(answer.content.decode()))
        ]
    body = answer.json()
    compared = body.get("comparison", {})
    more = (
        body.get("window"),
        compared.get("answer"),
        compared.get("window", {}).get("answer"),
    )
    alone = [body["current"], *body["series"], *filter(None, more)]
    return [(one, False) for one in alone] + [(one, True) for one in body.get("groups", ())]


def atoms_of(
    value: dict[str, Any], query: dict[str, str], people: dict[Atom, int],
    mine: dict[int, CourseRun], *, is_group: bool,
) -> frozenset[Atom]:  # fmt: skip
    """Return the days of runs that a value is the sum of."""
    course, run = query.get("course"), query.get("run")
    if is_group and query["by"] == "course":
        course = value["key"]
    elif is_group:
        run = value["key"]
    zone = reporting_clock.reporting_zone()
    first, after = (
        datetime.fromisoformat(str(value[name])).astimezone(zone).date()
        for name in ("period_start", "period_end")
    )
    return frozenset(
        (pk, day)
        for pk, day in people
        if pk in mine
        and first <= day < after
        and course in (None, mine[pk].course.key)
        and run in (None, mine[pk].key, f"{mine[pk].course.key}/{mine[pk].key}")
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_queries_of_a_manager_reveal_no_hidden_cell(seed: int) -> None:
    runs = three()
    people = people_of(runs, seed=seed)
    cells = cells_of(runs, people)
    keep(cells, people)
    enroll(people)
    mine = {run.pk: run for run in runs if run.course.key != "ux"}
    client = Client()
    courses = {run.course_id: run.course for run in mine.values()}
    client.force_login(account("Bo", grants=tuple(courses.values())))
    seen: set[frozenset[Atom]] = set()
    rng = random.Random(seed)  # noqa: S311
    with patch("django.utils.timezone.now", return_value=NOW):
        for _ in range(QUERIES // 3):
            query = random_query(rng, list(mine.values()))
            answer = client.get(URL, query)
            assert answer.status_code == 200, (query, answer.content)
            seen |= {
                found
                for value, is_group in values_in(answer, query)
                if value["status"] != "suppressed" and str(value["n"]) not in ("", "None", "0")
                if (found := check(value, query, people, mine, is_group=is_group))
            }

    assert len(seen) > 50
    assert hidden_but_known(seen, cells, people, set(mine)) == []


def check(
    value: dict[str, Any], query: dict[str, str], people: dict[Atom, int],
    mine: dict[int, CourseRun], *, is_group: bool,
) -> frozenset[Atom]:  # fmt: skip
    """Return the atoms of a shown value, whose number of people proves them right."""
    found = atoms_of(value, query, people, mine, is_group=is_group)
    assert sum(people[one] for one in found) == int(value["n"]), (value, query)
    return found


def hidden_but_known(
    seen: set[frozenset[Atom]], cells: Cells, people: dict[Atom, int], mine: set[int]
) -> list[Any]:
    known = Known(seen)
    small = {
        inside
        for inside in cells.values()
        if sum(people[one] for one in inside) < 10 and {run for run, _ in inside} <= mine
    }
    return [inside for inside in small if known.reveals(inside)]
