"""Overwrite what was deleted, so that no file of the database contains it any more."""

from __future__ import annotations

import logging

from django.db import connection

logger = logging.getLogger(__name__)


def overwrite_journal() -> None:
    """Empty SQLite's write-ahead log, which holds earlier pages until they are overwritten.

    SQLite overwrites deleted rows in its file itself (`secure_delete`). PostgreSQL reuses their
    space after a VACUUM.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy = cursor.fetchone()[0]
    if is_busy:
        logger.warning("The log of the database is in use; the next night or restart empties it.")
