from __future__ import annotations

import pytest
from django.db import connection, transaction

from core.durability import without_waiting_for_disk

FULL, NORMAL = 2, 1


def level() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        return int(cursor.fetchone()[0])


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_only_what_follows_from_other_rows_does_not_wait_for_the_disk() -> None:
    assert level() == FULL
    with without_waiting_for_disk():
        assert level() == NORMAL
    assert level() == FULL


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_all_stays_as_it_is() -> None:
    with transaction.atomic(), without_waiting_for_disk():
        assert level() == FULL


@pytest.mark.django_db
def test_both_databases_take_it() -> None:
    with without_waiting_for_disk():
        assert connection.vendor in ("sqlite", "postgresql")
