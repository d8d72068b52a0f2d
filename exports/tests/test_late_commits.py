"""PostgreSQL: transactions that commit late, in another order, or began before the first pull."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.tests.people import course
from exports.tests.copies import Copy, client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[Any]:
    """A second connection, with a transaction of its own."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    given = connection.get_connection_params()
    keys = ("dbname", "user", "host", "port", "password")
    with psycopg.connect(**{key: given[key] for key in keys if key in given}) as made:
        yield made
        made.rollback()


def insert(other: Any, key: str) -> None:
    other.execute(
        "INSERT INTO curriculum_course (key, title, nominal_days, created_at)"
        " VALUES (%s, %s, 28, now())",
        [key, key],
    )


def test_a_row_that_commits_late_is_not_missed(other: Any) -> None:
    course("a")
    copy = Copy(client_of("bi"), "course").pull()
    insert(other, "late")
    course("b")
    copy.pull()
    before = copy.keys()
    other.commit()
    copy.pull()

    # b has a higher id than the late row, and has to wait for it
    assert before == {"a"}
    assert copy.keys() == {"a", "b", "late"}


def test_a_change_that_commits_late_is_not_missed(other: Any) -> None:
    course("a")
    copy = Copy(client_of("bi"), "course").pull()
    other.execute("UPDATE curriculum_course SET title = 'Late'")
    for number in range(5):
        course(f"c{number}")
    copy.pull()
    other.commit()
    copy.pull()

    assert copy.keys("title") >= {"Late"}
    assert len(copy.rows) == 6


def test_whoever_wrote_before_the_first_pull_is_waited_for(other: Any) -> None:
    insert(other, "early")
    client = client_of("bi")
    waiting = client.get("/api/export/course")
    insert(other, "not noted otherwise")
    other.commit()
    copy = Copy(client, "course").pull()

    assert (waiting.status_code, waiting["Retry-After"]) == (503, "1")
    assert copy.keys() == {"early", "not noted otherwise"}


def test_whoever_reads_holds_nothing_up(other: Any) -> None:
    copy = Copy(client_of("bi"), "course").pull()
    other.execute("SELECT 1 FROM curriculum_course")
    course("a")

    assert copy.pull().keys() == {"a"}
