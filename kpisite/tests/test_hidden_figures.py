"""Random queries of managers, put together by exact linear algebra, reveal no small group.

RANDOM_QUERIES=10000 asks more than the usual number.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from random import Random
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.tests.people import account, course, run_of
from curriculum.models import Course, CourseRun
from demo.load import load
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.definitions.registry import REGISTRY
from kpis.recompute import recompute_stale
from kpisite.tests.random_figures import Asked, Days, ask, random_query, values_of
from kpisite.tests.worlds import BERLIN, World

pytestmark = [pytest.mark.django_db, pytest.mark.once]

QUERIES = int(os.environ.get("RANDOM_QUERIES", "80"))
SCALE = float(os.environ.get("RANDOM_QUERIES_SCALE", "0.2"))
SEEDS = (1, 2) if QUERIES > 1_000 else (1,)
LMS = Sender("lms", creates_unknown=True)
COURSES, RUNS = ("py", "db", "ux"), ("a", "b", "c")
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def ask_at_random(
    client: Client, mine: Sequence[Course], days: Days, now: datetime, *, seed: int, queries: int
) -> Asked:
    """Return what a manager of these courses sees in the answers to random queries."""
    rng, asked = Random(seed), Asked(days)  # noqa: S311
    runs = list(CourseRun.objects.filter(course__in=mine).select_related("course"))
    indicators = list(REGISTRY.values())
    with patch("django.utils.timezone.now", return_value=now):
        for _ in range(queries):
            indicator = rng.choice(indicators)
            query = random_query(rng, days, runs, indicator)
            answer = ask(client, indicator, query)
            asked.note(
                indicator.key, query, frozenset(one.pk for one in mine), values_of(answer, query)
            )
    return asked


def client_of(*mine: Course) -> Client:
    client = Client()
    client.force_login(account("Bo", grants=mine))
    return client


@pytest.mark.parametrize("seed", SEEDS)
def test_random_queries_reveal_no_small_group_of_a_small_world(
    settings: Settings, seed: int
) -> None:
    settings.KPI_TIME_ZONE, settings.KPI_MIN_GROUP = "Europe/Berlin", 4
    mine = [course(key, modules=2) for key in COURSES[:2]]
    for one in [*mine, course(COURSES[2], modules=2)]:
        for key in RUNS:
            run_of(one, key)
    learners = [f"p{at}" for at in range(60)]
    for batch in World(seed, learners=learners, courses=COURSES, runs=RUNS, share=0.4).batches():
        receive(batch, LMS, now=NOW)
    recompute_stale.recompute_stale(now=NOW)
    days = Days(date(2026, 1, 1), date(2026, 6, 30), BERLIN)
    asked = ask_at_random(client_of(*mine), mine, days, NOW, seed=seed, queries=QUERIES)

    assert sum(map(len, asked.shown.values())) > 5
    assert asked.small == []
    assert asked.revealed() == []


def test_random_queries_reveal_no_small_group_of_the_demonstration(
    settings: Settings, tmp_path: object
) -> None:
    settings.KPI_DATA_DIR = tmp_path
    now = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    load(now, scale=SCALE)
    mine = list(Course.objects.order_by("pk")[:2])
    days = Days(date(2026, 4, 1), date(2026, 9, 30), ZoneInfo(settings.KPI_TIME_ZONE))
    asked = ask_at_random(client_of(*mine), mine, days, now, seed=1, queries=QUERIES)

    assert sum(map(len, asked.shown.values())) > 5
    assert asked.small == []
    assert asked.revealed() == []
