from __future__ import annotations

import pytest
from django.db import connection

from core.database import query_planner
from curriculum.models import Learner

pytestmark = pytest.mark.django_db

LEARNERS = "curriculum_learner"


@pytest.fixture(autouse=True)
def _nothing_is_analyzed() -> None:
    """Forget what a test without a transaction of its own has left; those tables are empty now."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE sqlite_schema")
            cursor.execute("DELETE FROM sqlite_stat1")


def made(*names: str, kind: str = "learner") -> None:
    Learner.objects.bulk_create(Learner(key=name, kind=kind) for name in names)


def expected(table: str = LEARNERS) -> int:
    known = {
        "postgresql": "SELECT reltuples::int FROM pg_class WHERE relname = %s",
        "sqlite": "SELECT max(CAST(stat AS int)) FROM sqlite_stat1 WHERE tbl = %s",
    }
    with connection.cursor() as cursor:
        cursor.execute(known[connection.vendor], [table])
        return int(cursor.fetchone()[0])


def test_the_planner_knows_the_number_of_rows() -> None:
    made("ada", "bo", "cleo")
    query_planner.analyze_all()

    assert expected() == 3


@pytest.mark.once
def test_a_table_that_has_grown_is_analyzed_again() -> None:
    made("ada", "bo", "cleo")

    assert LEARNERS in query_planner.analyze_grown_tables()
    assert expected() == 3


@pytest.mark.once
def test_a_table_that_has_hardly_grown_is_not_analyzed() -> None:
    made(*(f"learner-{at}" for at in range(20)))
    query_planner.analyze_grown_tables()
    made("ada", "bo")

    assert query_planner.analyze_grown_tables() == []
    made("cleo", "dan", "eve", "fay")
    assert query_planner.analyze_grown_tables() == [LEARNERS]


@pytest.mark.once
def test_rows_that_replace_others_do_not_count_as_growth() -> None:
    made("ada", "bo", "cleo")
    query_planner.analyze_grown_tables()
    Learner.objects.all().delete()
    made("dan", "eve", "fay")

    assert query_planner.analyze_grown_tables() == []


@pytest.mark.once
def test_staff_and_test_accounts_are_found_by_their_own_index() -> None:
    made(*(f"learner-{at}" for at in range(2_000)))
    made("tester", kind="test")
    query_planner.analyze_all()

    assert "uncounted_learners" in Learner.objects.uncounted().explain()
    assert "uncounted_learners" not in Learner.objects.filter(kind="learner").explain()
