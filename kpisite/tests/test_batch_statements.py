"""A batch of events takes as many statements as its kinds need, whatever its size and the past."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import course, run_of
from kpisite.tests.lives import COURSES, life, take

pytestmark = pytest.mark.django_db

BEGINS = date(2026, 1, 5)
NOW = datetime.fromisoformat("2026-03-20T12:00:00Z")


@pytest.fixture(autouse=True)
def _site() -> None:
    for key in COURSES:
        run_of(course(key, modules=2))
    # what a first batch alone creates: objects, skills and surveys
    arrive("first")


def arrive(*people: str) -> int:
    """Receive the lives of these learners as one batch; return the number of statements."""
    events = [event for who in people for event in life(who, BEGINS)]
    with CaptureQueriesContext(connection) as statements:
        take(*events, now=NOW)
    return len(statements)


def test_a_larger_batch_takes_no_more_statements() -> None:
    few = arrive("Ada", "Bo")

    assert arrive(*(f"learner {number}" for number in range(20))) == few


def test_a_longer_past_takes_no_more_statements() -> None:
    before = arrive("Ada", "Bo")
    arrive(*(f"learner {number}" for number in range(20)))

    assert arrive("Cleo", "Dan") == before
