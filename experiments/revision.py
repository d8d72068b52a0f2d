"""The number that changes whenever answers about assignments may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection

from experiments.models import Revision

_KNOWN: ContextVar[int | None] = ContextVar("known_revision", default=None)


def current() -> int:
    """Return the number, with one query unless it is known; 0 before the first start."""
    known = _KNOWN.get()
    if known is not None:
        return known
    with connection.cursor() as cursor:
        # each cached assignment asks for it; putting the query together would take twice as long
        cursor.execute(f"SELECT number FROM {Revision._meta.db_table}")  # noqa: S608
        found = cursor.fetchone()
    return found[0] if found else 0


@contextmanager
def known(number: int) -> Iterator[None]:
    """Use a number that the caller has just read together with something else."""
    token = _KNOWN.set(number)
    try:
        yield
    finally:
        _KNOWN.reset(token)


def lock_and_count() -> None:
    """Count a change, and hold the lock that all changes of experiments take first.

    It is held until the end of the transaction, so the next writer sees what this one did.
    """
    Revision.objects.get_or_create(pk=1)
    row = Revision.objects.select_for_update().get(pk=1)
    row.number += 1
    row.save()
