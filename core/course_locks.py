"""Batches may write a course's facts side by side; who rebuilds them wants them alone.

Row locks would not do: Django's foreign keys are checked, and so locked, only at the commit.
SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

# apart from advisory locks that others may take in the same database
NAMESPACE = 0x6B7069 << 32


def lock_shared(course_ids: Iterable[int | None]) -> None:
    """Write facts of these courses, or of none, beside others, until the transaction ends."""
    _lock(SHARED, course_ids)


def lock_exclusive(course_id: int | None) -> None:
    """Write facts of a course, or of none, alone, until the transaction ends."""
    _lock(ALONE, [course_id])


SHARED = "SELECT pg_advisory_xact_lock_shared(key) FROM unnest(%s::bigint[]) AS key"
ALONE = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"


def _lock(statement: str, course_ids: Iterable[int | None]) -> None:
    # no course has the id 0
    keys = sorted(NAMESPACE + (pk or 0) for pk in set(course_ids))
    if keys and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement, [keys])
