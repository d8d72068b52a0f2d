"""Queries in SQL for what every batch of events asks, where Django would build them each time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from core.database.column_values import array_text, json_text


def select(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement; each of its `IN %s` takes a collection as one parameter."""
    with connection.cursor() as cursor:
        cursor.execute(_for_database(statement, connection.vendor), list(map(_bound, parameters)))
        return list(cursor.fetchall())


@cache
def _for_database(statement: str, vendor: str) -> str:
    listed = "= ANY(%s)" if vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
    return statement.replace("IN %s", listed)


def _bound(parameter: Any) -> Any:
    if isinstance(parameter, str) or not isinstance(parameter, Collection):
        return parameter
    return array_text(parameter) if connection.vendor == "postgresql" else json_text([*parameter])


def moment(value: datetime | str) -> datetime:
    """Return a moment as the database returns it: in UTC, or as SQLite's text if computed."""
    return datetime.fromisoformat(f"{value}Z") if isinstance(value, str) else value
