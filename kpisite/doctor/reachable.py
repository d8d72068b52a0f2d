"""Whether the servers answer that most checks need, asked once and without waiting for long."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from core import task_queue
from core.redis_cache import valkey
from kpisite import pending_migrations
from kpisite.doctor.registry import Need


def missing() -> set[Need]:
    found: set[Need] = set()
    if why_no_database():
        found |= {"database", "tables"}
    elif pending_migrations.waiting():
        found.add("tables")
    if why_no_valkey():
        found.add("valkey")
    return found


def why_no_database() -> str:
    """Return why the database does not answer; empty if it does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        return first_line(error)
    return ""


def why_no_valkey() -> str:
    try:
        valkey().ping()
    except task_queue.UNREACHABLE as error:
        return first_line(error)
    return ""


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def place_of_database() -> str:
    """Return where the database is, without the password."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(place["NAME"])
    port = f":{place['PORT']}" if place["PORT"] else ""
    return f"PostgreSQL at {place['HOST'] or 'localhost'}{port}, database {place['NAME']}"


def place_of_valkey() -> str:
    """Return where Valkey is, without the password."""
    address: str = settings.VALKEY.server
    scheme, _, rest = address.rpartition("://")
    host = rest.rpartition("@")[2]
    return f"{scheme}://{host}" if scheme else host
