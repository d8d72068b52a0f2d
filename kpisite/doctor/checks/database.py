"""The database: that it answers, has the tables of this version, and is whole."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.db.utils import NotSupportedError

from kpisite import pending_migrations, time_zone
from kpisite.doctor import reachable
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check

NAMED = 3


@check("database.reachable", "Database")
def database() -> Iterator[Problem | str]:
    place = reachable.place_of_database()
    if why := reachable.why_no_database():
        remedy = "Start it, or correct DATABASE_URL."
        if settings.IS_EMBEDDED:
            remedy = "Check that the file can be read and written, or restore a backup."
        yield Problem(f"The database does not answer: {why}.", place, remedy)
        return
    yield f"{place} answers."


@check("database.version", "Version of the database", "database")
def version() -> Iterator[Problem | str]:
    oldest = ".".join(map(str, connection.features.minimum_database_version or ()))
    found = ".".join(map(str, connection.get_database_version()))
    try:
        connection.check_database_version_supported()
    except NotSupportedError:
        yield Problem(
            f"{connection.display_name} {found} is too old.",
            reachable.place_of_database(),
            f"Update it to {oldest} or later.",
        )
    else:
        yield f"{connection.display_name} {found}."


@check("database.migrations", "Tables", "database")
def migrations() -> Iterator[Problem | str]:
    place = reachable.place_of_database()
    if unknown := pending_migrations.unknown():
        yield Problem(
            f"The database is of a newer version of the product: it has {_some(unknown)}.",
            place,
            "Install that version, or restore a backup of this one into a new database.",
        )
    if waiting := pending_migrations.waiting():
        named = [f"{one.app_label} {one.name}" for one in waiting]
        yield Problem(
            f"The database is of an older version of the product: it lacks {_some(named)}.",
            place,
            "Run manage.py upgrade.",
        )


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


@check("database.time-zone", "Time zone of the days", "tables")
def zone() -> Iterator[Problem | str]:
    stored = time_zone.stored_zone()
    if stored != settings.KPI_TIME_ZONE:
        yield Problem(
            f"Days and figures are stored in {stored}, but the setting is"
            f" {settings.KPI_TIME_ZONE}: the servers refuse to start.",
            "KPI_TIME_ZONE",
            f"Stop the servers and run manage.py follow_time_zone, or set KPI_TIME_ZONE={stored}.",
        )
    else:
        yield f"{stored}."


@check("database.integrity", "Integrity of the database", "database", is_slow=True)
def integrity() -> Iterator[Problem | str]:
    found = _sqlite_damage() if connection.vendor == "sqlite" else _postgres_damage()
    if found:
        yield Problem(
            f"The database is damaged: {found[0]}.",
            reachable.place_of_database(),
            "Stop the product, keep a copy, and restore the last backup into a new database.",
        )


def _sqlite_damage() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        return [row[0] for row in cursor.fetchall() if row[0] != "ok"]


def _postgres_damage() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        invalid = [f"the index {name} is not valid; REINDEX it" for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT checksum_failures FROM pg_stat_database"
            " WHERE datname = current_database() AND checksum_failures > 0"
        )
        return invalid + [f"{count} pages had wrong checksums" for (count,) in cursor.fetchall()]
