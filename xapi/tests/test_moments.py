"""Nothing appears later that was stored before the consistent moment."""

from __future__ import annotations

from datetime import datetime
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from core.database.locks import queue_to_write
from xapi.models import Statement
from xapi.statements.moments import begin_to_store, consistent_through
from xapi.tests.lrs import Store, statement

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_stored_is_before_the_moment() -> None:
    store = Store()
    store.post(statement(1))
    answer = store.get()
    through = datetime.fromisoformat(answer["X-Experience-API-Consistent-Through"])

    assert through >= Statement.objects.get().stored


def test_what_is_being_stored_is_after_the_moment() -> None:
    Store().post(statement(1))
    begun, asked, stored = Event(), Event(), []

    def keep_storing() -> None:
        with queue_to_write(), transaction.atomic():
            stored.append(begin_to_store())
            begun.set()
            asked.wait(20)
        connection.close()

    thread = Thread(target=keep_storing)
    thread.start()
    begun.wait(20)
    through = consistent_through()
    asked.set()
    thread.join()

    assert through < stored[0]
    assert consistent_through() > stored[0]
