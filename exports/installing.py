"""Triggers and views follow from declarations, so they are made again after each migration."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection, transaction

from exports import bi_views
from exports.change_log import feed, triggers
from exports.models import Change, PseudonymSecret

MARKED = Change._meta.db_table


def before_migrations(plan: Any = None, using: str = "default", **_: Any) -> None:
    """Make way: PostgreSQL alters no column of a view, and SQLite renames no table in a trigger.

    Without its triggers, SQLite notes nothing, so copies have to start again. Those of PostgreSQL
    stay, since they do not hold on to columns.
    """
    if not plan or MARKED not in connection.introspection.table_names():
        return
    if connection.vendor == "postgresql":
        bi_views.drop()
    else:
        triggers.drop()
        feed.stop()


def after_migrations(using: str = "default", **given: Any) -> None:
    """Create what is missing or differs, after migrating and not after flushing."""
    if MARKED not in connection.introspection.table_names():
        return
    PseudonymSecret.objects.get_or_create(pk=PseudonymSecret.ONLY)
    if "plan" not in given or _installed() == _wanted():
        return
    with transaction.atomic():
        triggers.install()
        if connection.vendor == "postgresql":
            bi_views.install()
            with connection.cursor() as cursor:
                cursor.execute(f"COMMENT ON TABLE {MARKED} IS '{_wanted()}'")


def _wanted() -> str:
    made = [statement for _, statement in triggers.statements()]
    if connection.vendor == "postgresql":
        made += bi_views.statements()
    return hashlib.sha256("\n".join(made).encode()).hexdigest()


def _installed() -> str | None:
    """Return the digest of what there is; None if something is missing."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            if not bi_views.are_there():
                return None
            cursor.execute("SELECT obj_description(%s::regclass)", [MARKED])
            return cursor.fetchone()[0]  # type: ignore[no-any-return]
        cursor.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s",
            [f"{triggers.PREFIX}%"],
        )
        found = {sql for (sql,) in cursor.fetchall()}
    return _wanted() if found == {one for _, one in triggers.statements()} else None
