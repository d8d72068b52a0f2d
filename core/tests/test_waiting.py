from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction

from core.database import query_planner
from core.database.waiting import NO_WAIT, wait_at_most
from curriculum.models import Learner


def usual_wait() -> str:
    """Return how long a statement waits for a lock now, as the database writes it."""
    with connection.cursor() as cursor:
        asked = {"postgresql": "SHOW lock_timeout", "sqlite": "PRAGMA busy_timeout"}
        cursor.execute(asked[connection.vendor])
        return str(cursor.fetchone()[0])


@contextmanager
def learners_locked_elsewhere() -> Iterator[None]:
    """Hold a lock on the learners in another connection that lets rows be written."""
    is_held, is_over = Event(), Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Learner._meta.db_table} IN SHARE UPDATE EXCLUSIVE MODE")
            is_held.set()
            is_over.wait(60)
        connection.close()

    other = Thread(target=hold)
    other.start()
    assert is_held.wait(60)
    try:
        yield
    finally:
        is_over.set()
        other.join()


@pytest.mark.django_db
def test_what_follows_in_the_same_transaction_waits_as_long_as_usual() -> None:
    before = usual_wait()

    with transaction.atomic():
        with wait_at_most(NO_WAIT):
            assert usual_wait() != before
        assert usual_wait() == before


@pytest.mark.django_db
def test_after_a_failure_the_rest_waits_as_long_as_usual() -> None:
    before = usual_wait()

    with pytest.raises(OperationalError), wait_at_most(NO_WAIT):
        raise OperationalError

    assert usual_wait() == before


@pytest.mark.django_db(transaction=True)
def test_analyzing_skips_a_table_that_is_being_analyzed() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no locks on single tables")

    with learners_locked_elsewhere(), wait_at_most(NO_WAIT):
        query_planner.analyze_all()
