"""What the query planner is told of the tables, and what it makes of it."""

from __future__ import annotations

import pytest
from django.db import connection

from core import query_planner
from curriculum.models import Learner

pytestmark = pytest.mark.django_db

LEARNERS = "curriculum_learner"


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


def test_the_planner_learns_how_many_rows_there_are() -> None:
    made("ada", "bo", "cleo")
    query_planner.refresh()

    assert expected() == 3


@pytest.mark.once
def test_the_planner_follows_a_table_that_has_grown() -> None:
    made("ada", "bo", "cleo")

    assert LEARNERS in query_planner.follow()
    assert expected() == 3


@pytest.mark.once
def test_a_table_that_has_hardly_grown_is_left_alone() -> None:
    made(*(f"learner-{at}" for at in range(20)))
    query_planner.follow()
    made("ada", "bo")

    assert query_planner.follow() == []
    made("cleo", "dan", "eve", "fay")
    assert query_planner.follow() == [LEARNERS]


@pytest.mark.once
def test_rows_that_replace_others_are_no_growth() -> None:
    made("ada", "bo", "cleo")
    query_planner.follow()
    Learner.objects.all().delete()
    made("dan", "eve", "fay")

    assert query_planner.follow() == []


@pytest.mark.once
def test_those_who_count_in_no_figure_are_found_by_an_index_of_theirs() -> None:
    made(*(f"learner-{at}" for at in range(2_000)))
    made("tester", kind="test")
    query_planner.refresh()

    assert "learner_who_counts_nowhere" in Learner.objects.uncounted().explain()
    assert "learner_who_counts_nowhere" not in Learner.objects.filter(kind="learner").explain()
