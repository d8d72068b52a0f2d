"""Databases, the cache and static files."""

from __future__ import annotations

from typing import Any

from kpisite.config import environment, valkey
from kpisite.settings.options import BASE_DIR, DEBUG, KPI_DATA_DIR, WEB_THREADS

CONFIGURED_DATABASE = environment.database("DATABASE_URL")
IS_EMBEDDED = CONFIGURED_DATABASE is None
VALKEY = valkey.address("REDIS_URL", KPI_DATA_DIR)

# FULL: acknowledged writes survive a power cut
SQLITE_SYNCHRONOUS = environment.one_of("SQLITE_SYNCHRONOUS", "FULL", ("FULL", "NORMAL"))
SQLITE_OPTIONS = {
    # deferred transactions would fail with "database is locked" as soon as two of them write
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # a page cache of 64 MB; with the default of 2 MB, SQLite would read a month of a large course
    # from disk again for each figure
    "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS}; "
    # the connections of one process share as much
    "PRAGMA cache_size=-65536; PRAGMA soft_heap_limit=67108864; PRAGMA temp_store=MEMORY; "
    # overwrites deleted rows with zeros; most builds do so without being asked
    "PRAGMA secure_delete=ON;",
    "cached_statements": 512,
}
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    # a database host that vanishes without a word is noticed after 30 seconds, not after hours
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "pool": {
        "min_size": 1,
        "max_size": WEB_THREADS + 2,
        # each thread has its own connection: a longer wait means that the database is unreachable
        "timeout": 2,
        # with psycopg's default of five minutes, pauses between attempts grow to over a minute,
        # in which no request would be served although the database is back
        "reconnect_timeout": 5,
    },
}


def with_default_options(given: dict[str, Any] | None) -> dict[str, Any]:
    config = given or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(KPI_DATA_DIR / "kpi.sqlite3"),
    }
    defaults = SQLITE_OPTIONS if config["ENGINE"].endswith("sqlite3") else POSTGRES_OPTIONS
    options = {**defaults, **config.get("OPTIONS", {})}
    # PostgreSQL has a pool. For SQLite a new connection reads the schema and compiles each
    # statement again, which takes longer than a request.
    age = None if defaults is SQLITE_OPTIONS else 0
    # replace pooled connections that a restart of the database has closed before using them
    return {**config, "OPTIONS": options, "CONN_MAX_AGE": age, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": with_default_options(CONFIGURED_DATABASE)}
REPLICA = environment.database("REPLICA_DATABASE_URL", only_postgres=True)
REPLICA_MAX_LAG = environment.integer("REPLICA_MAX_LAG", 5, minimum=1, maximum=3_600)
DATABASE_ROUTERS: list[str] = []
if REPLICA:
    DATABASES["replica"] = with_default_options(REPLICA)
    DATABASE_ROUTERS = ["core.database.replica.Router"]
CACHES = {
    "default": {
        "BACKEND": "core.redis_cache.RedisCache",
        "LOCATION": VALKEY.next().for_django(),
        "KEY_PREFIX": "kpi",
        # treat a Valkey that hangs as unreachable
        "OPTIONS": {"socket_timeout": 5},
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = KPI_DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "kpisite.static_bundles.BundlingStorage"
    },
}
