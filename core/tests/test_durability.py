from __future__ import annotations

import pytest
from django.db import connection, transaction

from core.database.durability import without_waiting_for_disk

FULL, NORMAL = 2, 1


def level() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        return int(cursor.fetchone()[0])


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_only_commits_inside_the_block_do_not_wait_for_the_disk() -> None:
    assert level() == FULL
    with without_waiting_for_disk():
        assert level() == NORMAL
    assert level() == FULL


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nothing_changes() -> None:
    with transaction.atomic(), without_waiting_for_disk():
        assert level() == FULL


@pytest.mark.django_db
def test_it_works_on_both_databases() -> None:
    with without_waiting_for_disk():
        assert connection.vendor in ("sqlite", "postgresql")
